//! Shapes that differ in nothing but a plain word at one place (a user's name, a file's) are one: where
//! more words than a program has names for things have stood there, what stands there varies. Pure, the
//! same for the same shapes in any order, and linear in their letters but for those of one outline.

use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// What stands for any word; no shape of a line has it, see [`super::shape`].
pub const WORD: &str = "<word>";
/// More words than this at one place, all else alike, are any word: methods, months and the like are fewer.
const DISTINCT: u32 = 16;
/// More words than this at one place of shapes of one outline and one first word, whatever else differs,
/// are any word as well: names beside names are seldom seen twice with the same one.
const OF_AN_OUTLINE: usize = 200;
/// Places of one shape that become any word at most.
const ROUNDS: usize = 4;
/// What masks are called, without `<` and `>`; see [`super::shape`].
const MASKS: [&str; 8] = ["n", "id", "hex", "uuid", "time", "ip", "email", "text"];

/// The shape of several, for each of these shapes that has one.
pub fn together(shapes: &[&str]) -> Vec<Option<Arc<str>>> {
    let mut all: Vec<Option<Arc<str>>> = vec![None; shapes.len()];
    of_outlines(shapes, &mut all);
    for _ in 0..ROUNDS {
        if !round(shapes, &mut all) {
            break;
        }
    }
    if all.iter().all(Option::is_none) {
        return all;
    }
    // The few that others were told by need not have been so many themselves.
    let several = Several::of(all.iter().flatten());
    for (shape, its) in shapes.iter().zip(&mut all).filter(|(_, its)| its.is_none()) {
        *its = several.find(shape).cloned();
    }
    all
}

/// Replaces all words of each shape in whose places very many stand in shapes of its outline.
fn of_outlines(shapes: &[&str], all: &mut [Option<Arc<str>>]) {
    if shapes.len() <= OF_AN_OUTLINE {
        return;
    }
    let mut groups: FxHashMap<(u64, &str), Vec<usize>> = FxHashMap::default();
    for (at, shape) in shapes.iter().enumerate() {
        if let [first, _, ..] = &words(shape)[..] {
            groups.entry((outline(shape, false), &shape[first.clone()])).or_default().push(at);
        }
    }
    for group in groups.values().filter(|group| group.len() > OF_AN_OUTLINE) {
        let mut distinct: Vec<FxHashSet<&str>> = Vec::new();
        for at in group {
            let words = words(shapes[*at]);
            distinct.resize_with(words.len().max(distinct.len()), FxHashSet::default);
            for (word, of) in words.into_iter().zip(&mut distinct) {
                of.insert(&shapes[*at][word]);
            }
        }
        if distinct.iter().all(|words| words.len() <= OF_AN_OUTLINE) {
            continue;
        }
        for at in group {
            let (shape, mut its, mut from) = (shapes[*at], String::new(), 0);
            for (word, words) in words(shape).into_iter().zip(&distinct) {
                its.push_str(&shape[from..word.start]);
                its.push_str(if words.len() > OF_AN_OUTLINE { WORD } else { &shape[word.clone()] });
                from = word.end;
            }
            its.push_str(&shape[from..]);
            all[*at] = Some(its.into());
        }
    }
}

/// Replaces one word of each shape where many vary; whether of any.
fn round(shapes: &[&str], all: &mut [Option<Arc<str>>]) -> bool {
    let mut now: Vec<&str> =
        shapes.iter().zip(&*all).map(|(shape, its)| its.as_deref().unwrap_or(shape)).collect();
    now.sort_unstable();
    now.dedup();
    let mut counts: FxHashMap<(u64, u64), u32> = FxHashMap::default();
    let places: Vec<Vec<Place>> = now.iter().map(|shape| places(shape)).collect();
    for place in places.iter().flatten() {
        *counts.entry(place.rest).or_default() += 1;
    }
    let mut becomes: FxHashMap<&str, Arc<str>> = FxHashMap::default();
    for (shape, places) in now.iter().zip(&places) {
        let count = |place: &&Place| counts.get(&place.rest).copied().unwrap_or(0);
        let many = places.iter().filter(|place| count(place) > DISTINCT);
        // Of several the one of most words, of these the leftmost.
        if let Some(place) = many.rev().max_by_key(count) {
            let (before, after) = (&shape[..place.word.start], &shape[place.word.end..]);
            becomes.insert(shape, format!("{before}{WORD}{after}").into());
        }
    }
    let changed: Vec<(usize, Arc<str>)> = shapes
        .iter()
        .enumerate()
        .filter_map(|(at, shape)| Some((at, becomes.get(all[at].as_deref().unwrap_or(shape))?.clone())))
        .collect();
    let any = !changed.is_empty();
    drop(becomes);
    for (at, shape) in changed {
        all[at] = Some(shape);
    }
    any
}

