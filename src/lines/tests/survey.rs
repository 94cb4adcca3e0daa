//! Surveys against all lines looked at one by one.

use super::*;
use crate::lines::shape;
use crate::lines::survey::Most;
use crate::query::survey::{Since, Survey, SurveyOf, SurveyRequest};

const BEGIN: i64 = 1_795_000_000_000;

fn question(as_of: i64, window_ms: i64) -> SurveyRequest {
    SurveyRequest {
        as_of: Timestamp(BEGIN + as_of),
        of: SurveyOf {
            mask: false,
            window_ms,
            function: None,
            filter: Filter::default(),
            shape: None,
            find: String::new(),
            columns: 10,
            patterns: Some(Since::Middle),
            events: false,
        },
    }
}

fn listed(survey: &Survey) -> u64 {
    let patterns = survey.patterns.as_ref().unwrap();
    patterns.rows.iter().map(|pattern| pattern.lines).sum::<u64>() + patterns.rest.1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_line_of_the_window_is_lost(
        made in made(), as_of in 0i64..40_000, window in 1i64..60_000, kind in 0usize..5,
        function in prop::option::of(0u32..3), few: bool,
    ) {
        let memory = Memory { sources: sources(&made), ..Memory::default() };
        let snapshot = snapshot_of(&memory);
        let mut ask = question(as_of, window);
        ask.of.filter = Filter::parse(["", "err", "\"line 1\"", "fn:fn-1", "-err \"word\""][kind]).unwrap();
        ask.of.function = function.map(FunctionId).filter(|id| snapshot.function(*id).is_some());
        ask.of.find = "line 1".to_string();
        let mut reader = Reader::new(&memory);
        let most = if few { Most { lines: 1, bytes: 1 } } else { Most::default() };
        let survey = reader.survey_most(&snapshot, &ask, most);

        // Every line that is in the window.
        let mut lines = request(Anchor::Tail, 0);
        (lines.as_of, lines.function) = (ask.as_of, ask.of.function);
        let (all, _) = all_lines(&memory);
        let inside = |origin: &Origin| {
            let line = all.iter().find(|(source, line)| line.origin(*source) == *origin).unwrap();
            survey.window.holds(line.1.time)
        };
        let whole = expected(&memory, &snapshot, &lines).iter().filter(|at| inside(at)).count() as u64;
        lines.filter = ask.of.filter.clone();
        let want = expected(&memory, &snapshot, &lines);
        let want: Vec<&Origin> = want.iter().filter(|at| inside(at)).collect();
        prop_assert_eq!(listed(&survey), survey.matching, "no line is lost");
        let counted: u64 = survey.columns.iter().map(|part| u64::from(part.lines)).sum();
        prop_assert_eq!(counted, survey.matching);
        let errors: u64 = survey.columns.iter().map(|part| u64::from(part.errors)).sum();
        prop_assert_eq!(errors, survey.errors);
        prop_assert!(survey.found <= survey.matching && survey.matching <= survey.lines);
        prop_assert_eq!(survey.unread == 0, survey.read_after.is_none());
        if survey.unread == 0 {
            prop_assert_eq!(survey.matching, want.len() as u64);
            // Stretches in which no line of the named function lies are not read at all.
            let all = if kind == 3 { survey.lines } else { whole };
            prop_assert!(survey.lines == all && all <= whole);
        } else {
            // How many could not be read is not known before.
            let bad = all.iter().filter(|(_, line)| line.kind == Kind::Bad).count() as u64;
            prop_assert!(survey.lines <= whole);
            prop_assert!(kind == 3 || whole <= survey.lines + survey.unread + bad);
        }

        // The lines of a shape are found again by it.
        for pattern in &survey.patterns.as_ref().unwrap().rows {
            let mut one = ask.clone();
            one.of.shape = Some(pattern.shape.clone());
            prop_assert_eq!(reader.survey_most(&snapshot, &one, most).matching, pattern.lines);
            lines.shape = Some(pattern.shape.clone());
            (lines.anchor, lines.count) = (Anchor::Tail, 1_000);
            let rows = Reader::new(&memory).answer(&snapshot, &lines).rows;
            if survey.unread == 0 {
                prop_assert_eq!(rows.iter().filter(|row| inside(&row.origin)).count() as u64, pattern.lines);
            }
            for row in rows.iter().filter(|row| !row.more && row.bad.is_none()) {
                prop_assert_eq!(shape::of_line(Kind::Log, &row.text), &*pattern.shape);
            }
        }
    }
}

