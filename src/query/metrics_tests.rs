//! Tests of a function's metrics: what is read becomes rows, as of a time.

use std::sync::Arc;

use super::asof::AsOf;
use super::axis::Axis;
use super::filter::Filter;
use super::metrics::{MetricList, known, metrics};
use super::select::Selection;
use crate::model::{
    FactSink, FunctionId, Graded, OtherId, OtherMetric, OtherPoint, Statistics, Texts, Timestamp, Why, Window,
};
use crate::store::{Budget, Store};

const BASE: i64 = 1_795_420_800_000;
const MINUTE: i64 = 60_000;
const PAY: FunctionId = FunctionId(0);

struct Told {
    store: Store,
    series: u32,
    compare_ms: Option<i64>,
}

impl Told {
    fn new() -> Self {
        let mut store = Store::new(Budget { bytes: 64 << 20 });
        store.function(PAY, "pay");
        Self { store, series: 0, compare_ms: None }
    }

    /// A series of values by second.
    fn series(&mut self, namespace: &str, name: &str, unit: &str, values: &[(i64, f64)]) {
        self.apart(namespace, name, "", unit, values);
    }

    fn apart(&mut self, namespace: &str, name: &str, dimensions: &str, unit: &str, values: &[(i64, f64)]) {
        let series = OtherId(self.series);
        self.series += 1;
        let [namespace, name, dimensions, unit] = [namespace, name, dimensions, unit].map(Into::into);
        let metric = OtherMetric { function: Some(PAY), namespace, name, dimensions, unit };
        self.store.other_metric(series, &metric);
        for (second, value) in values {
            let known = Timestamp(BASE + second * 1_000);
            let value = Some(*value);
            let statistics =
                Statistics { count: Some(1.0), sum: value, min: value, max: value, ..Statistics::default() };
            let (start, period_ms) = (known.floor(MINUTE), MINUTE as u32);
            let values = None;
            self.store.other_point(&OtherPoint {
                series,
                start,
                period_ms,
                known,
                adds: true,
                statistics,
                values,
            });
        }
    }

    /// Of the ten minutes before a second, in as many columns.
    fn list(&mut self, second: i64, filter: &str) -> MetricList {
        let snapshot = self.store.snapshot(Arc::new(Texts::default()));
        let asof = AsOf::new(&snapshot, Timestamp(BASE + second * 1_000));
        let filter = Filter::parse(filter).unwrap();
        let selection = Selection::of(asof, &filter, Some(PAY));
        let window = Window { from: asof.at.plus(-10 * MINUTE), to: asof.at.plus(1) };
        let axis = Axis::chart(asof.at, 10 * MINUTE, 10);
        metrics(asof, selection.members.first().unwrap(), window, &axis, self.compare_ms)
    }
}

fn titles(list: &MetricList) -> Vec<&str> {
    list.rows.iter().map(|row| &*row.title).collect()
}

fn insights(told: &mut Told) {
    // Two vCPUs, of which the first invocation used a half for a second, the second a quarter for four.
    for (name, unit, values) in [
        ("total_memory", "Megabytes", [3_538.0, 3_538.0]),
        ("duration", "Milliseconds", [1_000.0, 4_000.0]),
        ("cpu_total_time", "Milliseconds", [1_000.0, 2_000.0]),
        ("tmp_used", "Bytes", [1e6, 3e6]),
        ("tmp_max", "Bytes", [536_870_912.0; 2]),
        ("rx_bytes", "Bytes", [600.0, 1_200.0]),
        ("used_memory_max", "Megabytes", [100.0, 200.0]),
    ] {
        told.series("LambdaInsights", name, unit, &[(60, values[0]), (130, values[1])]);
    }
}

#[test]
fn cpu_is_a_share_of_what_memory_buys() {
    let mut told = Told::new();
    insights(&mut told);
    let list = told.list(300, "");
    let cpu = &list.rows[0];
    assert_eq!((&*cpu.title, cpu.figures.newest), ("CPU share", Graded::Counted(25.0)));
    // By the time that it ran: 3 s of 10.
    assert_eq!(cpu.figures.mean, Graded::Counted(30.0));
    // One invocation a minute: what a minute had is what an invocation had.
    assert_eq!((cpu.figures.min, cpu.figures.max), (Graded::Counted(25.0), Graded::Counted(50.0)));
    let points: Vec<f64> = cpu.chart.lines[0].points.iter().flatten().copied().collect();
    assert_eq!(points, [50.0, 25.0]);
    assert!(list.insights && !list.own);
}

