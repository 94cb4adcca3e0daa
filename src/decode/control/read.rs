//! Values of control data, leniently: what has another type than AWS gives it is not there.

use std::sync::Arc;

use serde_json::Value;

use crate::model::Timestamp;

/// Texts are kept to so many bytes: what is longer is no name.
const LONGEST: usize = 512;

/// A text that is not empty.
pub fn text(value: &Value) -> Option<Arc<str>> {
    value.as_str().filter(|text| !text.is_empty()).map(cut)
}

/// A text at most as long as a name is.
pub fn cut(text: &str) -> Arc<str> {
    text[..text.floor_char_boundary(LONGEST)].into()
}

/// A whole number.
pub fn count(value: &Value) -> Option<u32> {
    let whole = value
        .as_u64()
        .or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..4e9).contains(n)).map(|n| n as u64));
    whole.and_then(|n| u32::try_from(n).ok())
}

/// A time: seconds since 1970, or a date in any of AWS's ways.
pub fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => {
            let seconds = seconds.as_f64().filter(|s| s.is_finite() && s.abs() < 1e11)?;
            Some(Timestamp((seconds * 1e3).round() as i64))
        }
        Value::String(text) => Timestamp::parse(text.as_bytes()),
        _ => None,
    }
}

/// A function's name and qualifier, given as `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` or
/// an ARN. `$LATEST` is no qualifier of its own.
pub fn function(named: &str) -> Option<(Arc<str>, Option<Arc<str>>)> {
    let mut parts: Vec<&str> = named.split(':').collect();
    if let Some(at) = parts.iter().position(|part| *part == "function") {
        parts.drain(..=at);
    } else if named.starts_with("arn:") {
        return None;
    }
    let name = parts.first().filter(|name| !name.is_empty())?;
    let qualifier = parts.get(1).filter(|q| !q.is_empty() && **q != "$LATEST").map(|q| cut(q));
    Some((cut(name), qualifier))
}

/// The last part of an ARN's path, or of any other path.
pub fn last(path: &str) -> Arc<str> {
    cut(path.rsplit('/').next().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn functions_are_named_in_every_way() {
        for (named, name, qualifier) in [
            ("tax", "tax", None),
            ("tax:live", "tax", Some("live")),
            ("123456789012:function:tax", "tax", None),
            ("arn:aws:lambda:us-east-1:123456789012:function:tax:$LATEST", "tax", None),
            ("arn:aws-cn:lambda:cn-north-1:1:function:tax:7", "tax", Some("7")),
        ] {
            let (found, of) = function(named).unwrap();
            assert_eq!((&*found, of.as_deref()), (name, qualifier), "{named}");
        }
        assert_eq!(function("arn:aws:sqs:us-east-1:1:queue"), None);
        assert_eq!(function(""), None);
    }

    #[test]
    fn times_and_numbers_are_read_leniently() {
        assert_eq!(time(&json!(1569284520.333)), Some(Timestamp(1_569_284_520_333)));
        assert_eq!(time(&json!("2019-09-26T20:28:40.438+0000")), Some(Timestamp(1_569_529_720_438)));
        assert_eq!(time(&json!("date")), None);
        assert_eq!(time(&json!(f64::MAX)), None);
        assert_eq!(count(&json!(3.0)), Some(3));
        assert_eq!((count(&json!(-3)), count(&json!("3")), count(&json!(2.5))), (None, None, None));
    }
}