#[test]
fn it_reads_the_newest_and_says_what_it_left() {
    let memory = long(20_000);
    let snapshot = snapshot_of(&memory);
    let mut reader = Reader::new(&memory);
    let mut ask = question(20_000_000, 20_000_000);
    let whole = reader.survey(&snapshot, &ask);
    assert_eq!((whole.lines, whole.unread, whole.read_after), (20_000, 0, None));
    let patterns = whole.patterns.unwrap();
    assert_eq!((patterns.rows.len(), patterns.judged), (1, true));
    assert!(!patterns.rows[0].new && patterns.rows[0].shape.starts_with("line <n> x"));
    let before = memory.read.get();
    let part = Reader::new(&memory).survey_most(&snapshot, &ask, Most { lines: 5_000, bytes: 1 << 30 });
    assert!((5_000..7_000).contains(&part.lines), "{}", part.lines);
    assert_eq!(part.lines + part.unread, 20_000);
    let after = part.read_after.unwrap();
    assert!(part.columns.iter().rev().take(2).all(|part| part.lines >= 1_999));
    assert!(after > Timestamp(BEGIN + 10_000_000), "{after:?}");
    assert!(!part.patterns.unwrap().judged, "nothing before the middle was read");
    assert!(memory.read.get() - before < 4 << 20);
    // By bytes; and without texts a stretch is read once.
    let part = Reader::new(&memory).survey_most(&snapshot, &ask, Most { lines: u64::MAX, bytes: 1 << 20 });
    assert!(part.lines > 1_000 && part.unread > 10_000);
    ask.of.patterns = None;
    reader.survey(&snapshot, &ask);
    let before = memory.read.get();
    assert_eq!(reader.survey(&snapshot, &ask).lines, 20_000);
    assert_eq!(memory.read.get(), before);
}

#[test]
fn a_source_that_is_gone_is_said_in_a_survey_too() {
    let mut memory = long(10);
    memory.sources.push(long(3).sources[0].clone());
    let snapshot = snapshot_of(&memory);
    memory.gone = Some(SourceId(0));
    let survey = Reader::new(&memory).survey(&snapshot, &question(60_000, 120_000));
    assert_eq!((survey.lines, survey.note.as_deref()), (3, Some("it is gone")));
    let empty = Memory::default();
    let survey = Reader::new(&empty).survey(&snapshot_of(&empty), &question(0, 0));
    assert_eq!((survey.lines, survey.unread, survey.note), (0, 0, None));
}

/// A source of one function's stream: each invocation logs what is given, so long in ms after its START.
fn logging(attempts: &[(i64, &str, &str)]) -> Vec<u8> {
    let mut out = String::new();
    for (start, id, said) in attempts {
        let mut put = |time: i64, message: &str| {
            let message = serde_json::to_string(message).unwrap();
            let head = r#"{"logGroup":"/aws/lambda/fn-0","logStream":"2026/11/23/[1]a","timestamp":"#;
            writeln!(out, "{head}{},\"message\":{message}}}", BEGIN + time).unwrap();
        };
        put(*start, &format!("START RequestId: {id} Version: 1"));
        put(start + 1, said);
        put(start + 2, said);
        let report =
            "\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB";
        let failed = if *start == 1_000 { "\tStatus: error\tError Type: Runtime.ExitError" } else { "" };
        put(start + 9, &format!("REPORT RequestId: {id}{report}{failed}"));
    }
    out.into_bytes()
}