/// A place where any word may come to stand.
struct Place {
    word: Range<usize>,
    /// Stands for all else: what is before the word, and what is behind it.
    rest: (u64, u64),
}

/// The places of a shape. A word must remain that says what it is about; of what begins the line two,
/// for it is what tells lines apart most.
fn places(shape: &str) -> Vec<Place> {
    let words = words(shape);
    let mut places = Vec::with_capacity(words.len());
    let (mut hash, mut from) = (FxHasher::default(), 0);
    for word in &words {
        hash.write(&shape.as_bytes()[from..word.start]);
        from = word.start;
        places.push(Place { word: word.clone(), rest: (hash.finish(), 0) });
    }
    let (mut hash, mut to) = (FxHasher::default(), shape.len());
    for place in places.iter_mut().rev() {
        hash.write(&shape.as_bytes()[place.word.end..to]);
        to = place.word.end;
        place.rest.1 = hash.finish();
    }
    let begins = words.first().is_some_and(|word| word.start == 0);
    match words.len() {
        0 | 1 => places.clear(),
        2 if begins => drop(places.remove(0)),
        _ => {}
    }
    places
}

/// The plain words of a shape: letters, beside what is no mask.
fn words(shape: &str) -> Vec<Range<usize>> {
    let mut words = words_and_any(shape);
    words.retain(|word| shape[word.clone()] != *WORD);
    words
}

/// Those, and the places of any word.
fn words_and_any(shape: &str) -> Vec<Range<usize>> {
    let bytes = shape.as_bytes();
    let (mut all, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if let Some(length) = mask(&shape[at..]) {
            if shape[at..].starts_with(WORD) {
                all.push(at..at + length);
            }
            at += length;
            continue;
        }
        let length = letters(&bytes[at..]);
        if length > 0 {
            all.push(at..at + length);
        }
        // To the next character, whatever it is.
        at += length.max(1);
    }
    all
}

/// How many bytes of letters a text begins with.
fn letters(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|c| is_letter(**c)).count()
}

/// Whether a byte is a letter's, of any alphabet.
pub fn is_letter(c: u8) -> bool {
    c.is_ascii_alphabetic() || c >= 0x80
}

/// The length of the mask that a text begins with.
fn mask(text: &str) -> Option<usize> {
    if text.as_bytes().first() != Some(&b'<') {
        return None;
    }
    let rest = &text[1..];
    let name = &rest[..letters(rest.as_bytes())];
    let closed = rest.as_bytes().get(name.len()) == Some(&b'>');
    (closed && (name == "word" || MASKS.contains(&name))).then_some(name.len() + 2)
}

