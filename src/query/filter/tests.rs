//! What a filter means, and what it says of a mistake.

use super::*;
use proptest::prelude::*;

fn terms(text: &str) -> Vec<(bool, Condition)> {
    Filter::parse(text).unwrap().terms.into_iter().map(|term| (term.not, term.what)).collect()
}

#[test]
fn reads_every_kind_of_term() {
    assert_eq!(
        terms(r#"fn:pay* err -cold status:timeout dur>800ms dur<=1.5s "card declined" -word fn:"a b""#),
        [
            (false, Condition::Function("pay*".into())),
            (false, Condition::Failed),
            (true, Condition::Cold),
            (false, Condition::Status("timeout".into())),
            (false, Condition::Duration(Compare::More, 800_000)),
            (false, Condition::Duration(Compare::AtMost, 1_500_000)),
            (false, Condition::Text("card declined".into())),
            (true, Condition::Text("word".into())),
            (false, Condition::Function("a b".into())),
        ]
    );
    assert_eq!(terms("  "), []);
    assert_eq!(terms("dur>=250us dur<2m")[1].1, Condition::Duration(Compare::Less, 120_000_000));
    assert_eq!(
        terms("mem>90% -mem<=512MB id:8f50 trace:1-6b level>=warn level:error"),
        [
            (false, Condition::Memory(Compare::More, Amount::Percent(90))),
            (true, Condition::Memory(Compare::AtMost, Amount::Mb(512))),
            (false, Condition::Id("8f50".into())),
            (false, Condition::Trace("1-6b".into())),
            (false, Condition::Level(Compare::AtLeast, Level::Warn)),
            (false, Condition::Level(Compare::Equal, Level::Error)),
        ]
    );
}

#[test]
fn a_regular_expression_stands_between_two_slashes() {
    let one = |text: &str| match Filter::parse(text).unwrap().terms.as_slice() {
        [Term { not, what: Condition::Pattern(pattern) }] => (*not, pattern.clone()),
        other => panic!("{text}: {other:?}"),
    };
    let (not, pattern) = one("-/card (declined|expired)/");
    assert!(not && pattern.is_in("the card expired") && !pattern.is_in("Card expired"));
    assert!(one("/(?i)CARD/").1.is_in("card"));
    assert!(one("/a\\/b/").1.is_in("a/b"));
    // Paths are no expressions.
    for path in ["/aws/lambda/pay", "/var/log", "/"] {
        assert_eq!(terms(path), [(false, Condition::Text(path.into()))], "{path}");
    }
    assert_eq!(terms("/a b").len(), 2);
    // However large it is written, it stays small.
    let mistake = Filter::parse("/(a{1000}){1000}{1000}/").unwrap_err();
    assert!(mistake.message.contains("too large"), "{mistake}");
}

#[test]
fn what_only_lines_can_answer_leaves_no_invocation_out() {
    let filter = Filter::parse("-level>=warn fn:pay").unwrap();
    assert!(filter.holds(|condition| match condition {
        Condition::Level(..) => None,
        _ => Some(true),
    }));
    assert_eq!(filter.of_function("pay"), Some(true));
    let passed_over = |filter: &str, of| Filter::parse(filter).unwrap().passed_over(of);
    assert_eq!(
        passed_over("-level>=warn fn:pay", Asked::Invocations).as_deref(),
        Some("-level>=warn: not asked of invocations")
    );
    assert_eq!(passed_over("err mem>90%", Asked::Invocations), None);
    assert_eq!(
        passed_over("err mem>90% status:timeout status:overdue", Asked::Traces).as_deref(),
        Some("mem>90% status:overdue: not asked of traces")
    );
    assert_eq!(
        passed_over("fn:a cold word /x/", Asked::Problems).as_deref(),
        Some("cold: not asked of problems")
    );
    assert_eq!(passed_over("level>=warn err", Asked::Lines), None);
}

#[test]
fn says_where_a_mistake_is_and_what_to_write() {
    for (text, at, word) in [
        ("err foo:bar", 4, "no field \"foo\""),
        ("arn:aws", 0, "quotes"),
        ("status:bad", 7, "init-error"),
        ("dur>800", 4, "unit"),
        ("dur>fast", 4, "unit"),
        ("dur:800ms", 3, "compare"),
        ("x \"open", 2, "not closed"),
        ("fn:", 3, "name"),
        ("mem>3", 4, "90%"),
        ("mem:3MB", 3, "compare"),
        ("foo>3", 0, "\"foo\" can't"),
        ("err>3", 0, "\"err\" can't"),
        ("level>=loud", 7, "warn"),
        ("level:", 6, "warn"),
        ("id:", 3, "request id"),
        ("trace:", 6, "trace"),
        ("x /(/", 2, "unclosed group"),
        ("//", 0, "between"),
        ("- err", 0, "without a blank"),
        ("\"\"", 0, "no text"),
        ("\"a\"b", 3, "blank"),
        ("err:", 3, "alone"),
        ("für:x", 0, ""),
    ] {
        match Filter::parse(text) {
            Err(mistake) => {
                assert_eq!(mistake.at, at, "{text}");
                assert!(mistake.whole().contains(word), "{text}: {mistake}");
                // Beside the sign of its place, in half a screen of 80.
                assert!(mistake.message.contains("unclosed") || mistake.message.len() <= 38, "{mistake}");
            }
            Ok(filter) => {
                assert_eq!(filter.terms, [Term { not: false, what: Condition::Text(text.into()) }])
            }
        }
    }
}

#[test]
fn names_match_with_wildcards() {
    for (pattern, name, want) in [
        ("pay*", "payment-capture", true),
        ("pay", "payment-capture", false),
        ("*-capture", "Payment-Capture", true),
        ("p*nt*e", "payment-capture", true),
        ("*", "", true),
        ("a*a", "a", false),
        ("", "x", false),
        ("user-login:live", "user-login:live", true),
    ] {
        assert_eq!(wild(pattern, name), want, "{pattern} {name}");
    }
}

#[test]
fn the_name_alone_may_decide() {
    let of = |filter: &str, name: &str| Filter::parse(filter).unwrap().of_function(name);
    assert_eq!(of("fn:pay*", "pay-1"), Some(true));
    assert_eq!(of("fn:pay* err", "pay-1"), None);
    assert_eq!(of("fn:pay* err", "login"), Some(false));
    assert_eq!(of("-fn:pay*", "login"), Some(true));
    assert_eq!(of("log", "login"), Some(true));
    assert_eq!(of("-log", "login"), Some(false));
    assert_eq!(of("", "login"), Some(true));
}

#[test]
fn explains_itself() {
    let filter = Filter::parse("fn:pay* err -cold dur>800ms \"card\"").unwrap();
    assert_eq!(
        filter.explain(),
        "invocations of pay* and that failed and that are no cold starts and that took more than \
         800 ms and with \"card\""
    );
    assert_eq!(Filter::default().explain(), "everything");
}

proptest! {
    #[test]
    fn never_panics_and_prints_as_it_can_be_typed(text in any::<String>()) {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }
    }

    #[test]
    fn what_looks_like_a_filter_prints_as_it_can_be_typed(
        text in "((-)?(err|cold|fn:[a-c*]{1,3}|status:ok|dur[<>]=?[0-9]{1,3}(us|ms|s)|mem[<>]=?[0-9]{1,3}(%|MB)|id:[0-9a-f]{1,4}|trace:1-[0-9a-f]{1,3}|level(>=|<|:)(info|warn)|/[a-c.* ]{1,4}/|\"[a-z \\\\\"]{1,5}\"|[a-z]{1,3}) ){0,4}"
    ) {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }
    }
}
