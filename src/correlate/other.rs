//! Metrics that are only kept: which series there are, and how many of them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{FactSink, FunctionId, MetricRecord, OtherId, OtherMetric, OtherPoint, Timestamp};

/// Series that are told apart: a dimension may have as many values as there are requests.
const SERIES: usize = 10_000;
/// Series of one function, so that one that puts a request's id into a dimension leaves room for the
/// others.
const OF_FUNCTION: u32 = 300;
/// And some more for what Lambda Insights measures, which is 20 things.
const OF_INSIGHTS: u32 = 40;
/// Series of no function: other services'.
const OF_NONE: u32 = 2_000;
/// Bytes of the texts of one series at most, and of all together.
const TEXTS: usize = 4 << 10;
const ALL_TEXTS: usize = 8 << 20;

/// The series that were told, by function and texts.
#[derive(Debug, Default)]
pub struct Others {
    series: FxHashMap<(Option<FunctionId>, Vec<u8>), OtherId>,
    of: FxHashMap<Option<FunctionId>, u32>,
    /// Bytes of their texts.
    bytes: usize,
}

impl Others {
    /// Tells a point of such a metric; of one beyond the bounds only that there was one.
    pub fn tell<S: FactSink>(
        &mut self,
        metric: &MetricRecord<'_>,
        function: Option<FunctionId>,
        known: Timestamp,
        sink: &mut S,
    ) {
        let texts = [metric.namespace, metric.name, metric.dimensions, metric.unit];
        let long: usize = texts.iter().map(|text| text.len()).sum();
        if long > TEXTS {
            return sink.other_refused(function, known);
        }
        let key = (function, texts.join(&0));
        let series = match self.series.get(&key) {
            Some(&series) => series,
            None if !self.has_room(function, metric.namespace, long) => {
                return sink.other_refused(function, known);
            }
            None => {
                let series = OtherId(self.series.len() as u32);
                let [namespace, name, dimensions, unit] =
                    texts.map(|text| Arc::<str>::from(&*String::from_utf8_lossy(text)));
                sink.other_metric(series, &OtherMetric { function, namespace, name, dimensions, unit });
                *self.of.entry(function).or_default() += 1;
                self.bytes += long;
                self.series.insert(key, series);
                series
            }
        };
        sink.other_point(&OtherPoint {
            series,
            start: metric.start,
            period_ms: metric.period_ms,
            known,
            adds: metric.observed.is_some(),
            statistics: metric.statistics,
            values: (!metric.values.is_empty()).then(|| metric.values.into()),
        });
    }

    fn has_room(&self, function: Option<FunctionId>, namespace: &[u8], bytes: usize) -> bool {
        let most = match (function, namespace) {
            (None, _) => OF_NONE,
            (_, b"LambdaInsights") => OF_FUNCTION + OF_INSIGHTS,
            _ => OF_FUNCTION,
        };
        self.series.len() < SERIES
            && self.bytes + bytes <= ALL_TEXTS
            && self.of.get(&function).is_none_or(|of| *of < most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Invocation, Statistics};

    #[derive(Default)]
    struct Told {
        series: Vec<OtherMetric>,
        points: usize,
        refused: Vec<(Option<FunctionId>, Timestamp)>,
    }

    impl FactSink for Told {
        fn function(&mut self, _id: FunctionId, _name: &str) {}
        fn invocation(&mut self, _invocation: &Invocation, _change: Change) {}
        fn other_metric(&mut self, id: OtherId, metric: &OtherMetric) {
            assert_eq!(id.0 as usize, self.series.len());
            self.series.push(metric.clone());
        }
        fn other_point(&mut self, _point: &OtherPoint) {
            self.points += 1;
        }
        fn other_refused(&mut self, function: Option<FunctionId>, known: Timestamp) {
            self.refused.push((function, known));
        }
    }

    fn metric<'a>(name: &'a [u8], dimensions: &'a [u8]) -> MetricRecord<'a> {
        MetricRecord {
            namespace: b"Shop",
            name,
            unit: b"Count",
            function: None,
            of_file: true,
            resource: None,
            dimensions,
            start: Timestamp(0),
            period_ms: 60_000,
            observed: Some(Timestamp(1)),
            statistics: Statistics::default(),
            values: &[],
        }
    }

    #[test]
    fn one_function_leaves_room_for_the_others() {
        let (mut others, mut told) = (Others::default(), Told::default());
        let own = Some(FunctionId(0));
        for n in 0..1_000 {
            let dimensions = format!("request={n}");
            others.tell(&metric(b"Orders", dimensions.as_bytes()), own, Timestamp(n), &mut told);
        }
        assert_eq!(
            (told.series.len(), told.refused.len()),
            (OF_FUNCTION as usize, 1_000 - OF_FUNCTION as usize)
        );
        assert_eq!(told.refused[0], (own, Timestamp(i64::from(OF_FUNCTION))));
        // One that is kept goes on, and so does another function.
        others.tell(&metric(b"Orders", b"request=0"), own, Timestamp(7), &mut told);
        others.tell(&metric(b"Orders", b""), Some(FunctionId(1)), Timestamp(7), &mut told);
        assert_eq!((told.series.len(), told.points), (OF_FUNCTION as usize + 1, OF_FUNCTION as usize + 2));
        // Insights', too.
        let insights = MetricRecord { namespace: b"LambdaInsights", ..metric(b"cpu_total_time", b"") };
        others.tell(&insights, own, Timestamp(7), &mut told);
        assert_eq!(told.series.len(), OF_FUNCTION as usize + 2);
    }

    #[test]
    fn texts_are_bounded() {
        let (mut others, mut told) = (Others::default(), Told::default());
        let long = vec![b'x'; 5 << 20];
        others.tell(&metric(&long, b""), None, Timestamp(3), &mut told);
        assert_eq!((told.series.len(), told.refused.as_slice()), (0, &[(None, Timestamp(3))][..]));
        for n in 0..3_000u32 {
            let name = format!("{n}{}", "y".repeat(4_000));
            others.tell(&metric(name.as_bytes(), b""), Some(FunctionId(n)), Timestamp(3), &mut told);
        }
        let bytes: usize = told.series.iter().map(|metric| metric.name.len()).sum();
        assert!(bytes <= ALL_TEXTS && told.series.len() > 2_000, "{bytes}");
    }
}
