//! What a file's name tells of what is in it.

use std::path::Path;
use std::sync::Arc;

/// File names that say nothing of a function.
const GENERIC: [&str; 42] = [
    "all",
    "capture",
    "combined",
    "console",
    "data",
    "demo",
    "dump",
    "events",
    "example",
    "export",
    "fifo",
    "file",
    "firehose",
    "function",
    "functions",
    "input",
    "json",
    "lambda",
    "log",
    "logs",
    "messages",
    "metrics",
    "mixed",
    "output",
    "out",
    "pipe",
    "records",
    "sample",
    "samples",
    "segments",
    "stderr",
    "stdin",
    "stdout",
    "tail",
    "telemetry",
    "text",
    "tmp",
    "trace",
    "traces",
    "xray",
    "current",
    "latest",
];

/// Commands of the AWS CLI, after which people name what they printed.
const COMMANDS: [&str; 22] = [
    "account-settings",
    "batch-get-traces",
    "event-source-mappings",
    "filter-log-events",
    "get-account-settings",
    "get-function",
    "get-function-concurrency",
    "get-function-configuration",
    "get-function-event-invoke-config",
    "get-log-events",
    "get-metric-data",
    "get-metric-statistics",
    "get-policy",
    "get-provisioned-concurrency-config",
    "get-query-results",
    "get-role-policy",
    "get-trace-summaries",
    "list-aliases",
    "list-event-source-mappings",
    "list-functions",
    "list-provisioned-concurrency-configs",
    "list-versions-by-function",
];

/// Whether a name is a command's, maybe behind its service's: `lambda-get-policy`.
fn is_command(stem: &str) -> bool {
    let services = ["lambda-", "logs-", "cloudwatch-", "xray-", "iam-"];
    let command = services.iter().find_map(|service| stem.strip_prefix(service)).unwrap_or(stem);
    COMMANDS.contains(&command)
}

/// The function that a file's name names: `orders-api` for `orders-api.log`, `orders-api.log.3`,
/// `orders-api.log-20261123.gz`. A function's name holds no dot, so it ends at the first.
pub fn function_of_file(path: &Path) -> Option<Arc<str>> {
    let name = path.file_name()?.to_str()?;
    let stem = name.split('.').next()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let named = stem.chars().any(|c| c.is_ascii_alphabetic());
    let generic = GENERIC.contains(&stem.to_ascii_lowercase().as_str()) || is_command(stem);
    (stem.len() <= 140 && named && !generic && stem.chars().all(allowed)).then(|| stem.into())
}

/// The log stream that a file's folder is named after, as an export to S3 names them:
/// `2023-07-05-[56]374cd7798d2a4e36a494a23d658b9741` for `2023/07/05/[56]374cd7798d2a4e36a494a23d658b9741`.
pub fn stream_of_folder(path: &Path) -> Option<Arc<str>> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let (date, rest) = folder.split_at_checked(11)?;
    let dated = date.char_indices().all(|(at, c)| match at {
        4 | 7 | 10 => c == '-',
        _ => c.is_ascii_digit(),
    });
    let (_, hex) = rest.split_once(']').filter(|_| rest.contains('['))?;
    let named = dated && hex.len() == 32 && hex.chars().all(|c| c.is_ascii_hexdigit());
    named.then(|| format!("{}{rest}", date.replace('-', "/")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_may_name_a_function() {
        for (name, want) in [
            ("orders-api.log", Some("orders-api")),
            ("logs/orders_api", Some("orders_api")),
            ("orders-api.log.3", Some("orders-api")),
            ("orders-api.log-20261123.gz", Some("orders-api")),
            ("capture.ndjson.gz", None),
            ("Logs.txt", None),
            ("000000.gz", None),
            (".hidden", None),
            ("two words.log", None),
            ("lambda-get-policy.json", None),
            ("inventory/list-functions.json", None),
            ("list-orders.json", Some("list-orders")),
            ("2026-11-23.log", None),
            ("/", None),
        ] {
            assert_eq!(function_of_file(Path::new(name)).as_deref(), want, "{name}");
        }
    }

    #[test]
    fn an_exports_folder_is_named_after_its_stream() {
        let hex = "374cd7798d2a4e36a494a23d658b9741";
        for (path, want) in [
            (format!("export/x/2023-07-05-[56]{hex}/000000.gz"), Some(format!("2023/07/05/[56]{hex}"))),
            (format!("2023-07-05-pay[56]{hex}/000000.gz"), Some(format!("2023/07/05/pay[56]{hex}"))),
            ("2023-07-05-logs/000000.gz".to_string(), None),
            ("logs/000000.gz".to_string(), None),
        ] {
            assert_eq!(stream_of_folder(Path::new(&path)).as_deref(), want.as_deref(), "{path}");
        }
    }
}
