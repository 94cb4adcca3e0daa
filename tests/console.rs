//! The real console in a pty, its numbers against the truth of the capture it replays.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use lamtop::clock::Clock;
use rustix::process::Signal;
use serde_json::Value;
use support::program;
use support::pty::{Pty, command};

fn truth() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/truth.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The sample incident, paused at its end: all numbers are the whole capture's.
fn at_the_end(columns: u16, rows: u16) -> Pty {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/*.gz");
    let arguments = ["replay", folder.to_str().unwrap(), "--paused", "--at", "2026-11-23T09:23:00Z"];
    let pty = Pty::start(command(program(), &arguments), columns, rows);
    pty.wait_text("09:23:0");
    pty.wait_text("user-login");
    pty
}

/// The row of a function in the table, once it says so.
fn wait_row(pty: &Pty, function: &str, figures: &[&str]) {
    pty.wait(&format!("{function}: {figures:?}"), |screen| {
        screen.contents().lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            line.contains(function) && figures.iter().all(|figure| words.contains(figure))
        })
    });
}

#[test]
fn the_table_shows_the_truth_and_filter_open_back_resize_quit_work() {
    let truth = truth();
    let figure =
        |function: &str, what: &str| truth["functions"][function][what].as_u64().unwrap().to_string();
    let pty = at_the_end(140, 45);
    wait_row(&pty, "payment-authorize", &["error", &figure("payment-authorize", "errors")]);
    wait_row(&pty, "sms-dispatch", &["timeout", &figure("sms-dispatch", "errors")]);
    assert_eq!(figure("user-login", "throttles"), "1353");
    wait_row(&pty, "user-login", &["throttle", "1,353"]);
    for panel in ["Invocations", "Duration", "Errors", "Throttles", "Concurrency", "Traces"] {
        assert!(pty.text().contains(panel), "{panel} is missing");
    }

    assert!(pty.text().contains("│count"), "the errors panel draws no counts");

    pty.send("\\");
    pty.send("fn:user*\r");
    pty.wait("only the filtered functions", |screen| {
        let text = screen.contents();
        text.contains("user-login") && text.contains("user-profile") && !text.contains("checkout-api")
    });
    pty.send("\r");
    pty.wait_text("Environments");
    pty.send("\x1b");
    pty.wait("back at the table", |screen| !screen.contents().contains("Environments"));
    pty.resize(80, 24);
    pty.wait("the small screen", |screen| {
        screen.size().0.get() == 24
            && screen.contents().contains("Duration p99")
            && screen.contents().contains("user-login")
    });
    pty.resize(20, 5);
    pty.wait_text("too small");
    pty.resize(80, 24);
    pty.wait_text("Duration p99");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert!(pty.unusual().is_empty(), "{:?}", pty.unusual());
}

#[test]
fn seeking_back_and_forth_changes_nothing() {
    let pty = at_the_end(140, 45);
    let at_end = |pty: &Pty| wait_row(pty, "user-login", &["throttle", "1,353"]);
    at_end(&pty);
    pty.send("t");
    pty.send("2026-11-23T09:04:00Z\r");
    wait_row(&pty, "user-login", &["ok"]);
    pty.wait("no failure yet", |screen| !screen.contents().contains("✗"));
    pty.send("t");
    pty.send("2026-11-23T09:23:00Z\r");
    at_end(&pty);
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn a_signal_ends_it_with_the_terminal_restored() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let pty = Pty::start(command(program(), &["demo"]), 100, 30);
        pty.wait_text("Invocations");
        pty.signal(signal);
        assert_eq!(pty.end(), code, "{signal:?}");
        pty.assert_restored();
    }
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let out = std::process::Command::new(program()).arg("demo").output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(err.contains("needs a terminal") && err.contains("lamtop report"), "{err}");
}

/// What is wrong with what was said comes before what is wrong with where it was said.
#[test]
fn without_a_terminal_a_wrong_option_or_path_is_named_first() {
    for (arguments, says) in [
        (vec!["--theme", "pink"], "--theme: 'pink'"),
        (vec!["--color", "7"], "--color: '7'"),
        (vec!["--view", "foo"], "--view: 'foo'"),
        (vec!["--memory", "3"], "--memory: '3'"),
        (vec!["--keys", "foo"], "--keys: 'foo'"),
        (vec!["/no/such/path"], "/no/such/path: no such file"),
        (vec!["replay", "/no/such/path"], "/no/such/path: no such file"),
        (vec![], "nothing to do"),
    ] {
        let out = std::process::Command::new(program()).args(&arguments).output().unwrap();
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(err.starts_with(&format!("lamtop: {says}")), "{arguments:?}: {err}");
    }
}

/// Three keys from a spike: the crosshair stands on it, Enter lists its invocations, Enter opens
/// the first with its lines; the third is for reading on.
#[test]
fn three_keys_from_a_spike_to_the_lines_that_explain_it() {
    let truth = truth();
    let incidents = truth["incidents"].as_array().unwrap();
    let deploy = incidents.iter().find(|one| one["kind"] == "bad-deploy").unwrap();
    let function = deploy["function"].as_str().unwrap();
    let version = deploy["numbers"]["version"].as_u64().unwrap();
    let pty = at_the_end(140, 45);
    pty.send("\\");
    pty.send(&format!("fn:{function}\r"));
    pty.wait("the function alone", |screen| !screen.contents().contains("user-login"));
    // To the panel of errors, and some minutes back: into the time of the bad deploy.
    pty.send("\t\t\t");
    pty.send(&"h".repeat(8));
    pty.wait_text("09:16:00Z");
    let text = pty.text();
    let told = text.lines().find(|line| line.starts_with("09:16:00Z")).unwrap();
    let count = told.split_once(" count ").unwrap().1.split_whitespace().next().unwrap().to_string();
    assert_ne!(count, "0");
    pty.send("\r");
    pty.wait("the invocations of the spike, failed ones first", |screen| {
        let text = screen.contents();
        // Also its rows: before there are any, a key opens none.
        text.contains("failed first")
            && text.contains("began 09:16:00 to 09:17:00Z")
            && text.contains(" 1 of ")
    });
    pty.send("\r");
    pty.wait("the invocation and its lines", |screen| {
        let text = screen.contents();
        text.contains(&format!("> invocation {function}"))
            && text.contains(&format!("version {version}"))
            && text.contains("ReferenceError")
            && text.contains("START RequestId")
            && text.contains("REPORT RequestId")
    });
    pty.send("L");
    pty.wait_text(&format!("> logs {function}"));
    pty.send("\x1b");
    pty.wait_text("> invocation ");
    pty.send("\x1b");
    pty.wait_text("failed first");
    // As many failed as the panel counted.
    pty.send("\\");
    pty.send(" err\r");
    pty.wait_text(&format!("1 of {count} "));
    pty.send("\x1b\x1b\x1b\x1b");
    pty.wait("the overview", |screen| {
        let text = screen.contents();
        text.contains("STATE") && text.contains("22 fn")
    });
    pty.send("q");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert!(pty.unusual().is_empty(), "{:?}", pty.unusual());
}

#[test]
fn the_list_of_invocations_counts_what_the_truth_counts() {
    let truth = truth();
    let pty = at_the_end(80, 24);
    let all = truth["totals"]["invocations"].as_u64().unwrap();
    let errors = truth["totals"]["errors"].as_u64().unwrap();
    // From a panel it is the list of all functions' invocations.
    pty.send("\t3");
    let shown = |n: u64| match n {
        ..1_000 => format!("1 of {n} "),
        _ => format!("1 of {},{:03} ", n / 1_000, n % 1_000),
    };
    pty.wait_text(&shown(all));
    pty.send("G");
    pty.wait_text(&format!("─ {},{:03} of ", all / 1_000, all % 1_000));
    pty.send("g");
    pty.wait_text(&shown(all));
    pty.send("\\");
    pty.send("err\r");
    pty.wait_text(&shown(errors));
    pty.resize(40, 10);
    pty.wait("a small screen", |screen| screen.size().0.get() == 10 && screen.contents().contains("START"));
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
}

#[test]
fn an_invocation_opens_to_its_lines() {
    let pty = at_the_end(140, 45);
    wait_row(&pty, "payment-authorize", &["error"]);
    pty.send("\r");
    pty.wait_text("Environments");
    pty.wait("its invocations", |screen| {
        let text = screen.contents();
        let mut below = text.lines().skip_while(|line| !line.contains("REQUEST ID")).skip(1);
        below.next().is_some_and(|row| row.matches('-').count() >= 4)
    });
    pty.send("\r");
    pty.wait_text("> invocation payment-authorize");
    pty.wait_text("REPORT RequestId");
    pty.send("L");
    pty.wait("the invocation's lines", |screen| {
        let text = screen.contents();
        let lines: Vec<&str> = text.lines().collect();
        lines[0].contains("> logs payment-authorize")
            && lines.iter().any(|line| line.contains("AWS") && line.contains("START RequestId"))
            && lines.iter().any(|line| line.contains("REPORT RequestId"))
    });
    pty.wait("lines of this invocation alone", |screen| {
        let text = screen.contents();
        let id = text.split_once("request ").and_then(|(_, rest)| rest.get(..36));
        let mut printed = text.lines().filter(|line| line.contains("RequestId: "));
        id.is_some_and(|id| printed.all(|line| line.contains(id)))
    });
    pty.send("\x1b");
    pty.wait_text("> invocation payment-authorize");
    pty.send("\x1b");
    pty.wait_text("Environments");
    pty.send("q");
    pty.send("q");
    assert_eq!(pty.end(), 0);
    assert!(pty.unusual().is_empty(), "{:?}", pty.unusual());
}

/// A wrapped line of `orders`, so many ms after a minute ago.
fn line(ms: i64, said: &str) -> String {
    let time = Clock::wall().now().0 - 60_000 + ms;
    let stream = "2026/11/23/[1]a";
    format!(
        "{{\"logGroup\":\"/aws/lambda/orders\",\"logStream\":\"{stream}\",\"timestamp\":{time},\"message\":\"{said}\"}}\n"
    )
}

#[test]
fn appended_lines_are_followed_until_one_moves_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ndjson");
    let begin: String = (0..100).map(|n| line(n, &format!("line {n} here"))).collect();
    std::fs::write(&path, begin).unwrap();
    let append = |text: &str| {
        use std::io::Write;
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
    };
    let pty = Pty::start(command(program(), &["--view", "logs", path.to_str().unwrap()]), 100, 24);
    pty.wait_text("line 99 here");
    append(&line(200, "the appended one"));
    pty.wait_text("the appended one");
    pty.wait_text("following");
    pty.send("k");
    pty.wait("following let go", |screen| !screen.contents().contains("following"));
    append(&(line(300, "second after") + &line(301, "third after, \\u001b[31mred \\u202e")));
    pty.wait_text("2 new");
    assert!(!pty.text().contains("second after"), "nothing moves under the eyes");
    pty.send("G");
    pty.wait_text("third after, ␛[31mred");
    pty.wait_text("following");
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
    pty.assert_restored();
    assert!(pty.unusual().is_empty(), "{:?}", pty.unusual());
}

/// The rows of lines on screen, without what stands above and below them.
fn rows_of_lines(text: &str) -> Vec<String> {
    text.lines().filter(|row| row.contains(" line ")).map(str::to_string).collect()
}

/// A number in a text, written with commas, before a word.
fn number_before(text: &str, word: &str) -> Option<u64> {
    let before = &text[..text.find(word)?];
    before.split_whitespace().last()?.replace(',', "").parse().ok()
}

/// However fast lines are appended, what is read stays where it is; how many are new is counted, and the
/// newest is the last that was written.
#[test]
fn nothing_moves_under_the_eyes_while_all_that_a_disk_gives_pours_in() {
    use std::io::Write;

    const BURST: u64 = 100_000;
    const BURSTS: u64 = 4;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ndjson");
    let begin: String = (0..100).map(|n| line(n, &format!("a line {n} here"))).collect();
    std::fs::write(&path, begin).unwrap();
    let pour = |from: u64| {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        for first in (from..from + BURST).step_by(1_000) {
            let more = (first..first + 1_000).map(|n| line(30_000, &format!("a line {n} here")));
            file.write_all(more.collect::<String>().as_bytes()).unwrap();
        }
    };
    let pty = Pty::start(command(program(), &["--view", "logs", path.to_str().unwrap()]), 100, 24);
    pty.wait_text("a line 99 here");
    pty.send("kkk");
    pty.wait("following let go", |screen| !screen.contents().contains("following"));
    let before = rows_of_lines(&pty.text());
    assert!(before.len() > 10 && before.iter().any(|row| row.contains("a line 99 here")), "{before:?}");
    for burst in 0..BURSTS {
        std::thread::scope(|threads| {
            threads.spawn(|| pour(100 + burst * BURST));
            pty.wait("all that is new", |screen| {
                let text = screen.contents();
                assert_eq!(rows_of_lines(&text), before);
                number_before(&text, " new") == Some((burst + 1) * BURST)
            });
        });
    }
    pty.send("G");
    pty.wait_text(&format!("a line {} here", 100 + BURSTS * BURST - 1));
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_text_is_found_beyond_what_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.ndjson");
    let said = |n: i64| match n {
        40 | 4_500 => format!("line {n} has the Needle here"),
        _ => format!("line {n} {}", "hay ".repeat(40)),
    };
    let text: String = (0..5_000).map(|n| line(n, &said(n))).collect();
    std::fs::write(&path, text).unwrap();
    let arguments = ["replay", path.to_str().unwrap(), "--paused", "--at", "+9m", "--view", "logs"];
    let pty = Pty::start(command(program(), &arguments), 100, 24);
    pty.wait_text("line 4999 hay");
    pty.send("/needle\r");
    pty.wait_text("line 4500 has the Needle here");
    pty.send("N");
    // Half a frame may show both.
    pty.wait("the one before alone", |screen| {
        let text = screen.contents();
        text.contains("line 40 has the Needle here") && !text.contains("line 4500 has")
    });
    pty.send("n");
    pty.wait_text("line 4500 has the Needle here");
    pty.send("n");
    pty.wait_text("no \"needle\" after this line");
    pty.send("g");
    pty.wait_text("line 0 hay");
    pty.send("q");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_problem_leads_in_two_keys_to_the_record_that_shows_it() {
    let truth = truth();
    let incident = &truth["incidents"].as_array().unwrap()[0];
    assert_eq!(incident["kind"], "bad-deploy");
    let function = incident["function"].as_str().unwrap();
    let version = incident["numbers"]["version"].as_u64().unwrap();
    let pty = at_the_end(140, 45);
    pty.wait_text(&format!("{function}:{version} bad-deploy"));
    // The worst row is the first one, and its sentence is below the table.
    pty.wait_text(&format!("{function}:{version}: version {version} fails"));
    pty.send("x");
    pty.wait_text("shown by");
    pty.send("\r");
    // The first failed invocation of the new version began when the incident did.
    let since = incident["from"].as_i64().unwrap();
    let time = lamtop::model::Timestamp(since).to_string();
    let time = &time[11..23];
    pty.wait(&format!("the record of {time}"), |screen| {
        let text = screen.contents();
        text.lines().any(|line| line.starts_with(time) && line.contains("START RequestId"))
    });
    pty.send("q");
    pty.wait_text("shown by");
    pty.send("{");
    pty.wait("an earlier time", |screen| !screen.contents().contains("09:23:00Z"));
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
}

#[test]
fn what_is_no_log_in_a_folder_is_said_and_disturbs_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let arguments = ["replay", folder.to_str().unwrap(), "--paused", "--at", "2026-11-23T09:23:00Z"];
    let pty = Pty::start(command(program(), &arguments), 140, 45);
    wait_row(&pty, "sms-dispatch", &["timeout"]);
    // Its README and script are beside the captures: no function, no bad record.
    let text = pty.text();
    assert!(text.contains("22 fn") && !text.contains("bad "), "{text}");
    pty.send("7");
    pty.wait_text("sample-logs/README.md");
    pty.send("g");
    pty.wait("what the README is", |screen| {
        let text = screen.contents();
        text.contains("text only, no record of Lambda in it")
    });
    pty.send("\x03");
    assert_eq!(pty.end(), 0);
}

/// What is saved lies in the current folder, twice under two names, and is what was on the screen.
#[test]
fn the_screen_and_the_table_are_saved_as_files() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/*.gz");
    let arguments = ["replay", samples.to_str().unwrap(), "--paused", "--at", "2026-11-23T09:23:00Z"];
    let mut started = command(program(), &arguments);
    started.cwd(folder.path());
    let pty = Pty::start(started, 140, 45);
    wait_row(&pty, "user-login", &["throttle", "1,353"]);
    let save = |what: &str, name: &str| {
        pty.send("S");
        pty.wait_text("what to do");
        pty.send(what);
        pty.wait_text(what);
        pty.send("\r");
        pty.wait_text(&format!("to {name}"));
        std::fs::read_to_string(folder.path().join(name)).unwrap()
    };
    let name = "lamtop-overview-20261123T092300Z";
    let text = save("as text", &format!("{name}.txt"));
    assert!(text.lines().any(|line| line.contains("user-login") && line.contains("1,353")), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("what to do"), "{text}");
    pty.send("j");
    pty.wait("no word of it any more", |screen| !screen.contents().contains("saved "));
    save("as text", &format!("{name}-2.txt"));
    let svg = save("picture", &format!("{name}.svg"));
    assert!(svg.starts_with("<svg ") && svg.contains("user-login"), "{svg}");
    let table = save("CSV", &format!("{name}.csv"));
    let login = table.lines().find(|line| line.starts_with("user-login,throttle,")).unwrap();
    assert!(login.split(',').any(|field| field == "1353"), "{login}");
    pty.send("q");
    assert_eq!(pty.end(), 0);
}
