//! Shapes that differ in nothing but a plain word at one place (a user's name, a file's) are one: where
//! more words than a program has names for things have stood there, what stands there varies. So do two
//! places at which names stand beside each other in turn, and those at which words stand that are names
//! elsewhere. What one kind of id is written as does not tell shapes apart, what names an error does. Pure,
//! the same for the same shapes in any order, and linear in their letters but for those of one outline.

use std::borrow::Cow;
use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// What stands for any word; no shape of a line has it, see [`super::shape`].
pub const WORD: &str = "<word>";
/// More words than this at one place, all else alike, are any word: methods, months and the like are fewer.
const DISTINCT: usize = 16;
/// More words than this at one place of shapes of one outline and one first word, whatever else differs,
/// are any word as well: names beside names are seldom seen twice with the same one.
const OF_AN_OUTLINE: usize = 200;
/// Of words that are names elsewhere so many at one place, all else but names alike, are any word.
const OF_NAMES: usize = 3;
/// Places of one shape that become any word at most.
const ROUNDS: usize = 4;
/// Masks of what one id is written as or another: a mask stands for those before it.
const IDS: [&str; 3] = ["<n>", "<hex>", "<id>"];
/// What masks are called, without `<` and `>`; see [`super::shape`].
const MASKS: [&str; 8] = ["n", "id", "hex", "uuid", "time", "ip", "email", "text"];

/// The shape of several, for each of these shapes that has one.
pub fn together(shapes: &[&str]) -> Vec<Option<Arc<str>>> {
    let plain: Vec<Cow<'_, str>> = shapes.iter().map(|shape| with_ids(shape)).collect();
    let plain: Vec<&str> = plain.iter().map(|shape| &**shape).collect();
    let several = of_words(&plain);
    // Of the ids that stand for each other the narrowest that stands for all.
    let mut widest: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, shape) in shapes.iter().enumerate() {
        let widest = widest.entry(several[at].as_deref().unwrap_or(plain[at])).or_default();
        let of_shape = ids(shape).map(|(_, rank)| rank);
        match widest.is_empty() {
            true => widest.extend(of_shape),
            false => widest.iter_mut().zip(of_shape).for_each(|(all, one)| *all = one.max(*all)),
        }
    }
    let narrowed: FxHashMap<&str, Arc<str>> =
        widest.into_iter().map(|(shape, ranks)| (shape, replaced_ids(shape, &ranks).into())).collect();
    let its = |at: usize| narrowed.get(several[at].as_deref().unwrap_or(plain[at])).cloned();
    (0..shapes.len()).map(|at| its(at).filter(|its| **its != *shapes[at])).collect()
}

/// The same for shapes in which all ids are of one kind.
fn of_words(shapes: &[&str]) -> Vec<Option<Arc<str>>> {
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
    of_names(shapes, &mut all);
    // The few that others were told by need not have been so many themselves.
    let several = Several::of(all.iter().flatten());
    for (shape, its) in shapes.iter().zip(&mut all).filter(|(_, its)| its.is_none()) {
        *its = several.find(shape).cloned();
    }
    all
}

/// Where ids stand, and what kind of id each is.
fn ids(shape: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    memchr::memchr_iter(b'<', shape.as_bytes()).filter_map(|at| {
        let rank = IDS.iter().position(|id| shape[at..].starts_with(id))?;
        Some((at..at + IDS[rank].len(), rank))
    })
}

/// A shape with ids of these kinds in place of its own.
fn replaced_ids(shape: &str, ranks: &[usize]) -> String {
    let (mut its, mut from) = (String::with_capacity(shape.len() + 8), 0);
    for ((id, _), rank) in ids(shape).zip(ranks) {
        its.push_str(&shape[from..id.start]);
        its.push_str(IDS[*rank]);
        from = id.end;
    }
    its + &shape[from..]
}

/// A shape in which all ids are of the kind that stands for any.
fn with_ids(shape: &str) -> Cow<'_, str> {
    const ANY: usize = IDS.len() - 1;
    let count = ids(shape).count();
    if ids(shape).all(|(_, rank)| rank == ANY) {
        return Cow::Borrowed(shape);
    }
    Cow::Owned(replaced_ids(shape, &vec![ANY; count]))
}

/// Whether a word names an error: it is no name of a user or a file, however many there are.
fn names_an_error(word: &str) -> bool {
    word.ends_with("Error") || word.ends_with("Exception")
}

/// Whether a word is the key of an object.
fn is_key(shape: &str, word: &Range<usize>) -> bool {
    shape[word.end..].starts_with(':') && shape[..word.start].trim_end().ends_with(['{', ','])
}