/// Whether a line's shape is this one, or one of those that it stands for.
pub fn is_of(shape: &str, pattern: &str) -> bool {
    let mut rest = shape;
    let mut parts = pattern.split(WORD);
    match parts.next().and_then(|first| rest.strip_prefix(first)) {
        Some(after) => rest = after,
        None => return false,
    }
    for part in parts {
        let word = if rest.starts_with(WORD) { WORD.len() } else { letters(rest.as_bytes()) };
        match rest[word..].strip_prefix(part).filter(|_| word > 0) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Shapes of several, found by one that they may stand for.
#[derive(Debug, Default)]
pub struct Several {
    by_outline: FxHashMap<u64, Vec<WithAny>>,
}

/// Those of one outline with any word at the same places.
#[derive(Debug)]
struct WithAny {
    /// Which of their words.
    places: Vec<usize>,
    /// By what stands for all else.
    by_rest: ByRest,
}

type ByRest = FxHashMap<u64, Arc<str>>;

impl Several {
    /// All of these.
    pub fn of<'a>(shapes: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let mut by_places: FxHashMap<u64, FxHashMap<Vec<usize>, ByRest>> = FxHashMap::default();
        for shape in shapes {
            let words = words_and_any(shape);
            let places: Vec<usize> =
                (0..words.len()).filter(|at| shape[words[*at].clone()] == *WORD).collect();
            let rest = rest(shape, &words, &places);
            let of_outline = by_places.entry(outline(shape, true)).or_default();
            of_outline.entry(places).or_default().insert(rest, shape.clone());
        }
        // Those that say most come first.
        let sorted = |of_outline: FxHashMap<_, _>| {
            let all = of_outline.into_iter().map(|(places, by_rest)| WithAny { places, by_rest });
            let mut all: Vec<WithAny> = all.collect();
            all.sort_by_key(|with| with.places.len());
            all
        };
        Self { by_outline: by_places.into_iter().map(|(outline, all)| (outline, sorted(all))).collect() }
    }

    /// The one that stands for a shape: of several the one that says most, else the first by its letters.
    pub fn find(&self, shape: &str) -> Option<&Arc<str>> {
        if self.by_outline.is_empty() {
            return None;
        }
        let all = self.by_outline.get(&outline(shape, true))?;
        let words = words_and_any(shape);
        let mut found: Option<(usize, &Arc<str>)> = None;
        for with in all {
            let places = with.places.len();
            if found.is_some_and(|(least, _)| least < places) {
                break;
            }
            let its = with.by_rest.get(&rest(shape, &words, &with.places));
            let its = its.filter(|several| is_of(shape, several)).map(|several| (places, several));
            found = found.into_iter().chain(its).min();
        }
        found.map(|(_, several)| several)
    }
}

/// Stands for all of a shape but its words at these places, which are in order.
fn rest(shape: &str, words: &[Range<usize>], places: &[usize]) -> u64 {
    let (mut hash, mut from) = (FxHasher::default(), 0);
    for word in places.iter().filter_map(|place| words.get(*place)) {
        hash.write(&shape.as_bytes()[from..word.start]);
        hash.write_u8(0);
        from = word.end;
    }
    hash.write(&shape.as_bytes()[from..]);
    hash.finish()
}

/// Stands for all of a shape but its words; [`WORD`] is one of them, or not.
fn outline(shape: &str, any_is_one: bool) -> u64 {
    let (mut hash, mut at) = (FxHasher::default(), 0);
    let bytes = shape.as_bytes();
    while at < bytes.len() {
        let any = any_is_one && shape[at..].starts_with(WORD);
        let length = if any { WORD.len() } else { letters(&bytes[at..]) };
        match (length, mask(&shape[at..])) {
            (0, Some(mask)) => {
                hash.write(&bytes[at..at + mask]);
                at += mask;
            }
            (0, None) => {
                hash.write_u8(bytes[at]);
                at += 1;
            }
            _ => {
                hash.write_u8(0);
                at += length;
            }
        }
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
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
        let users =
            |n: usize| -> Vec<String> { (0..n).map(|n| format!("user {} logged in", name(n))).collect() };
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
        assert!(
            put(&shapes).iter().all(|its| its.as_deref() == Some("user <word> opened <word>.csv in <n> ms"))
        );
        assert_eq!(count(&shapes[..OF_AN_OUTLINE]), OF_AN_OUTLINE);
    }

    #[test]
    fn a_pattern_tells_which_shapes_it_stands_for() {
        for (shape, pattern, yes) in [
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

    /// The same, as obviously as it can be done.
    fn slowly(shapes: &[String]) -> Vec<Option<String>> {
        let apart: Vec<(Vec<String>, String)> = shapes.iter().map(|shape| taken_apart(shape)).collect();
        let varies = |of: &(Vec<String>, String), place: usize| {
            let like = apart.iter().filter(|other| other.1 == of.1 && other.0.first() == of.0.first());
            like.map(|other| &other.0[place]).collect::<BTreeSet<_>>().len() > OF_AN_OUTLINE
        };
        let first = shapes.iter().zip(&apart).map(|(shape, of)| match of.0.len() {
            0 | 1 => shape.clone(),
            _ => with_any(shape, |place| varies(of, place)),
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
            distinct
                .iter()
                .flat_map(|shape| with(shape))
                .for_each(|with| *counts.entry(with).or_default() += 1);
            for shape in &mut now {
                let all = with(shape);
                let most = all.iter().map(|with| counts[with]).max().unwrap_or(0);
                if let Some(with) =
                    all.into_iter().find(|with| counts[with] == most).filter(|_| most > DISTINCT)
                {
                    *shape = with;
                }
            }
        }
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
}