#[test]
fn cpu_of_several_in_a_minute_is_of_minutes() {
    let mut told = Told::new();
    for (name, values) in [
        ("total_memory", [1_769.0, 1_769.0, 1_769.0]),
        ("duration", [1_000.0, 1_000.0, 2_000.0]),
        ("cpu_total_time", [1_000.0, 0.0, 1_000.0]),
    ] {
        told.series("LambdaInsights", name, "", &[(60, values[0]), (61, values[1]), (130, values[2])]);
    }
    let cpu = told.list(300, "").rows[0].clone();
    assert_eq!(cpu.figures.mean, Graded::Counted(50.0));
    assert_eq!(cpu.figures.max, Graded::Estimated(50.0, Why::OfMinutes));
    assert_eq!(cpu.figures.count, Graded::Counted(3.0));
    // A duration that is missing leaves its minute out, rather than making the share larger.
    let mut told = Told::new();
    told.series("LambdaInsights", "total_memory", "", &[(60, 1_769.0), (61, 1_769.0)]);
    told.series("LambdaInsights", "duration", "", &[(60, 1_000.0)]);
    told.series("LambdaInsights", "cpu_total_time", "", &[(60, 900.0), (61, 900.0)]);
    assert_eq!(told.list(300, "").rows[0].figures.mean, Graded::NoSource(Why::NoData));
}

#[test]
fn well_known_ones_come_first_with_their_sizes() {
    let mut told = Told::new();
    insights(&mut told);
    told.series("Shop", "Apples", "Count", &[(70, 2.0)]);
    let list = told.list(300, "");
    assert_eq!(
        titles(&list),
        [
            "CPU share",
            "/tmp used",
            "network in",
            "network out",
            "memory used",
            "/tmp size",
            "Apples",
            "CPU time",
            "duration",
            "memory size",
        ]
    );
    let tmp = &list.rows[1];
    assert_eq!(tmp.chart.limits[0].value, Graded::Counted(536_870_912.0));
    assert_eq!(
        (tmp.figures.min, tmp.figures.max, tmp.figures.sum),
        (Graded::Counted(1e6), Graded::Counted(3e6), None)
    );
    // Bytes that went by add up; the newest is so much a minute.
    let network = &list.rows[2];
    assert_eq!(network.figures.sum, Some(Graded::Counted(1_800.0)));
    assert_eq!(network.figures.newest, Graded::Counted(1_200.0));
    let rates: Vec<f64> = network.chart.lines[0].points.iter().flatten().copied().collect();
    assert_eq!(rates, [600.0, 1_200.0]);
    // Nothing told what went out.
    assert_eq!(list.rows[3].why_none(), Some(Why::NoInsights));
    // Megabytes are shown as bytes.
    assert_eq!(list.rows[4].figures.max, Graded::Counted(200.0 * 1_048_576.0));
}

#[test]
fn nothing_is_known_before_it_was_known() {
    let mut told = Told::new();
    insights(&mut told);
    told.apart("Shop", "Orders", "service=a", "Count", &[(70, 2.0), (75, 3.0), (500, 4.0)]);
    told.series("AWS/Lambda", "DeadLetterErrors", "Count", &[(0, 1.0)]);
    let early = told.list(30, "-dead");
    assert_eq!(titles(&early), ["CPU share", "/tmp used", "network in", "network out"]);
    assert!(early.rows.iter().all(|row| row.why_none() == Some(Why::NoInsights)), "{early:?}");
    let orders = |list: MetricList| list.rows.into_iter().find(|row| &*row.title == "Orders").unwrap();
    let at = orders(told.list(90, ""));
    assert_eq!(at.figures.sum, Some(Graded::Counted(5.0)));
    // The minute goes on: its newest is of the half that is over.
    assert_eq!(at.figures.newest, Graded::Settling(10.0));
    // A window without any.
    let later = orders(told.list(3_000, ""));
    assert_eq!((later.why_none(), later.newest), (Some(Why::NoData), None));
    let snapshot = told.store.snapshot(Arc::new(Texts::default()));
    assert_eq!(known(AsOf::new(&snapshot, Timestamp(BASE + 3_000_000)), PAY), 9);
    assert_eq!(known(AsOf::new(&snapshot, Timestamp(BASE)), PAY), 1);
}

#[test]
fn the_filter_looks_for_words_in_what_names_a_metric() {
    let mut told = Told::new();
    insights(&mut told);
    told.apart("Shop", "Orders", "service=a", "Count", &[(70, 2.0)]);
    told.apart("Shop", "Latency", "service=b", "Seconds", &[(70, 2.0)]);
    assert_eq!(titles(&told.list(300, "network")), ["network in", "network out"]);
    assert_eq!(titles(&told.list(300, "service=a")), ["Orders"]);
    assert_eq!(titles(&told.list(300, "/Lat.*/ -service=a")), ["Latency"]);
    // What is asked of invocations leaves metrics alone; the function's own name holds for all of them.
    assert_eq!(told.list(300, "err dur>1s").rows.len(), told.list(300, "pay").rows.len());
    // Seconds are shown as ms.
    assert_eq!(told.list(300, "latency").rows[0].figures.mean, Graded::Counted(2_000.0));
}

