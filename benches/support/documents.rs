//! Documents that are made here: metrics, segments, functions.

use serde_json::{Value, json};

use super::BASE;
use super::logs::{function, id, times};

/// What a metric stream has of one of so many functions in a minute.
pub fn datum(n: u64, functions: u64, metric: &str, unit: &str) -> Value {
    let (function, value) = (function(n, functions), 20.0 + (n % 997) as f64 / 8.0);
    json!({"metric_stream_name": "lambda-metrics", "account_id": "123456789012", "region": "us-east-1",
        "namespace": "AWS/Lambda", "metric_name": metric,
        "dimensions": {"FunctionName": function, "Resource": function},
        "timestamp": BASE + (n / functions) as i64 * 60_000,
        "value": {"count": 9.0, "sum": value * 9.0, "max": value * 2.0, "min": 1.5, "p50": value, "p90": value,
            "p99": value},
        "unit": unit})
}

/// The segment of one of so many functions in a trace, with what it called.
pub fn segment(n: u64, functions: u64) -> Value {
    let name = function(n, functions);
    let (start, took) = times(n);
    let at = |part: i64| (start * 10 + took * part) as f64 / 1e4;
    let hex = |part: u64| format!("{:016x}", n * 10 + part + (7 << 40));
    json!({
        "trace_id": format!("1-6b03f284-{n:024x}"), "id": hex(0), "parent_id": hex(1),
        "name": name, "origin": "AWS::Lambda::Function",
        "start_time": at(0), "end_time": at(10), "aws": {"request_id": id(n),
            "function_arn": format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"),
            "xray": {"sdk": "X-Ray for Python", "sdk_version": "2.15.0"}},
        "annotations": {"ColdStart": false, "Service": "payment"},
        "subsegments": [
            {"id": hex(2), "name": "Invocation", "start_time": at(1), "end_time": at(9), "subsegments": [
                {"id": hex(3), "name": "DynamoDB", "start_time": at(2), "end_time": at(4), "namespace": "aws",
                    "aws": {"operation": "GetItem", "table_name": "orders", "region": "us-east-1", "retries": 0},
                    "http": {"response": {"status": 200}}},
                {"id": hex(4), "name": "api.bank.example", "start_time": at(4), "end_time": at(8),
                    "namespace": "remote", "fault": n.is_multiple_of(50), "http": {
                        "request": {"method": "POST", "url": "https://api.bank.example/v1/capture"},
                        "response": {"status": 200, "content_length": 86}}}]},
            {"id": hex(5), "name": "Overhead", "start_time": at(9), "end_time": at(10)}],
    })
}

/// Fifty functions of an account.
pub fn list_functions(n: u64) -> Value {
    let one = |n: u64| {
        let name = function(n, u64::MAX);
        json!({"FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "CodeSize": 304,
            "FunctionArn": format!("arn:aws:lambda:us-east-1:123456789012:function:{name}"),
            "Role": "arn:aws:iam::123456789012:role/service-role/checkout", "Timeout": 30, "MemorySize": 512,
            "LastModified": "2026-11-20T18:32:33.857+0000", "CodeSha256": "dBG9m8SGdmlEjwJYXlhhvCrAv5TxvXsbL=",
            "Version": "$LATEST", "TracingConfig": {"Mode": "Active"}, "RevisionId": id(n), "PackageType": "Zip",
            "Architectures": ["x86_64"], "Environment": {"Variables": {"STAGE": "test"}},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}")}})
    };
    json!({"Functions": (n * 50..n * 50 + 50).map(one).collect::<Vec<Value>>()})
}
