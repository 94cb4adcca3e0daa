//! Records that are a fact each by themselves: metric points, settings, segments.

use super::Correlator;
use super::known::known;
use crate::model::{
    Bad, Body, CallFact, CallRecord, DeliveryFact, DeliveryRecord, Envelope, FactSink, MetricName,
    MetricPoint, MetricRecord, Record, SegmentDocument, SettingFact, SettingRecord, Timestamp, When, Whose,
};

impl Correlator {
    /// Takes such a record.
    pub(super) fn alone<S: FactSink>(&mut self, record: &Record<'_>, sink: &mut S) {
        let envelope = &record.envelope;
        match &record.body {
            Body::Metric(metric) => self.metric(record, metric, sink),
            Body::Setting(told) => self.setting(told, envelope, sink),
            Body::Delivery(told) => self.delivery(told, envelope.arrived, sink),
            Body::Call(told) => self.call(told, envelope.arrived, sink),
            Body::Segment(document) => self.segment(document, envelope, sink),
            _ => {}
        }
    }

    /// Of `AWS/Lambda` only the dimension sets {FunctionName} and {}: the others tell the same
    /// invocations again (`formats.md` 7.3). Of other namespaces each set is a series of its own.
    fn metric<S: FactSink>(&mut self, record: &Record<'_>, metric: &MetricRecord<'_>, sink: &mut S) {
        let lambda = *metric.namespace == *b"AWS/Lambda";
        if lambda && (metric.resource.is_some() || !metric.dimensions.is_empty()) {
            return;
        }
        let origin = record.envelope.origin;
        let hint = metric.of_file.then(|| self.source_mut(origin.source).hint.clone()).flatten();
        let name = metric.function.or(hint.as_deref().map(str::as_bytes));
        let function = name.map(|name| self.function(name, sink));
        let end = metric.start.plus(i64::from(metric.period_ms));
        let known = known(metric.observed.unwrap_or(end), record.envelope.arrived);
        // What may be any function's is not the region's.
        let whose = function.is_some() || !metric.of_file;
        let Some(name) = MetricName::known(metric.name).filter(|_| lambda && whose) else {
            return self.others.tell(metric, function, known, sink);
        };
        sink.metric(&MetricPoint {
            function,
            name,
            start: metric.start,
            period_ms: metric.period_ms,
            known,
            statistics: metric.statistics,
        });
    }

    /// A setting. One that was found holds for all of the time that is looked at, as far as is known.
    fn setting<S: FactSink>(&mut self, told: &SettingRecord, envelope: &Envelope<'_>, sink: &mut S) {
        let function = match &told.whose {
            Whose::Account => None,
            Whose::Function(name) => Some(self.function(name.as_bytes(), sink)),
            Whose::Files => {
                let Some(name) = self.source_mut(envelope.origin.source).hint.clone() else {
                    let reason = format!("{}: it names no function; name its file after it", told.told);
                    return self.unread(envelope, &Bad { reason, excerpt: String::new() }, sink);
                };
                Some(self.function(name.as_bytes(), sink))
            }
        };
        let known = match told.when {
            When::Changed(at) => known(at, envelope.arrived),
            When::Found { .. } => envelope.arrived.unwrap_or(Timestamp::MIN),
        };
        sink.setting(SettingFact {
            function,
            qualifier: told.qualifier.clone(),
            setting: told.setting.clone(),
            when: told.when,
            known,
            told: told.told.clone(),
        });
    }

    /// A request to run a function.
    fn call<S: FactSink>(&mut self, told: &CallRecord, arrived: Option<Timestamp>, sink: &mut S) {
        let function = self.function(told.function.as_bytes(), sink);
        sink.call(&CallFact {
            function,
            qualifier: told.qualifier.clone(),
            by: told.by.clone(),
            refused: told.refused.clone(),
            at: told.at,
            id: told.id,
            known: known(told.at, arrived),
        });
    }

    /// The end of an asynchronous event.
    fn delivery<S: FactSink>(&mut self, told: &DeliveryRecord, arrived: Option<Timestamp>, sink: &mut S) {
        let function = told.function.as_deref().map(|name| self.function(name.as_bytes(), sink));
        let known = told.at.map_or(arrived.unwrap_or(Timestamp::MIN), |at| known(at, arrived));
        sink.delivery(DeliveryFact {
            function,
            request_id: self.texts.ids.request(told.request_id.as_bytes()),
            condition: told.condition.clone(),
            attempts: told.attempts,
            error: told.error.clone(),
            known,
        });
    }

    fn segment<S: FactSink>(&mut self, document: &SegmentDocument, envelope: &Envelope<'_>, sink: &mut S) {
        let trace = self.texts.ids.trace(document.trace_id.as_bytes());
        let function = document.function.as_deref().map(|name| self.function(name.as_bytes(), sink));
        let known = known(document.known, envelope.arrived);
        sink.segment(trace, function, known, document, envelope.origin);
    }
}
