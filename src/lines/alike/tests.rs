//! Shapes put together, against the same done slowly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use regex::{Captures, Regex};

use super::*;

/// A word of letters that stands for a number.
fn name(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    String::from_iter([letter(n / 26), letter(n), 'x'])
}

fn put(shapes: &[String]) -> Vec<Option<String>> {
    let shapes: Vec<&str> = shapes.iter().map(String::as_str).collect();
    together(&shapes).into_iter().map(|its| its.map(|its| its.to_string())).collect()
}

fn count(shapes: &[String]) -> usize {
    let all: BTreeSet<String> = put(shapes)
        .into_iter()
        .zip(shapes)
        .map(|(its, shape)| its.unwrap_or_else(|| shape.clone()))
        .collect();
    all.len()
}

#[test]
fn names_are_any_word_and_what_programs_call_things_is_not() {
    let users = |n: usize| -> Vec<String> { (0..n).map(|n| format!("user {} logged in", name(n))).collect() };
    assert!(put(&users(16)).iter().all(Option::is_none));
    assert!(put(&users(17)).iter().all(|its| its.as_deref() == Some("user <word> logged in")));
    let files: Vec<String> = (0..40).map(|n| format!("wrote /tmp/{}.csv in <n> ms", name(n))).collect();
    assert_eq!(put(&files)[39].as_deref(), Some("wrote /tmp/<word>.csv in <n> ms"));
    // What begins a line tells it apart, unless enough is left.
    let alone: Vec<String> = (0..40).map(name).collect();
    assert_eq!(count(&alone), 40);
    assert_eq!(count(&alone.iter().map(|name| format!("{name} failed")).collect::<Vec<_>>()), 40);
    assert_eq!(count(&alone.iter().map(|name| format!("{name} has failed")).collect::<Vec<_>>()), 1);
    assert_eq!(count(&alone.iter().map(|name| format!("<time> {name}")).collect::<Vec<_>>()), 40);
    assert_eq!(count(&alone.iter().map(|name| format!("user={name}")).collect::<Vec<_>>()), 1);
    // Masks are no words, and other letters are.
    assert_eq!(words("<n>ms of <uuid> größe <b> <word>"), [3..5, 6..8, 16..23, 25..26]);
}

#[test]
fn two_places_vary_and_the_few_between_go_with_them() {
    let mut shapes: Vec<String> = Vec::new();
    for user in 0..30 {
        for file in 0..30 {
            shapes.push(format!("user {} opened {}", name(user), name(100 + file)));
        }
    }
    shapes.push("user odd opened nothing".to_string());
    shapes.push("user odd closed nothing".to_string());
    let all = put(&shapes);
    assert!(all[..901].iter().all(|its| its.as_deref() == Some("user <word> opened <word>")));
    assert_eq!(all[901], None);
}

#[test]
fn names_beside_names_are_told_by_the_outline() {
    let shapes: Vec<String> =
        (0..400).map(|n| format!("user {} opened {}.csv in <n> ms", name(n), name(400 + n))).collect();
    assert!(put(&shapes).iter().all(|its| its.as_deref() == Some("user <word> opened <word>.csv in <n> ms")));
    assert_eq!(count(&shapes[..OF_AN_OUTLINE]), OF_AN_OUTLINE);
}

#[test]
fn names_that_stand_beside_each_other_in_turn_are_any_words() {
    // Each of 20 with three others.
    let table = |n: usize, by: usize| format!("read table {} of {}", name(n % 20), name(100 + (n * by) % 20));
    let shapes: Vec<String> = (0..60).map(|n| table(n, 1 + n / 20)).collect();
    assert!(put(&shapes).iter().all(|its| its.as_deref() == Some("read table <word> of <word>")));
    // What a program says has its words together, however much there is of it.
    let said: Vec<String> = (0..40).map(|n| format!("read {} of {}", name(n), name(100 + n))).collect();
    assert_eq!(count(&said), 40);
    // And what else is said stays.
    let both: Vec<String> =
        ["read", "lost"].iter().flat_map(|verb| shapes.iter().map(|of| of.replace("read", verb))).collect();
    assert_eq!(count(&both), 2);
}

