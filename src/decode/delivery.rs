//! What became of asynchronous events: destination records, bare or in the message that brought
//! them, and dead letters (`formats.md` 9.7).

use serde_json::Value;

use super::control::read::{self, count, cut, text, time};
use crate::model::{DeliveryRecord, Timestamp};

/// Whether it is a destination's record.
pub fn is_record(of: &Value) -> bool {
    let context = &of["requestContext"];
    context["condition"].is_string() && context["approximateInvokeCount"].is_number()
}

/// A destination's record.
pub fn record(of: &Value) -> Option<DeliveryRecord> {
    let (context, response) = (&of["requestContext"], &of["responsePayload"]);
    let error = text(&response["errorType"])
        .or_else(|| text(&response["errorMessage"]))
        .or_else(|| text(&of["responseContext"]["functionError"]));
    Some(DeliveryRecord {
        function: context["functionArn"].as_str().and_then(read::function).map(|(name, _)| name),
        request_id: Box::from(&*text(&context["requestId"])?),
        condition: text(&context["condition"])?,
        attempts: count(&context["approximateInvokeCount"]),
        error: error.filter(|_| context["condition"] != "Success"),
        at: time(&of["timestamp"]),
    })
}

/// What a message brings: a record as its body, or in an SNS notification there; else, where its
/// attributes are those of a dead letter, that. `None` is somebody else's message.
pub fn message(of: &Value) -> Option<DeliveryRecord> {
    let body = inside(&of["Body"]).or_else(|| inside(&of["body"]));
    if let Some(body) = &body {
        if is_record(body) {
            return record(body);
        }
        if let Some(told) = inside(&body["Message"]).filter(is_record) {
            return record(&told);
        }
    }
    dead_letter(of)
}

/// A value, or the JSON that a string holds.
fn inside(value: &Value) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// The body of a dead letter is the event alone; attributes say whose it was and why.
fn dead_letter(of: &Value) -> Option<DeliveryRecord> {
    let attribute = |name: &str| {
        let attribute = [&of["MessageAttributes"][name], &of["messageAttributes"][name]];
        let keys = ["StringValue", "stringValue", "Value"];
        attribute.into_iter().find_map(|value| keys.iter().find_map(|key| text(&value[*key])))
    };
    let request_id = attribute("RequestID")?;
    attribute("ErrorCode")?;
    let sent = of["Attributes"]["SentTimestamp"].as_str().or(of["attributes"]["SentTimestamp"].as_str());
    Some(DeliveryRecord {
        function: None,
        request_id: Box::from(&*request_id),
        condition: cut("DeadLetter"),
        attempts: None,
        error: attribute("ErrorMessage"),
        at: sent.and_then(|ms| ms.parse().ok()).map(Timestamp),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given_up() -> Value {
        json!({"version": "1.0", "timestamp": "2026-11-23T08:20:32.568Z",
            "requestContext": {"requestId": "e4b4-1", "condition": "RetriesExhausted", "approximateInvokeCount": 3,
                "functionArn": "arn:aws:lambda:us-east-2:1:function:tax:$LATEST"},
            "requestPayload": {}, "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "no", "errorType": "KeyError"}})
    }

    fn want() -> DeliveryRecord {
        DeliveryRecord {
            function: Some("tax".into()),
            request_id: "e4b4-1".into(),
            condition: "RetriesExhausted".into(),
            attempts: Some(3),
            error: Some("KeyError".into()),
            at: Timestamp::parse(b"2026-11-23T08:20:32.568Z"),
        }
    }

    #[test]
    fn a_record_is_read_bare_and_in_what_brought_it() {
        let bare = given_up();
        assert!(is_record(&bare));
        assert_eq!(record(&bare), Some(want()));
        let text = bare.to_string();
        assert_eq!(message(&json!({"MessageId": "m", "Body": text})), Some(want()));
        assert_eq!(message(&json!({"MessageId": "m", "Body": bare})), Some(want()), "already decoded");
        let notification = json!({"Type": "Notification", "Message": text}).to_string();
        assert_eq!(message(&json!({"Body": notification})), Some(want()));
        assert_eq!(message(&json!({"Body": "an order", "MessageId": "m"})), None);
        assert_eq!(message(&json!({"Body": 7})), None);
    }

    #[test]
    fn a_payload_may_be_anything_and_may_be_missing() {
        let mut aged = given_up();
        aged["requestContext"]["condition"] = json!("EventAgeExceeded");
        aged["responsePayload"] = json!("a text");
        aged["responseContext"] = Value::Null;
        aged["timestamp"] = json!("date");
        let got = record(&aged).unwrap();
        assert_eq!((&*got.condition, got.error, got.at), ("EventAgeExceeded", None, None));
    }

    #[test]
    fn a_dead_letter_says_whose_it_was_in_its_attributes() {
        let letter = json!({"MessageId": "m", "Body": "{\"an\":\"order\"}", "Attributes": {"SentTimestamp": "1795422032568"},
            "MessageAttributes": {"RequestID": {"StringValue": "e4b4-2", "DataType": "String"},
                "ErrorCode": {"StringValue": "200", "DataType": "Number"},
                "ErrorMessage": {"StringValue": "Task timed out after 3.00 seconds", "DataType": "String"}}});
        let got = message(&letter).unwrap();
        assert_eq!((&*got.request_id, &*got.condition, got.attempts), ("e4b4-2", "DeadLetter", None));
        assert_eq!(got.error.as_deref(), Some("Task timed out after 3.00 seconds"));
        assert_eq!(got.at, Some(Timestamp(1_795_422_032_568)));
    }
}
