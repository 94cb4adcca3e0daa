//! Records that are a fact each by themselves: metric points, settings, segments.

use super::Correlator;
use super::known::known;
use crate::model::{
    Bad, DeliveryFact, DeliveryRecord, Envelope, FactSink, MetricName, MetricPoint, MetricRecord, Record,
    SegmentDocument, SettingFact, SettingRecord, Timestamp, When, Whose,
};

impl Correlator {
    /// Only `AWS/Lambda`, and of its dimension sets only {FunctionName} and {}: the others tell the
    /// same invocations again (`formats.md` 7.3).
    pub(super) fn metric<S: FactSink>(
        &mut self,
        record: &Record<'_>,
        metric: &MetricRecord<'_>,
        sink: &mut S,
    ) {
        if *metric.namespace != *b"AWS/Lambda" || metric.resource.is_some() || metric.other_dimensions {
            return;
        }
        let function = metric.function.map(|name| self.function(name, sink));
        let name = MetricName::known(metric.name)
            .unwrap_or_else(|| MetricName::Other(self.texts.names.read(metric.name)));
        let end = metric.start.plus(i64::from(metric.period_ms));
        let known = known(end, record.envelope.arrived);
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
    pub(super) fn setting<S: FactSink>(
        &mut self,
        told: &SettingRecord,
        envelope: &Envelope<'_>,
        sink: &mut S,
    ) {
        let function = match &told.whose {
            Whose::Account => None,
            Whose::Function(name) => Some(self.function(name.as_bytes(), sink)),
            Whose::Files => {
                let Some(name) = self.source_mut(envelope.origin.source).hint.clone() else {
                    let reason = format!("{}: it names no function; name its file after it", told.told);
                    return sink.bad(
                        envelope.origin,
                        envelope.arrived,
                        &Bad { reason, excerpt: String::new() },
                    );
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

    /// The end of an asynchronous event.
    pub(super) fn delivery<S: FactSink>(
        &mut self,
        told: &DeliveryRecord,
        arrived: Option<Timestamp>,
        sink: &mut S,
    ) {
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

    pub(super) fn segment<S: FactSink>(
        &mut self,
        document: &SegmentDocument,
        arrived: Option<Timestamp>,
        sink: &mut S,
    ) {
        let trace = self.texts.ids.trace(document.trace_id.as_bytes());
        let function = document.function.as_deref().map(|name| self.function(name.as_bytes(), sink));
        let known = known(document.known, arrived);
        sink.segment(trace, function, SegmentDocument { known, ..document.clone() });
    }
}