#[test]
fn names_known_from_elsewhere_are_names_where_they_are_few() {
    let mut shapes: Vec<String> = (0..26).map(|n| format!("calling {} now", name(n))).collect();
    shapes.extend((0..3).map(|n| format!("lost {} again", name(n))));
    shapes.extend((0..3).map(|n| format!("{}: {} is back", name(n), name(7 * n))));
    // Two are not many, keys are what a program says, and so is what is no name elsewhere.
    let few = ["saw aax twice", "saw abx twice", "order created", "order deleted", "order failed"];
    shapes.extend((0..5).map(|n| format!("has {{{}:<n>}}", name(n))));
    shapes.extend(few.map(str::to_string));
    let all = put(&shapes);
    assert!(all[26..29].iter().all(|its| its.as_deref() == Some("lost <word> again")), "{all:?}");
    assert!(all[29..32].iter().all(|its| its.as_deref() == Some("<word>: <word> is back")), "{all:?}");
    assert!(all[32..].iter().all(Option::is_none), "{all:?}");
}

#[test]
fn what_names_an_error_stays_apart() {
    let errors = |end: &str| -> Vec<String> {
        (0..40).map(|n| format!("call failed with {}{end} after <n> ms", name(n))).collect()
    };
    assert_eq!((count(&errors("Error")), count(&errors("Exception")), count(&errors(""))), (40, 40, 1));
    assert!(!is_of("failed with TypeError", "failed with <word>"));
}

#[test]
fn what_one_id_is_written_as_tells_nothing_apart() {
    let shapes = ["order <n> of <n>", "order <n> of <hex>", "order <n> of <id>", "order <n>", "took <n>"];
    let its: Vec<Option<Arc<str>>> = together(&shapes);
    let its: Vec<Option<&str>> = its.iter().map(Option::as_deref).collect();
    let all = Some("order <n> of <id>");
    assert_eq!(its, [all, all, None, None, None]);
    let mut users: Vec<String> = (0..30).map(|n| format!("user {} has <n>", name(n))).collect();
    users[7] = "user odd has <hex>".to_string();
    assert!(put(&users).iter().all(|its| its.as_deref() == Some("user <word> has <hex>")));
    let several = [Arc::<str>::from("user <word> has <hex>")];
    let several = Several::of(several.iter());
    assert!(several.find("user bob has <n>").is_some() && several.find("user bob has <id>").is_none());
}

#[test]
fn a_pattern_tells_which_shapes_it_stands_for() {
    for (shape, pattern, yes) in [
        ("a <n>b <hex>", "a <hex>b <hex>", true),
        ("a <hex>", "a <n>", false),
        ("a <uuid>", "a <id>", false),
        ("a <id>", "a <word>", false),
        ("a b c", "a <word> c", true),
        ("a größe c", "a <word> c", true),
        ("a <word> c", "a <word> c", true),
        ("a <n> c", "a <word> c", false),
        ("a  c", "a <word> c", false),
        ("a b d", "a <word> c", false),
        ("a b c d", "a <word> c", false),
        ("a b c", "a b c", true),
        ("a b c", "a b", false),
        ("x/y.z", "<word>/<word>.<word>", true),
        ("", "", true),
        ("", "<word>", false),
    ] {
        assert_eq!(is_of(shape, pattern), yes, "{shape:?} {pattern:?}");
    }
}

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("<(?:word|n|id|hex|uuid|time|ip|email|text)>|[A-Za-z\u{80}-\u{10ffff}]+").unwrap()
});

/// The plain words of a shape, and the shape without them.
fn taken_apart(shape: &str) -> (Vec<String>, String) {
    let words = TOKEN.find_iter(shape).map(|word| word.as_str()).filter(|word| !word.starts_with('<'));
    let rest = TOKEN.replace_all(shape, |word: &Captures<'_>| match word[0].starts_with('<') {
        true => word[0].to_string(),
        false => "\0".to_string(),
    });
    (words.map(str::to_string).collect(), rest.into_owned())
}

