//! Lines that declare metrics, in whatever they come.

use super::*;

#[test]
fn a_line_with_metrics_in_it_is_a_line_and_its_metrics() {
    let message = r#"{"_aws":{"Timestamp":1795420800500,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["service"]],"Metrics":[{"Name":"Orders"}]}]},"service":"pay","Orders":[1.0,2]}"#;
    let last = r#"{"service":"pay","Orders":3,"requestId":"r","_aws":{"Timestamp":1795420800500,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["service"]],"Metrics":[{"Name":"Orders"}]}]}}"#;
    for (text, function) in
        [(wrap(message), Some(&b"pay"[..])), (wrap(last), Some(&b"pay"[..])), (message.to_string(), None)]
    {
        let all = read_all(&text);
        let [line, metric] = all.as_slice() else { panic!("{text}: {all:?}") };
        assert!(matches!(line.body, Body::Log(_)));
        let Body::Metric(metric) = &metric.body else { panic!("{text}: {all:?}") };
        assert_eq!(
            (metric.namespace, metric.name, metric.function),
            (&b"Shop"[..], &b"Orders"[..], function)
        );
        assert_eq!((metric.dimensions, metric.statistics.sum), (&b"service=pay"[..], Some(3.0)));
    }
    let quoted = wrap(r#"{"message":"the _aws key of EMF"}"#);
    assert_eq!(read_all(&quoted).len(), 1, "the word alone is nothing");
}

/// What loggers write that are given metrics too, in the orders in which they write it.
#[test]
fn a_line_with_a_level_and_metrics_is_both() {
    const AWS: &str = r#""_aws":{"Timestamp":1795420800500,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["service"]],"Metrics":[{"Name":"Orders","Unit":"Count"}]}]}"#;
    const REST: &str = r#""service":"pay","Orders":[1.0,2]"#;
    let time = "2026-11-23T08:00:00.123Z";
    let thrown = r#""errorType":"KeyError","errorMessage":"'x'","stackTrace":[]"#;
    for (message, level, id, error) in [
        // Lambda's own JSON format, which the short cut knows by its beginning.
        (
            format!(r#"{{"timestamp":"{time}","level":"INFO","requestId":"r-1",{REST},{AWS}}}"#),
            Level::Info,
            Some("r-1"),
            false,
        ),
        (format!(r#"{{"timestamp":"{time}","level":"WARN","x":1,{AWS},{REST}}}"#), Level::Warn, None, false),
        // Powertools: the level first, or the metrics.
        (
            format!(
                r#"{{"level":"INFO","location":"f:1","message":"m","timestamp":"2026-11-23 08:00:00,123+0000",{REST},{AWS}}}"#
            ),
            Level::Info,
            None,
            false,
        ),
        (
            format!(r#"{{{AWS},{REST},"level":"WARN","function_request_id":"r-2"}}"#),
            Level::Warn,
            Some("r-2"),
            false,
        ),
        (format!(r#"{{{REST},{AWS},"log_level":"DEBUG"}}"#), Level::Debug, None, false),
        // Pino and others: levels by numbers.
        (format!(r#"{{"level":50,"msg":"m",{REST},{AWS}}}"#), Level::Error, None, false),
        (
            format!(r#"{{{AWS},"log_level":"ERROR",{thrown},"requestId":"r-3",{REST}}}"#),
            Level::Error,
            Some("r-3"),
            true,
        ),
        // Without a level, as before.
        (format!(r#"{{{AWS},{REST},"requestId":"r-4"}}"#), Level::Unknown, Some("r-4"), false),
    ] {
        for text in [wrap(&message), message.clone()] {
            let all = read_all(&text);
            let [line, metric] = all.as_slice() else { panic!("{text}: {all:?}") };
            let Body::Log(log) = line.body else { panic!("{text}: {all:?}") };
            assert_eq!((log.level, log.id), (level, id.map(str::as_bytes)), "{text}");
            assert_eq!(log.error.is_some(), error, "{text}");
            let Body::Metric(metric) = &metric.body else { panic!("{text}: {all:?}") };
            assert_eq!(
                (metric.name, metric.unit, metric.statistics.sum),
                (&b"Orders"[..], &b"Count"[..], Some(3.0))
            );
        }
    }
    // Where it is no member of the line itself, or declares nothing, there are none.
    for message in [
        format!(r#"{{"timestamp":"{time}","level":"INFO","requestId":"r","message":"the _aws key"}}"#),
        format!(r#"{{"timestamp":"{time}","level":"INFO","requestId":"r","was":{{{AWS}}}}}"#),
        format!(r#"{{"timestamp":"{time}","level":"INFO","requestId":"r","_aws":{{"Timestamp":1}}}}"#),
    ] {
        for text in [wrap(&message), message.clone()] {
            assert_eq!(read_all(&text).len(), 1, "{text}");
        }
    }
}

#[test]
fn metrics_are_found_in_the_lines_of_a_chunk_that_declare_them() {
    let line = |n: usize| match n % 3 {
        0 => wrap(&format!(
            r#"{{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"r","M":{n},"_aws":{{"Timestamp":1,"CloudWatchMetrics":[{{"Namespace":"S","Metrics":[{{"Name":"M"}}]}}]}}}}"#
        )),
        1 => wrap(
            r#"{"timestamp":"2026-11-23T08:00:00.123Z","level":"INFO","requestId":"r","message":"plain"}"#,
        ),
        _ => wrap("plain text with _aws in it"),
    };
    let text: String = (0..30).map(|n| line(n) + "\n").collect();
    let all = read_chunk(text.as_bytes());
    let sums: Vec<f64> = all
        .iter()
        .filter_map(|record| match &record.body {
            Body::Metric(metric) => metric.statistics.sum,
            _ => None,
        })
        .collect();
    assert_eq!(sums, (0..30).step_by(3).map(|n| n as f64).collect::<Vec<_>>());
    assert_eq!(all.len(), 40);
}

/// A dimension may name any function: whose line it is it does not say, before the metrics or behind them.
#[test]
fn what_names_a_function_among_metrics_is_a_dimension_wherever_it_stands() {
    const NAME: &str = r#""function_name":"other""#;
    const AWS: &str = r#""_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"S","Dimensions":[["function_name"]],"Metrics":[{"Name":"M"}]}]}"#;
    let level = r#""timestamp":"2026-11-23T08:00:00.123Z","level":"INFO""#;
    for message in [
        format!(r#"{{{NAME},{AWS},"M":1}}"#),
        format!(r#"{{{AWS},{NAME},"M":1}}"#),
        format!(r#"{{{NAME},{level},{AWS},"M":1}}"#),
        format!(r#"{{{level},{NAME},"M":1,{AWS}}}"#),
    ] {
        let all = read_all(&message);
        let [line, metric] = all.as_slice() else { panic!("{message}: {all:?}") };
        assert_eq!(line.envelope.function, None, "{message}");
        let Body::Metric(metric) = &metric.body else { panic!("{message}: {all:?}") };
        assert_eq!(metric.function, Some(&b"other"[..]), "{message}");
    }
    // Where nothing is declared it is the line's.
    for message in [
        format!(r#"{{{NAME},"_aws":7}}"#),
        format!(r#"{{"_aws":7,{NAME}}}"#),
        format!(r#"{{{NAME},{level},"message":"the _aws key"}}"#),
        format!(r#"{{{NAME},{level}}}"#),
    ] {
        assert_eq!(read(&message).envelope.function, Some(&b"other"[..]), "{message}");
    }
    let arn = r#""functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:pay""#;
    let start = format!(
        r#"{{"_aws":7,"time":"2026-11-23T08:00:00.123Z","type":"platform.start","record":{{"requestId":"r",{arn}}}}}"#
    );
    assert_eq!(read(&start).envelope.function, Some(&b"pay"[..]));
}

/// Rows of Logs Insights, the newest first as it gives them.
#[test]
fn rows_of_logs_insights_have_the_metrics_of_their_messages() {
    let emf = |namespace: &str, n: usize| {
        format!(
            r#"{{"n":"x","M":{n},"_aws":{{"Timestamp":179542080{n}000,"CloudWatchMetrics":[{{"Namespace":"{namespace}","Dimensions":[["n"],[]],"Metrics":[{{"Name":"M"}}]}}]}}}}"#
        )
    };
    let row = |n: usize, message: &str| {
        serde_json::json!([
            {"field": "@timestamp", "value": format!("2026-11-23 08:00:0{n}.500")},
            {"field": "@message", "value": message},
            {"field": "@log", "value": "123456789012:/aws/lambda/pay"},
            {"field": "@ptr", "value": "CmAKJQohMTIz"}
        ])
    };
    let insights = r#"{"event_type":"performance","function_name":"tax","duration":7,"_aws":{"Timestamp":1795420805000,"CloudWatchMetrics":[{"Namespace":"LambdaInsights","Metrics":[]}]}}"#;
    let rows = [
        row(5, insights),
        row(4, &emf("Shop", 4)),
        row(3, "plain text with _aws in it"),
        row(2, &format!("{}\n", emf("Shop", 2))),
        row(1, r#"{"level":"INFO","message":"the _aws key"}"#),
    ];
    let told = |rows: &[serde_json::Value]| -> Vec<String> {
        let document = serde_json::json!({"results": rows, "statistics": {}, "status": "Complete"});
        let all = read_all(&document.to_string());
        all.iter()
            .map(|record| {
                let second = record.envelope.time.map_or(-1, |time| time.0 % 60_000);
                match record.body {
                    Body::Log(_) => {
                        assert_eq!(record.envelope.function, Some(&b"pay"[..]));
                        format!("line {second}")
                    }
                    Body::Metric(metric) => {
                        let [of, name, dimensions] =
                            [metric.function.unwrap_or_default(), metric.name, metric.dimensions]
                                .map(|text| String::from_utf8_lossy(text).into_owned());
                        format!("{of} {name} [{dimensions}] {second}: {}", metric.statistics.sum.unwrap())
                    }
                    other => panic!("{other:?}"),
                }
            })
            .collect()
    };
    let oldest_first = [
        "line 1500",
        "line 2500",
        "pay M [n=x] 2000: 2",
        "pay M [] 2000: 2",
        "line 3500",
        "line 4500",
        "pay M [n=x] 4000: 4",
        "pay M [] 4000: 4",
        "tax duration [] 5000: 7",
    ];
    assert_eq!(told(&rows), oldest_first);
    let turned: Vec<_> = rows.into_iter().rev().collect();
    assert_eq!(told(&turned), oldest_first);
}
