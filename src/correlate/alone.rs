//! Records that are a fact each by themselves: metric points, settings, segments.

use super::Correlator;
use super::known::known;
use crate::model::{
    FactSink, MetricName, MetricPoint, MetricRecord, Record, SegmentDocument, SettingFact, SettingRecord,
    Timestamp,
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

    /// A setting. One without a time holds for all of the time that is looked at, as far as is known.
    pub fn setting<S: FactSink>(&mut self, change: &SettingRecord, arrived: Option<Timestamp>, sink: &mut S) {
        let function = self.function(change.function.as_bytes(), sink);
        let fact = SettingFact {
            setting: change.setting,
            at: change.at.unwrap_or(Timestamp::MIN),
            known: change.at.map_or(Timestamp::MIN, |at| known(at, arrived)),
            told: change.told.clone(),
        };
        sink.setting(function, fact);
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
