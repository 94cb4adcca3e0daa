//! Settings of functions: CloudTrail's events of Lambda, one a line, and the documents that the AWS
//! CLI prints (`formats.md` 9, 10).

use serde_json::Value;

use crate::model::{Setting, SettingRecord, Timestamp};

/// What an event changed; `None` for events that change nothing that is kept, or failed.
pub fn event(text: &str) -> Result<Option<SettingRecord>, String> {
    let event: Value = serde_json::from_str(text).map_err(|e| format!("CloudTrail event: {e}"))?;
    let asked = &event["requestParameters"];
    let name = event["eventName"].as_str().unwrap_or_default();
    let time = event["eventTime"].as_str().and_then(|time| Timestamp::parse(time.as_bytes()));
    let (Some(time), Some(function)) = (time, asked["functionName"].as_str()) else { return Ok(None) };
    if event["eventSource"] != "lambda.amazonaws.com" || !event["errorCode"].is_null() {
        return Ok(None);
    }
    // `UpdateFunctionCode20150331v2`: the version of the API is part of the name.
    let dated = |stem: &str| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let setting = if dated("PutFunctionConcurrency") {
        let limit = asked["reservedConcurrentExecutions"].as_u64();
        Setting::Reserved(limit.and_then(|limit| u32::try_from(limit).ok()))
    } else if dated("DeleteFunctionConcurrency") {
        Setting::Reserved(None)
    } else if dated("UpdateFunctionCode") && asked["dryRun"] != true {
        Setting::Code
    } else {
        return Ok(None);
    };
    let who = event["userIdentity"]["arn"].as_str().unwrap_or_default();
    let who = who.rsplit('/').next().filter(|who| !who.is_empty()).unwrap_or("unknown");
    let told = format!("CloudTrail: {name} by {who} at {time}").into();
    Ok(Some(SettingRecord { function: bare_name(function), setting, at: Some(time), told }))
}

/// What a document of `get-function-concurrency` says; it names no function, so its file must.
pub fn concurrency(function: &str, text: &str) -> Option<SettingRecord> {
    let document: Value = serde_json::from_str(text).ok()?;
    let limit = u32::try_from(document["ReservedConcurrentExecutions"].as_u64()?).ok()?;
    let told = format!("get-function-concurrency: ReservedConcurrentExecutions {limit}").into();
    let setting = Setting::Reserved(Some(limit));
    Some(SettingRecord { function: function.to_string(), setting, at: None, told })
}

/// The name of a function that may be given as an ARN.
fn bare_name(function: &str) -> String {
    match function.strip_prefix("arn:") {
        Some(arn) => arn.split(':').nth(5).unwrap_or(function).to_string(),
        None => function.split(':').next().unwrap_or(function).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: &str = r#"{"eventVersion":"1.09","userIdentity":{"arn":"arn:aws:sts::1:assumed-role/deploy-role/deploy"},"eventTime":"2026-11-23T08:20:32Z","eventSource":"lambda.amazonaws.com","eventName":"PutFunctionConcurrency20171031","requestParameters":{"functionName":"arn:aws:lambda:us-east-1:1:function:tax-calc:live","reservedConcurrentExecutions":2}}"#;

    #[test]
    fn changes_are_read_and_looks_are_not() {
        let put = event(PUT).unwrap().unwrap();
        assert_eq!((put.function.as_str(), put.setting), ("tax-calc", Setting::Reserved(Some(2))));
        assert_eq!(put.at, Timestamp::parse(b"2026-11-23T08:20:32Z"));
        assert!(put.told.contains("deploy"), "{}", put.told);
        let code = PUT.replace("PutFunctionConcurrency20171031", "UpdateFunctionCode20150331v2");
        assert_eq!(event(&code).unwrap().unwrap().setting, Setting::Code);
        for other in ["GetFunctionConcurrency20190930", "UpdateFunctionCodeSigning", "PublishVersion20150331"]
        {
            let text = PUT.replace("PutFunctionConcurrency20171031", other);
            assert_eq!(event(&text).unwrap(), None, "{other}");
        }
        let failed = PUT.replace("\"eventSource\"", "\"errorCode\":\"AccessDenied\",\"eventSource\"");
        assert_eq!(event(&failed).unwrap(), None);
        assert!(event("{").is_err());
    }

    #[test]
    fn the_reserved_limit_of_a_document() {
        let limit = concurrency("f", "{\n    \"ReservedConcurrentExecutions\": 2\n}\n").unwrap();
        assert_eq!((limit.setting, limit.at), (Setting::Reserved(Some(2)), None));
        assert_eq!(concurrency("f", "{}"), None);
        assert_eq!(concurrency("f", "{\"ReservedConcurrentExecutions\": -2}"), None);
    }
}
