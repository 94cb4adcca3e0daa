//! The commands that would fetch the same from AWS, and the pages of its console that show the same.
//! Both are texts to be pasted: nothing here calls anything.

use std::fmt::Write;

use crate::model::{Timestamp, Window};

/// A function's log group where nobody chose another one
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html>).
fn log_group(function: &str) -> String {
    format!("/aws/lambda/{}", unqualified(function))
}

/// The name without version or alias.
fn unqualified(function: &str) -> &str {
    function.split_once(':').map_or(function, |(name, _)| name)
}

/// Where to ask.
#[derive(Clone, Copy, Debug)]
pub struct Aws<'a> {
    /// The region; without one the command line's and the browser's own is meant.
    pub region: Option<&'a str>,
}

impl Aws<'_> {
    fn command(self, words: &[&str]) -> String {
        let region = self.region.map(|region| ["--region", region]);
        let words = words.iter().copied().chain(region.into_iter().flatten());
        std::iter::once("aws".to_string()).chain(words.map(quoted)).collect::<Vec<_>>().join(" ")
    }

    /// Log lines of a function in a span; of one stream, with one text, where those are given.
    pub fn log_lines(self, function: &str, stream: Option<&str>, text: Option<&str>, span: Window) -> String {
        let (group, from, to) = (log_group(function), span.from.0.to_string(), span.to.0.to_string());
        let pattern = text.map(|text| format!("\"{}\"", text.replace(['"', '\\'], "?")));
        let mut words = vec!["logs", "filter-log-events", "--log-group-name", &group];
        if let Some(stream) = stream {
            words.extend(["--log-stream-names", stream]);
        }
        if let Some(pattern) = &pattern {
            words.extend(["--filter-pattern", pattern]);
        }
        words.extend(["--start-time", &from, "--end-time", &to]);
        self.command(&words)
    }

    /// What a function is set to.
    pub fn configuration(self, function: &str) -> String {
        let mut words =
            vec!["lambda", "get-function-configuration", "--function-name", unqualified(function)];
        if let Some((_, qualifier)) = function.split_once(':') {
            words.extend(["--qualifier", qualifier]);
        }
        self.command(&words)
    }

    /// A trace's documents.
    pub fn trace(self, id: &str) -> String {
        self.command(&["xray", "batch-get-traces", "--trace-ids", id])
    }

    fn page(self, service: &str, place: &str) -> String {
        let (host, query) = match self.region {
            Some(region) => (format!("{region}."), format!("?region={region}")),
            None => (String::new(), String::new()),
        };
        format!("https://{host}console.aws.amazon.com/{service}/home{query}#{place}")
    }

    /// The console's page of a function.
    pub fn function_page(self, function: &str) -> String {
        let name = escaped(unqualified(function));
        self.page(
            "lambda",
            &match function.split_once(':') {
                Some((_, qualifier)) => format!("/functions/{name}/versions/{}", escaped(qualifier)),
                None => format!("/functions/{name}?tab=monitoring"),
            },
        )
    }

    /// The console's page of log lines.
    pub fn log_page(self, function: &str, stream: Option<&str>, text: Option<&str>, span: Window) -> String {
        let mut place = format!("logsV2:log-groups/log-group/{}/log-events", twice(&log_group(function)));
        if let Some(stream) = stream {
            place += "/";
            place += &twice(stream);
        }
        // After the first sign the console escapes once more, with a dollar for the percent.
        let _ = write!(place, "$3Fstart$3D{}$26end$3D{}", span.from.0, span.to.0);
        if let Some(text) = text {
            let _ = write!(place, "$26filterPattern$3D{}", twice(&format!("\"{text}\"")));
        }
        self.page("cloudwatch", &place)
    }

    /// The console's page of a trace.
    pub fn trace_page(self, id: &str) -> String {
        self.page("cloudwatch", &format!("xray:traces/{}", escaped(id)))
    }
}

/// A minute around a time, in which clocks and arrivals may differ.
pub fn around(from: Timestamp, to: Timestamp) -> Window {
    const SLACK_MS: i64 = 60_000;
    Window { from: from.plus(-SLACK_MS), to: to.plus(SLACK_MS) }
}

/// A word as a POSIX shell reads it back, whatever is in it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A text as part of an address.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            true => out.push(char::from(byte)),
            false => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// As the console of CloudWatch Logs escapes the parts of a place: twice, with dollars.
fn twice(text: &str) -> String {
    escaped(&escaped(text)).replace('%', "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Window = Window { from: Timestamp(1_000), to: Timestamp(2_000) };

    #[test]
    fn commands_are_read_back_by_a_shell_as_they_were_meant() {
        let aws = Aws { region: Some("eu-west-1") };
        let stream = "2026/11/23/[$LATEST]a'b; rm -rf ~";
        let command = aws.log_lines("pay:live", Some(stream), Some("8f50-\"x"), SPAN);
        let out = std::process::Command::new("sh")
            .args(["-c", &format!("aws() {{ printf '%s\\n' \"$@\"; }}; {command}")])
            .output()
            .unwrap();
        let words = String::from_utf8(out.stdout).unwrap();
        let expected = [
            "logs",
            "filter-log-events",
            "--log-group-name",
            "/aws/lambda/pay",
            "--log-stream-names",
            stream,
            "--filter-pattern",
            "\"8f50-?x\"",
            "--start-time",
            "1000",
            "--end-time",
            "2000",
            "--region",
            "eu-west-1",
        ];
        assert_eq!(words.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn qualifiers_and_regions_are_told_where_there_are_any() {
        let (here, there) = (Aws { region: None }, Aws { region: Some("us-east-1") });
        assert_eq!(
            here.configuration("pay:20"),
            "aws lambda get-function-configuration --function-name pay --qualifier 20"
        );
        assert_eq!(there.trace("1-a-b"), "aws xray batch-get-traces --trace-ids 1-a-b --region us-east-1");
        assert_eq!(
            here.function_page("pay"),
            "https://console.aws.amazon.com/lambda/home#/functions/pay?tab=monitoring"
        );
        assert_eq!(
            there.trace_page("1-a-b"),
            "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#xray:traces/1-a-b"
        );
    }

    #[test]
    fn places_of_logs_are_escaped_as_the_console_does() {
        let page = Aws { region: None }.log_page("pay", Some("2026/11/23/[$LATEST]ab"), Some("8f50"), SPAN);
        let (_, place) = page.split_once('#').unwrap();
        assert_eq!(
            place,
            "logsV2:log-groups/log-group/$252Faws$252Flambda$252Fpay/log-events/\
             2026$252F11$252F23$252F$255B$2524LATEST$255Dab$3Fstart$3D1000$26end$3D2000$26filterPattern$3D\
             $25228f50$2522"
        );
    }
}