#[test]
fn events_that_were_logged_are_told_with_how_long_they_had_waited() {
    use crate::query::survey::EventSource;

    let id = |n: u32| format!("8f507cfc-1f5e-4e0e-8d4b-{n:012x}");
    let sqs = |sent: i64| {
        let sent = BEGIN + sent;
        format!(
            r#"got {{'Records': [{{'attributes': {{'SentTimestamp': '{sent}'}}, 'eventSource': 'aws:sqs'}}]}}"#
        )
    };
    let (first, second, third) = (sqs(600), sqs(0), sqs(900));
    let (a, b, c, d) = (id(1), id(2), id(3), id(4));
    let attempts = [
        (1_000, a.as_str(), first.as_str()),
        (2_000, b.as_str(), second.as_str()),
        (3_000, c.as_str(), "no event, though it says eventSource"),
        // The same event for the second time tells nothing of the queue.
        (4_000, a.as_str(), first.as_str()),
        (90_000, d.as_str(), third.as_str()),
    ];
    let memory = Memory { sources: vec![logging(&attempts)], ..Memory::default() };
    let snapshot = snapshot_of(&memory);
    let mut ask = question(80_000, 200_000);
    (ask.of.events, ask.of.patterns) = (true, None);
    ask.of.function = Some(FunctionId(0));
    let mut reader = Reader::new(&memory);
    let told = reader.survey(&snapshot, &ask).events.unwrap();
    let [row] = told.rows.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (row.source, row.events.value()),
        (EventSource::Sqs, Some(&3)),
        "what came later is not known"
    );
    let lag = row.lag.unwrap();
    assert_eq!((lag.events, lag.p50_ms, lag.max_ms.value()), (2, 400, Some(&2_000)));
    ask.as_of = Timestamp(BEGIN + 100_000);
    let told = reader.survey(&snapshot, &ask).events.unwrap();
    assert_eq!(told.rows[0].lag.unwrap().max_ms.value(), Some(&89_100));
    (ask.of.events, ask.of.function) = (false, None);
    assert_eq!(reader.survey(&snapshot, &ask).events, None);
}

#[test]
fn patterns_do_not_show_lines_of_a_key() {
    let line = |second: i64, text: &str| {
        let (time, message) = (BEGIN + second * 1_000, serde_json::json!(text));
        format!(r#"{{"logGroup":"/aws/lambda/f","logStream":"s","timestamp":{time},"message":{message}}}"#)
            + "\n"
    };
    let body = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdEfGhIjKlMnOpQrStUvWxYz";
    let said =
        ["-----BEGIN PRIVATE KEY-----", body, "q7Zw", "-----END PRIVATE KEY-----", "to ann@example.com"];
    let bytes = (0..).zip(said).map(|(second, text)| line(second, text)).collect::<String>();
    for (mask, from) in [(true, 0), (true, 1), (false, 0)] {
        let bytes = bytes.split_inclusive('\n').skip(from).collect::<String>().into_bytes();
        let memory = Memory { sources: vec![bytes], ..Memory::default() };
        let mut ask = question(10_000, 60_000);
        ask.of.mask = mask;
        let survey = Reader::new(&memory).survey(&snapshot_of(&memory), &ask);
        let rows = survey.patterns.unwrap().rows;
        assert_eq!(rows.len(), said.len() - from);
        for row in rows {
            let words = row.newest.starts_with("to ");
            match (mask, words) {
                (true, true) => assert_eq!(row.newest, "to [masked]"),
                (true, false) => assert_eq!(row.newest, "[masked]"),
                (false, _) => assert!(said.contains(&row.newest.as_str())),
            }
            assert!(!words || !row.of_key);
        }
    }
}