/// A shape with any word in some of the places of its plain words.
fn with_any(shape: &str, any: impl Fn(usize) -> bool) -> String {
    let mut place = 0;
    let replaced = TOKEN.replace_all(shape, |word: &Captures<'_>| {
        let plain = !word[0].starts_with('<');
        place += usize::from(plain);
        if plain && any(place - 1) { WORD.to_string() } else { word[0].to_string() }
    });
    replaced.into_owned()
}

/// The words of a shape, any word among them, and where they stand in it.
fn with_places(shape: &str) -> Vec<(usize, String)> {
    let all = TOKEN.find_iter(shape).map(|word| (word.start(), word.as_str().to_string()));
    all.filter(|(_, word)| !word.starts_with('<') || word == WORD).collect()
}

/// A shape with any word where `any` says so of a place.
fn replaced(shape: &str, any: impl Fn(usize) -> bool) -> String {
    let (mut its, mut from) = (String::new(), 0);
    for (place, (at, word)) in with_places(shape).iter().enumerate() {
        its += &shape[from..*at];
        its += if any(place) { WORD } else { word };
        from = at + word.len();
    }
    its + &shape[from..]
}

/// What is a name elsewhere is any word.
fn with_names(shapes: &[String], now: &[String]) -> Vec<String> {
    let pairs =
        shapes.iter().zip(now).flat_map(|(shape, now)| with_places(shape).into_iter().zip(with_places(now)));
    let names: BTreeSet<String> =
        pairs.filter(|((_, word), (_, any))| any == WORD && word != any).map(|((_, word), _)| word).collect();
    let key = |shape: &String| {
        let words = with_places(shape);
        let stay = words.iter().filter(|(_, word)| word != WORD && !names.contains(word)).count();
        let begins = words.first().is_some_and(|(at, word)| *at == 0 && names.contains(word));
        (stay > usize::from(begins)).then(|| replaced(shape, |place| names.contains(&words[place].1)))
    };
    let one = |shape: &String| {
        let Some(of) = key(shape) else { return shape.clone() };
        let like: BTreeSet<&String> = now.iter().filter(|other| key(other).as_ref() == Some(&of)).collect();
        let at = |place: usize| -> BTreeSet<String> {
            like.iter().map(|other| with_places(other)[place].1.clone()).collect()
        };
        let varies = |place| at(place).len() >= OF_NAMES || (at(place).contains(WORD) && like.len() > 1);
        replaced(shape, varies)
    };
    now.iter().map(one).collect()
}