/// A shape with any word in some of the places of its plain words.
fn with_any(shape: &str, words: &[Range<usize>], any: impl Fn(usize) -> bool) -> String {
    let (mut its, mut from) = (String::with_capacity(shape.len()), 0);
    for (at, word) in words.iter().enumerate() {
        its.push_str(&shape[from..word.start]);
        let varies = any(at) && !names_an_error(&shape[word.clone()]);
        its.push_str(if varies { WORD } else { &shape[word.clone()] });
        from = word.end;
    }
    its + &shape[from..]
}

/// Replaces all words of each shape in whose places very many stand in shapes of its outline, and where many
/// stand beside each other in turn.
fn of_outlines(shapes: &[&str], all: &mut [Option<Arc<str>>]) {
    let mut groups: FxHashMap<(u64, &str), Vec<usize>> = FxHashMap::default();
    for (at, shape) in shapes.iter().enumerate() {
        if let [first, _, ..] = &words(shape)[..] {
            groups.entry((outline(shape, false), &shape[first.clone()])).or_default().push(at);
        }
    }
    for group in groups.values().filter(|group| group.len() > DISTINCT) {
        let apart: Vec<(usize, Vec<&str>)> = group.iter().map(|at| (*at, spelled(shapes[*at]))).collect();
        let distinct = distinct(apart.iter().map(|(_, words)| &words[..]));
        let very_many = |place: usize| distinct[place] > OF_AN_OUTLINE;
        let mut put = |at: usize, any: &dyn Fn(usize) -> bool| {
            let its = with_any(shapes[at], &words(shapes[at]), any);
            all[at] = (its != *shapes[at]).then(|| its.into());
        };
        group.iter().for_each(|at| put(*at, &very_many));
        // What else they say parts them: it is the same wherever names stand in turn.
        let mut parts: FxHashMap<Vec<&str>, Vec<&(usize, Vec<&str>)>> = FxHashMap::default();
        for one in &apart {
            let says = one.1.iter().zip(&distinct).filter(|(_, words)| **words <= DISTINCT);
            parts.entry(says.map(|(word, _)| *word).collect()).or_default().push(one);
        }
        for part in parts.values().filter(|part| part.len() > DISTINCT) {
            let in_turn = in_turn(part.iter().map(|(_, words)| &words[..]));
            part.iter().for_each(|(at, _)| put(*at, &|place| very_many(place) || in_turn.contains(&place)));
        }
    }
}

/// How many words stand at each place of shapes of one outline.
fn distinct<'a>(shapes: impl Iterator<Item = &'a [&'a str]>) -> Vec<usize> {
    let mut distinct: Vec<FxHashSet<&str>> = Vec::new();
    for words in shapes {
        distinct.resize_with(words.len(), FxHashSet::default);
        distinct.iter_mut().zip(words).for_each(|(of, word)| {
            of.insert(word);
        });
    }
    distinct.iter().map(FxHashSet::len).collect()
}

/// The places at which names stand in turn: many at two or more, and half as many combinations again as
/// words at any of them. What a program says has its words together.
fn in_turn<'a>(shapes: impl Iterator<Item = &'a [&'a str]> + Clone) -> Vec<usize> {
    let distinct = distinct(shapes.clone());
    let many: Vec<usize> = (0..distinct.len()).filter(|at| distinct[*at] > DISTINCT).collect();
    let most = many.iter().map(|at| distinct[*at]).max().unwrap_or(0);
    let combined = |words: &'a [&'a str]| many.iter().map(|at| words[*at]).collect::<Vec<_>>();
    let combined: FxHashSet<Vec<&str>> = shapes.map(combined).collect();
    if many.len() > 1 && 2 * combined.len() >= 3 * most { many } else { Vec::new() }
}