#[test]
fn what_is_not_kept_is_counted_and_what_was_let_go_is_said() {
    let mut told = Told::new();
    told.apart("Shop", "Orders", "", "Count", &[(70, 2.0), (130, 2.0)]);
    for second in [10, 20, 400] {
        told.store.other_refused(Some(PAY), Timestamp(BASE + second * 1_000));
    }
    assert_eq!((told.list(300, "").refused, told.list(400, "").refused), (2, 3));
    // A budget that holds nothing lets the oldest go.
    let many: Vec<(i64, f64)> = (0..40_000).map(|n| (n * 30, 1.0)).collect();
    told.apart("Shop", "Many", "", "Count", &many);
    told.store.set_budget(Budget { bytes: 64 << 10 });
    let snapshot = told.store.snapshot(Arc::new(Texts::default()));
    assert!(snapshot.health.others_let_go > 0 && snapshot.health.bytes < 1 << 20, "{:?}", snapshot.health);
    let early = told.list(3_000, "");
    let many = early.rows.iter().find(|row| &*row.title == "Many").unwrap();
    assert!(
        many.figures.sum.is_some_and(|sum| !matches!(sum, Graded::Counted(_))),
        "what was let go is never passed off as counted: {:?}",
        many.figures
    );
}

#[test]
fn percentiles_are_of_the_values_that_were_told_one_by_one() {
    let mut told = Told::new();
    let values: Vec<(i64, f64)> = (0..200).map(|n| (60 + n, f64::from(n as u32 + 1))).collect();
    told.series("Shop", "Latency", "Seconds", &values);
    told.series("Shop", "Same", "Count", &[(60, 7.0), (70, 7.0), (80, 7.0)]);
    // A period that CloudWatch told, and a set that the function told.
    told.series("AWS/SQS", "Age", "Seconds", &[]);
    told.series("Shop", "Set", "Milliseconds", &[]);
    let (start, known) = (Timestamp(BASE).plus(MINUTE), Timestamp(BASE).plus(2 * MINUTE));
    let statistics = Statistics {
        count: Some(3.0),
        sum: Some(9.0),
        min: Some(1.0),
        max: Some(6.0),
        ..Statistics::default()
    };
    for (series, adds) in [(OtherId(2), false), (OtherId(3), true)] {
        let (period_ms, values) = (MINUTE as u32, None);
        told.store.other_point(&OtherPoint { series, start, period_ms, known, adds, statistics, values });
    }
    let list = told.list(300, "");
    let find = |title: &str| list.rows.iter().find(|row| &*row.title == title).unwrap();
    let latency = find("Latency");
    for (told, want) in latency.figures.percentiles.iter().zip([100_000.0, 198_000.0]) {
        let Graded::Estimated(value, Why::Sketch) = *told else { panic!("{told:?}") };
        assert!((value - want).abs() <= want * 0.01, "{value} for {want}");
    }
    let chart = latency.shown(true);
    assert_eq!(chart.lines.iter().map(|line| line.name).collect::<Vec<_>>(), ["p50", "p99"]);
    // Of the first minute, 1 to 60.
    let first = chart.lines[0].points.iter().flatten().next().unwrap();
    assert!((first - 30_000.0).abs() <= 300.0, "{first}");
    assert_eq!(find("Same").figures.percentiles, [Graded::Counted(7.0); 2]);
    for set in ["Age", "Set"] {
        let row = find(set);
        assert_eq!(row.figures.percentiles, [Graded::NoSource(Why::StatisticSets); 2]);
        assert!(row.percentiles.is_none() && row.shown(true) == &row.chart);
    }
}

#[test]
fn an_earlier_time_stands_beside() {
    let mut told = Told::new();
    insights(&mut told);
    told.series("Shop", "Latency", "Milliseconds", &[(30, 10.0), (640, 20.0), (650, 30.0)]);
    told.series("Shop", "Orders", "Count", &[(640, 5.0)]);
    told.compare_ms = Some(10 * MINUTE);
    let list = told.list(900, "");
    let find = |title: &str| list.rows.iter().find(|row| &*row.title == title).unwrap();
    let latency = find("Latency");
    assert_eq!(latency.figures.mean, Graded::Counted(25.0));
    assert_eq!(latency.then.unwrap().mean, Graded::Counted(10.0));
    let names: Vec<&str> = latency.chart.lines.iter().map(|line| line.name).collect();
    assert_eq!(names, ["min", "max", "then", "mean"], "the most important one stays last");
    let then: Vec<f64> = latency.chart.lines[2].points.iter().flatten().copied().collect();
    assert_eq!(then, [10.0]);
    assert_eq!(latency.shown(true).lines[1].points, latency.chart.lines[2].points);
    // Nothing was told then: a line without points, and a figure that says so.
    let orders = find("Orders");
    assert_eq!(orders.then.unwrap().sum, Some(Graded::NoSource(Why::NoData)));
    assert!(orders.chart.lines[0].points.iter().all(Option::is_none));
    assert_eq!(list.rows[0].then.unwrap().mean, Graded::Counted(30.0), "what is computed as well");
    told.compare_ms = None;
    assert!(told.list(900, "").rows.iter().all(|row| row.then.is_none()));
}
