//! Records that outlive the bytes they were read from.

use std::borrow::Cow;

use super::{
    Body, Continuation, Envelope, InitReport, InitStart, LogLine, MetricRecord, Platform, Record, Recorded,
    Report, RuntimeError, Start, Text, TraceHeader,
};

fn own(text: Text<'_>) -> Text<'static> {
    Cow::Owned(text.into_owned())
}

fn maybe(text: Option<Text<'_>>) -> Option<Text<'static>> {
    text.map(own)
}

impl TraceHeader<'_> {
    fn into_owned(self) -> TraceHeader<'static> {
        TraceHeader { root: own(self.root), parent: maybe(self.parent), sampled: self.sampled }
    }
}

impl Record<'_> {
    /// The same with its texts copied.
    pub fn into_owned(self) -> Record<'static> {
        let Envelope { function, stream, time, arrived, origin } = self.envelope;
        let envelope = Envelope { function: maybe(function), stream: maybe(stream), time, arrived, origin };
        Record { envelope, body: self.body.into_owned() }
    }
}

impl Body<'_> {
    /// The same with its texts copied.
    pub fn into_owned(self) -> Body<'static> {
        match self {
            Body::Platform(platform) => Body::Platform(platform.into_owned()),
            Body::Log(line) => Body::Log(LogLine {
                level: line.level,
                id: maybe(line.id),
                error: line
                    .error
                    .map(|e| Box::new(RuntimeError { error_type: own(e.error_type), counts: e.counts })),
            }),
            Body::Metric(m) => Body::Metric(Box::new(MetricRecord {
                namespace: own(m.namespace),
                name: own(m.name),
                function: maybe(m.function),
                resource: maybe(m.resource),
                other_dimensions: m.other_dimensions,
                start: m.start,
                period_ms: m.period_ms,
                statistics: m.statistics,
            })),
            Body::Segment(document) => Body::Segment(document),
            Body::Continuation(more) => Body::Continuation(Box::new(match *more {
                Continuation::Traceback => Continuation::Traceback,
                Continuation::Xray(trace) => Continuation::Xray(trace.into_owned()),
                Continuation::Text => Continuation::Text,
            })),
            Body::Bad(bad) => Body::Bad(bad),
            Body::Recorded(recorded) => Body::Recorded(Box::new(Recorded {
                source: own(recorded.source),
                record: recorded.record.into_owned(),
            })),
        }
    }
}

impl Platform<'_> {
    fn into_owned(self) -> Platform<'static> {
        match self {
            Platform::InitStart(init) => Platform::InitStart(Box::new(InitStart {
                kind: init.kind,
                phase: init.phase,
                runtime_version: maybe(init.runtime_version),
                runtime_arn: maybe(init.runtime_arn),
                version: maybe(init.version),
                instance: maybe(init.instance),
            })),
            Platform::InitReport(init) => Platform::InitReport(Box::new(InitReport {
                duration: init.duration,
                phase: init.phase,
                status: init.status,
                error_type: maybe(init.error_type),
                restore: init.restore,
            })),
            Platform::Start(start) => Platform::Start(Start {
                id: own(start.id),
                version: maybe(start.version),
                trace: start.trace.map(|t| Box::new(t.into_owned())),
            }),
            Platform::RuntimeDone { id, status, error_type } => {
                Platform::RuntimeDone { id: own(id), status, error_type: maybe(error_type) }
            }
            Platform::End { id } => Platform::End { id: own(id) },
            Platform::Report(report) => Platform::Report(Box::new(Report {
                id: own(report.id),
                duration: report.duration,
                billed_ms: report.billed_ms,
                memory_mb: report.memory_mb,
                max_memory_mb: report.max_memory_mb,
                init: report.init,
                restore: report.restore,
                status: report.status,
                error_type: maybe(report.error_type),
                trace: report.trace.map(|t| Box::new(t.into_owned())),
            })),
            Platform::TimedOut { id, after } => Platform::TimedOut { id: own(id), after },
            Platform::Fault { id, error_type, killed } => {
                Platform::Fault { id: maybe(id), error_type: maybe(error_type), killed }
            }
            Platform::Dropped { records, bytes } => Platform::Dropped { records, bytes },
            Platform::Other => Platform::Other,
        }
    }
}