/// The same, as obviously as it can be done.
fn slowly(shapes: &[String]) -> Vec<Option<String>> {
    let apart: Vec<(Vec<String>, String)> = shapes.iter().map(|shape| taken_apart(shape)).collect();
    let varies = |of: &(Vec<String>, String), place: usize| {
        let like = apart.iter().filter(|other| other.1 == of.1 && other.0.first() == of.0.first());
        like.map(|other| &other.0[place]).collect::<BTreeSet<_>>().len() > OF_AN_OUTLINE
    };
    let many = |of: &(Vec<String>, String), place: usize| {
        let like = apart.iter().filter(|other| other.1 == of.1 && other.0.first() == of.0.first());
        like.map(|other| &other.0[place]).collect::<BTreeSet<_>>().len() > DISTINCT
    };
    // Places at which names stand in turn, among those that say the same at all others.
    let in_turn = |of: &(Vec<String>, String)| -> Vec<usize> {
        let few: Vec<usize> = (0..of.0.len()).filter(|place| !many(of, *place)).collect();
        let like = apart.iter().filter(|other| {
            other.1 == of.1 && few.iter().all(|place| other.0.get(*place) == of.0.get(*place))
        });
        let like: Vec<&(Vec<String>, String)> = like.collect();
        let count = |place: usize| like.iter().map(|other| &other.0[place]).collect::<BTreeSet<_>>().len();
        let places: Vec<usize> = (0..of.0.len()).filter(|place| count(*place) > DISTINCT).collect();
        let combined = like.iter().map(|other| places.iter().map(|at| &other.0[*at]).collect::<Vec<_>>());
        let combined = combined.collect::<BTreeSet<_>>().len();
        let most = places.iter().map(|place| count(*place)).max().unwrap_or(0);
        if places.len() > 1 && 2 * combined >= 3 * most { places } else { Vec::new() }
    };
    let first = shapes.iter().zip(&apart).map(|(shape, of)| match of.0.len() {
        0 | 1 => shape.clone(),
        _ => {
            let in_turn = in_turn(of);
            with_any(shape, |place| varies(of, place) || in_turn.contains(&place))
        }
    });
    let mut now: Vec<String> = first.collect();
    for _ in 0..ROUNDS {
        let with = |shape: &String| -> Vec<String> {
            let (words, rest) = taken_apart(shape);
            let enough =
                |place: &usize| words.len() >= if *place == 0 && rest.starts_with('\0') { 3 } else { 2 };
            (0..words.len()).filter(enough).map(|place| with_any(shape, |at| at == place)).collect()
        };
        let distinct: BTreeSet<&String> = now.iter().collect();
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        distinct.iter().flat_map(|shape| with(shape)).for_each(|with| *counts.entry(with).or_default() += 1);
        for shape in &mut now {
            let all = with(shape);
            let most = all.iter().map(|with| counts[with]).max().unwrap_or(0);
            if let Some(with) =
                all.into_iter().find(|with| counts[with] == most).filter(|_| most > DISTINCT as u32)
            {
                *shape = with;
            }
        }
    }
    if now == shapes {
        return vec![None; shapes.len()];
    }
    now = with_names(shapes, &now);
    let several: BTreeSet<&String> =
        now.iter().zip(shapes).filter(|(now, shape)| now != shape).map(|(now, _)| now).collect();
    let mut several: Vec<(&String, Regex)> = several
        .into_iter()
        .map(|several| {
            let any = "(?:<word>|[A-Za-z\u{80}-\u{10ffff}]+)";
            (several, Regex::new(&format!("^{}$", regex::escape(several).replace(WORD, any))).unwrap())
        })
        .collect();
    several.sort_by_key(|(shape, _)| shape.matches(WORD).count());
    let its = |(now, shape): (&String, &String)| match now == shape {
        false => Some(now.clone()),
        true => {
            several.iter().find(|(_, is_of)| is_of.is_match(shape)).map(|(several, _)| (*several).clone())
        }
    };
    now.iter().zip(shapes).map(its).collect()
}

fn shapes() -> impl Strategy<Value = Vec<String>> {
    // Few words in few places, so that many are alike in all but one or two.
    let word = prop_oneof![0usize..60, 0usize..600].prop_map(name);
    let few = prop_oneof![Just("opened".to_string()), Just("closed".to_string())];
    let one = (word.clone(), few, word, 0usize..4).prop_map(|(a, verb, b, kind)| match kind {
        0 => format!("user {a} {verb} <n>"),
        1 => format!("{a} {verb} {b}"),
        2 => format!("file={b} {verb}"),
        _ => format!("a größe of {a}-<n> for [{b}] <text>"),
    });
    prop::collection::btree_set(one, 0..300).prop_map(|all| all.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn as_the_slow_way_and_in_any_order(shapes in shapes()) {
        let all = put(&shapes);
        prop_assert_eq!(&all, &slowly(&shapes));
        let turned: Vec<String> = shapes.iter().rev().cloned().collect();
        let mut of_turned = put(&turned);
        of_turned.reverse();
        prop_assert_eq!(&of_turned, &all);
        for (shape, its) in shapes.iter().zip(all) {
            prop_assert!(its.is_none_or(|its| is_of(shape, &its)));
        }
    }

    #[test]
    fn never_panics(shapes in prop::collection::vec("[a-z<>é= ]{0,12}|<word>|.*", 0..40)) {
        for (shape, its) in shapes.iter().zip(put(&shapes)) {
            prop_assert!(is_of(shape, shape) && its.is_none_or(|its| is_of(shape, &its)));
        }
    }
}
