//! Any text as the message of a wrapped line: the platform's records, the runtimes', applications', embedded metrics.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let message = serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string();
    let stream = "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef";
    let line = |more: &str| {
        format!(
            "{{\"logGroup\":\"/aws/lambda/f\",\"logStream\":\"{stream}\",\"timestamp\":1795420800123{more},\"message\":{message}}}\n"
        )
    };
    shared::check(line("").as_bytes());
    shared::check(line(",\"arrived\":1795420800200").as_bytes());
});