/// Replaces words that are names elsewhere, where some of them stand at one place and all else but names is
/// alike.
fn of_names(shapes: &[&str], all: &mut [Option<Arc<str>>]) {
    let mut names: FxHashSet<&str> = FxHashSet::default();
    for (shape, its) in shapes.iter().zip(&*all) {
        let Some(its) = its else { continue };
        let varies = |any: &Range<usize>| its[any.clone()] == *WORD;
        let words = words_and_any(shape).into_iter().zip(words_and_any(its));
        names.extend(words.filter(|(_, any)| varies(any)).map(|(word, _)| &shape[word]));
    }
    let now = stand_now(shapes, all);
    let mut groups: FxHashMap<String, Vec<&str>> = FxHashMap::default();
    for shape in now {
        let words = words_and_any(shape);
        let is_name = |at: usize| names.contains(&shape[words[at].clone()]) && !is_key(shape, &words[at]);
        let stay = (0..words.len()).filter(|at| shape[words[*at].clone()] != *WORD && !is_name(*at)).count();
        let begins = words.first().is_some_and(|word| word.start == 0 && is_name(0));
        // As much must remain as anywhere.
        if stay > usize::from(begins) {
            groups.entry(with_any(shape, &words, is_name)).or_default().push(shape);
        }
    }
    let mut becomes: FxHashMap<&str, Arc<str>> = FxHashMap::default();
    for group in groups.values().filter(|group| group.len() > 1) {
        let mut distinct: Vec<FxHashSet<&str>> = Vec::new();
        for shape in group {
            let words = words_and_any(shape);
            distinct.resize_with(words.len(), FxHashSet::default);
            distinct.iter_mut().zip(words).for_each(|(distinct, word)| {
                distinct.insert(&shape[word]);
            });
        }
        let varies = |at: usize| distinct[at].len() >= OF_NAMES || distinct[at].contains(WORD);
        for shape in group {
            becomes.insert(shape, with_any(shape, &words_and_any(shape), varies).into());
        }
    }
    let its: Vec<Option<Arc<str>>> = shapes
        .iter()
        .zip(&*all)
        .map(|(shape, its)| {
            becomes.get(its.as_deref().unwrap_or(shape)).filter(|its| ***its != **shape).cloned()
        })
        .collect();
    drop(becomes);
    all.iter_mut().zip(its).filter(|(_, its)| its.is_some()).for_each(|(all, its)| *all = its);
}

/// What shapes have become so far, each once.
fn stand_now<'a>(shapes: &[&'a str], all: &'a [Option<Arc<str>>]) -> Vec<&'a str> {
    let mut now: Vec<&str> =
        shapes.iter().zip(all).map(|(shape, its)| its.as_deref().unwrap_or(shape)).collect();
    now.sort_unstable();
    now.dedup();
    now
}

/// Replaces one word of each shape where many vary; whether of any.
fn round(shapes: &[&str], all: &mut [Option<Arc<str>>]) -> bool {
    let now = stand_now(shapes, all);
    let mut counts: FxHashMap<(u64, u64), usize> = FxHashMap::default();
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
    places.retain(|place| !names_an_error(&shape[place.word.clone()]));
    places
}

/// The plain words of a shape as they are written.
fn spelled(shape: &str) -> Vec<&str> {
    words(shape).into_iter().map(|word| &shape[word]).collect()
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
    let id = |text: &str| IDS.iter().position(|id| text.starts_with(id));
    let (mut shape, mut pattern) = (shape, pattern);
    while !pattern.is_empty() {
        let (one, any) = if pattern.starts_with(WORD) {
            let word = if shape.starts_with(WORD) { WORD.len() } else { letters(shape.as_bytes()) };
            if word == 0 || names_an_error(&shape[..word]) {
                return false;
            }
            (word, WORD.len())
        } else if let (Some(one), Some(any)) = (id(shape), id(pattern)) {
            if one > any {
                return false;
            }
            (IDS[one].len(), IDS[any].len())
        } else {
            // All up to the next mask.
            let first = pattern.chars().next().map_or(0, char::len_utf8);
            let plain = first + pattern[first..].find('<').unwrap_or(pattern.len() - first);
            if !shape.starts_with(&pattern[..plain]) {
                return false;
            }
            (plain, plain)
        };
        (shape, pattern) = (&shape[one..], &pattern[any..]);
    }
    shape.is_empty()
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
        for several in shapes {
            let shape = &*with_ids(several);
            let words = words_and_any(shape);
            let places: Vec<usize> =
                (0..words.len()).filter(|at| shape[words[*at].clone()] == *WORD).collect();
            let rest = rest(shape, &words, &places);
            let of_outline = by_places.entry(outline(shape, true)).or_default();
            of_outline.entry(places).or_default().insert(rest, several.clone());
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
        let like = &*with_ids(shape);
        let all = self.by_outline.get(&outline(like, true))?;
        let words = words_and_any(like);
        let mut found: Option<(usize, &Arc<str>)> = None;
        for with in all {
            let places = with.places.len();
            if found.is_some_and(|(least, _)| least < places) {
                break;
            }
            let its = with.by_rest.get(&rest(like, &words, &with.places));
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
mod tests;
