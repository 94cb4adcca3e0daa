use super::*;
use proptest::prelude::*;

const SQS: &str = r#"{"Records": [{"messageId": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78", "receiptHandle": "MessageReceiptHandle", "body": "{\"order\": 7, \"note\": \"it's {odd\"}", "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795442700500", "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "1795442700900"}, "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders", "awsRegion": "eu-west-1"}, {"messageId": "2", "body": "", "attributes": {"SentTimestamp": "1795442699000"}, "eventSource": "aws:sqs"}]}"#;
const S3: &str = r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2026-11-23T14:05:00.123Z","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"in"},"object":{"key":"a+b%20c.jpg","size":1024,"sequencer":"0A1B"}}}]}"#;

fn of(text: &str) -> Option<(EventSource, Option<i64>)> {
    event(text).map(|event| (event.source, event.at.map(|at| at.0)))
}

/// As Python's `print` shows it.
fn printed(json: &str) -> String {
    json.replace('\'', "\\'").replace(r#"\""#, "\u{1}").replace('"', "'").replace('\u{1}', "\"")
}

#[test]
fn how_much_is_in_it_and_where_objects_lie() {
    let queue = event(SQS).unwrap();
    assert_eq!((queue.records, queue.whole, queue.prefixes.len()), (2, true, 0));
    // As other programs show it, and cut.
    for text in
        [printed(SQS), format!("got {SQS}"), format!("{{\"message\": {}}}", serde_json::Value::from(SQS))]
    {
        assert_eq!(event(&text).map(|event| event.records), Some(2), "{text}");
    }
    let cut = event(&SQS[..SQS.len() - 3]).unwrap();
    assert_eq!((cut.records, cut.whole), (2, false));
    let scheduled = event(r#"{"detail-type":"Scheduled Event","source":"aws.events"}"#).unwrap();
    assert_eq!((scheduled.records, scheduled.whole), (0, true));
    for (key, want) in [
        ("a+b%20c.jpg", "in/"),
        ("orders/a.json", "in/orders/"),
        ("orders/new/late/a.json", "in/orders/new/"),
        ("2026/11/23/a.json", "in/#/"),
        ("orders/2026-11-23/x/a.json", "in/orders/#/"),
        ("/a.json", "in//"),
        ("folder/", "in/folder/"),
        ("my+orders/b%C3%BCcher/a+b.jpg", "in/my orders/bücher/"),
        ("a%2Fb/c%2fd/e", "in/a/b/"),
        ("100%25/half%/%zz/a", "in/#/"),
        ("half%/%zz/a", "in/half%/%zz/"),
        ("", "in/"),
    ] {
        assert_eq!(event(&S3.replace("a+b%20c.jpg", key)).unwrap().prefixes, [want], "{key}");
    }
    let long = event(&S3.replace("a+b%20c.jpg", &"é/".repeat(500))).unwrap();
    assert!(long.prefixes[0].len() <= PREFIX);
    assert_eq!(event(&S3.replace("\"key\"", "\"no\"")).unwrap().prefixes, [""; 0]);
}

#[test]
fn each_sources_event_is_known_and_when_it_happened() {
    let s3_at = Timestamp::parse(b"2026-11-23T14:05:00.123Z").unwrap().0;
    let minute = Timestamp::parse(b"2026-11-23T14:05:00Z").unwrap().0;
    let table: &[(&str, EventSource, Option<i64>)] = &[
        (SQS, EventSource::Sqs, Some(1_795_442_699_000)),
        (S3, EventSource::S3, Some(s3_at)),
        (
            r#"{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Type":"Notification","Message":"{\"eventSource\":\"aws:s3\"}","Timestamp":"2026-11-23T14:05:00.123Z"}}]}"#,
            EventSource::Sns,
            Some(s3_at),
        ),
        (
            r#"{"Records":[{"kinesis":{"partitionKey":"1","data":"SGVsbG8=","approximateArrivalTimestamp":1795442700.5},"eventSource":"aws:kinesis"}]}"#,
            EventSource::Kinesis,
            Some(1_795_442_700_500),
        ),
        (
            r#"{"Records":[{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1795442700,"Keys":{"Id":{"N":"101"}}},"eventSource":"aws:dynamodb"}]}"#,
            EventSource::DynamoDb,
            Some(1_795_442_700_000),
        ),
        (
            r#"{"version":"0","id":"53dc","detail-type":"Scheduled Event","source":"aws.events","account":"1","time":"2026-11-23T14:05:00Z","region":"eu-west-1","resources":["arn:aws:events:eu-west-1:1:rule/r"],"detail":{}}"#,
            EventSource::Schedule,
            Some(minute),
        ),
        (
            r#"{"version":"0","detail-type":"Order Placed","source":"shop","time":"2026-11-23T14:05:00Z","detail":{"source":"x","time":"never"}}"#,
            EventSource::EventBridge,
            Some(minute),
        ),
        (
            r#"{"eventSource":"aws:kafka","records":{"orders-0":[{"topic":"orders","offset":1,"timestamp":1795442700500,"timestampType":"CREATE_TIME","value":"e30="},{"timestamp":1795442700400}]}}"#,
            EventSource::Kafka,
            Some(1_795_442_700_400),
        ),
        (
            r#"{"invocationId":"i","deliveryStreamArn":"arn:aws:firehose:eu-west-1:1:deliverystream/d","region":"eu-west-1","records":[{"recordId":"1","approximateArrivalTimestamp":1795442700500,"data":"SGVsbG8="}]}"#,
            EventSource::Firehose,
            Some(1_795_442_700_500),
        ),
        (
            r#"{"resource":"/","path":"/","httpMethod":"GET","headers":{"a":"b"},"requestContext":{"resourcePath":"/","httpMethod":"GET","apiId":"x","requestTimeEpoch":1}}"#,
            EventSource::RestApi,
            None,
        ),
        (
            r#"{"version":"2.0","routeKey":"$default","rawPath":"/","requestContext":{"accountId":"1","apiId":"r","domainName":"x.execute-api.eu-west-1.amazonaws.com","http":{"method":"GET"}}}"#,
            EventSource::HttpApi,
            None,
        ),
        (
            r#"{"version":"2.0","routeKey":"$default","rawPath":"/","requestContext":{"apiId":"u","domainName":"u.lambda-url.eu-west-1.on.aws","http":{"method":"GET"}}}"#,
            EventSource::FunctionUrl,
            None,
        ),
        (
            r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:x"}},"httpMethod":"GET","path":"/"}"#,
            EventSource::LoadBalancer,
            None,
        ),
        (r#"{"awslogs":{"data":"H4sIAAAA"}}"#, EventSource::Logs, None),
        (
            r#"{"source":"aws.cloudwatch","alarmArn":"arn:aws:cloudwatch:eu-west-1:1:alarm:a","time":"2026-11-23T14:05:00.123+0000","alarmData":{"state":{"value":"ALARM"}}}"#,
            EventSource::Alarm,
            Some(s3_at),
        ),
        (
            r#"{"version":"1.0","timestamp":"2026-11-23T14:05:00Z","requestContext":{"requestId":"e","functionArn":"arn","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"Records":[]}}"#,
            EventSource::Destination,
            None,
        ),
    ];
    for (text, source, at) in table {
        assert_eq!(of(text), Some((*source, *at)), "{text}");
        assert_eq!(of(&format!("Received event: {text} of it")), Some((*source, *at)), "{text}");
        assert_eq!(of(&printed(text)), Some((*source, *at)), "{}", printed(text));
        let logged = format!(r#"{{"level":"INFO","timestamp":"2026-11-23T14:05:01.000Z","message":{text}}}"#);
        assert_eq!(of(&logged), Some((*source, *at)), "{logged}");
        let quoted = serde_json::to_string(text).unwrap();
        let logged = format!(r#"{{"level":"INFO","message":{quoted},"n":1}}"#);
        assert_eq!(of(&logged), Some((*source, *at)), "{logged}");
        let pretty = serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(of(&serde_json::to_string_pretty(&pretty).unwrap()), Some((*source, *at)), "{text}");
    }
}

#[test]
fn an_object_as_nodejs_shows_it() {
    let shown = "INFO { Records: [ { messageId: '1', body: 'it\\'s', attributes: [Object], eventSource: 'aws:sqs' } ] }";
    assert_eq!(of(shown), Some((EventSource::Sqs, None)));
}

#[test]
fn of_an_event_that_was_cut_off_the_source_is_known() {
    assert_eq!(
        of(r#"{"Records":[{"eventSource":"aws:sqs","body":"it goes o"#),
        Some((EventSource::Sqs, None))
    );
    assert_eq!(of(r#"{"Records":[{"eventSource":"aws:sq"#), None);
}

#[test]
fn what_mentions_an_event_is_none() {
    for text in [
        "",
        "eventSource",
        r#"no "eventSource":"aws:sqs" without an object"#,
        r#"{"eventSource":"aws:sqs"}"#,
        r#"{"Records":[{"eventSource":"lambda.amazonaws.com","eventTime":"2026-11-23T14:05:00Z"}]}"#,
        r#"{"Records":[]}"#,
        r#"{"Records":"eventSource aws:sqs"}"#,
        r#"{"requestContext":{"http":{"method":"GET"}}}"#,
        r#"{"source":"x","note":"detail-type"}"#,
        r#"{"level":"INFO","message":"{\"source\":\"detail-type\"}"}"#,
        r#"{"requestContext":"elb","httpMethod":"GET"}"#,
        "{\"message\":\"{\\\"message\\\":\\\"{",
        "{'requestContext': {'elb': ",
        "{\"awslogs\\",
    ] {
        assert_eq!(of(text), None, "{text}");
    }
}

#[test]
fn hostile_times_are_no_times() {
    let sent = |value: &str| {
        SQS.replace("1795442699000", value).replace("1795442700500", "x").replace("1795442700900", value)
    };
    assert_eq!(of(&sent("1e300")), Some((EventSource::Sqs, None)));
    assert_eq!(of(&sent("-5")), Some((EventSource::Sqs, None)));
    assert_eq!(of(&sent("NaN")), Some((EventSource::Sqs, None)));
    assert_eq!(of(&S3.replace("2026-11-23", "2026-13-23")), Some((EventSource::S3, None)));
}

proptest! {
    #[test]
    fn no_text_is_too_odd(
        at in 0usize..600, with in prop::collection::vec(prop::sample::select(b"{}[]()\"'\\:, a\n".to_vec()), 0..8), cut in 0usize..900,
    ) {
        for text in [SQS, S3, &printed(SQS)] {
            let mut bytes = text.as_bytes().to_vec();
            let at = at.min(bytes.len());
            bytes.splice(at..at, with.iter().copied());
            bytes.truncate(cut);
            let _ = event(&String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn nor_any_text_of_its_signs(text in "[\\{\\}\\[\\]\"':, \\\\]{0,200}") {
        let _ = event(&format!("awslogs {text}"));
        let _ = event(&format!("{{\"message\":{text}\"requestContext\":{text}\"Records\":{text}\"records\":{text}"));
    }
}
