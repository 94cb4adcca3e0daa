//! What the word before the cursor may become in a filter: fields, their words, live names.

use crate::query::filter::{LEVELS, STATUSES};

/// Fields and words that begin a term.
const BEGINNINGS: [&str; 9] = ["fn:", "err", "cold", "status:", "dur>", "mem>", "id:", "trace:", "level>="];

/// Proposals, at most.
const MOST: usize = 100;

/// What the last word of a text may become: where it begins, in bytes, and whole words for its place.
pub fn words<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> (usize, Vec<String>) {
    let begin = text
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let word = &text[begin..];
    let (not, word) = word.strip_prefix('-').map_or(("", word), |rest| ("-", rest));
    let begins = |with: &str, all: &mut dyn Iterator<Item = &str>, typed: &str| -> Vec<String> {
        let typed = typed.to_lowercase();
        let fits = all.filter(|one| one.to_lowercase().starts_with(&typed) && one.len() > typed.len());
        fits.take(MOST).map(|one| format!("{not}{with}{}", quoted(one))).collect()
    };
    // Where words of ours must stand and none begins so, any of them may be meant.
    let ours = |with: &str, all: &[&str], typed: &str| match begins(with, &mut all.iter().copied(), typed) {
        none if none.is_empty() && !all.contains(&typed) => begins(with, &mut all.iter().copied(), ""),
        some => some,
    };
    let found = if let Some(typed) = word.strip_prefix("fn:") {
        begins("fn:", &mut names.into_iter(), typed)
    } else if let Some(typed) = word.strip_prefix("status:") {
        ours("status:", &STATUSES, typed)
    } else if let Some((field, typed)) = ["level>=", "level<=", "level>", "level<", "level:"]
        .iter()
        .find_map(|f| Some((f, word.strip_prefix(f)?)))
    {
        ours(field, &LEVELS.map(|(level, _)| level), typed)
    } else if unknown_field(word) {
        ours("", &BEGINNINGS, word)
    } else {
        begins("", &mut BEGINNINGS.into_iter(), word)
    };
    (begin, found)
}

/// Whether a word asks for a field that there is not.
fn unknown_field(word: &str) -> bool {
    let name = word.find([':', '<', '>']).map(|end| &word[..end]);
    name.is_some_and(|name| {
        let known = BEGINNINGS.iter().any(|one| one.trim_end_matches([':', '>', '=']) == name);
        let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
        !name.is_empty() && named && !known
    })
}

/// A name as the filter reads it.
fn quoted(name: &str) -> String {
    match name.contains(|c: char| c.is_whitespace() || c == '"') {
        true => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
        false => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::filter::Filter;

    fn of(text: &str) -> (usize, Vec<String>) {
        words(text, ["pay-capture", "pay-refund", "Login", "a b"].into_iter())
    }

    #[test]
    fn fields_their_words_and_names_are_proposed() {
        let all = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("st"), (0, all(&["status:"])));
        assert_eq!(of("err -c"), (4, all(&["-cold"])));
        assert_eq!(of("fn:pay"), (0, all(&["fn:pay-capture", "fn:pay-refund"])));
        assert_eq!(of("cold -fn:lo"), (5, all(&["-fn:Login"])));
        assert_eq!(of("fn:a"), (0, all(&["fn:\"a b\""])));
        assert_eq!(of("status:time"), (0, all(&["status:timeout"])));
        assert_eq!(of("level>=w"), (0, all(&["level>=warn"])));
        assert_eq!(of("level:"), (0, LEVELS.iter().map(|(word, _)| format!("level:{word}")).collect()));
        assert_eq!(of("nothing").1, Vec::<String>::new());
        assert_eq!(of("").1.len(), BEGINNINGS.len());
        assert_eq!(of("fn:pay-refund").1, Vec::<String>::new(), "it is whole");
        assert_eq!(of("status:ok").1, Vec::<String>::new(), "it is whole");
    }

    #[test]
    fn where_a_word_is_wrong_all_that_may_stand_there_are_proposed() {
        assert_eq!(of("status:nope"), (0, STATUSES.iter().map(|word| format!("status:{word}")).collect()));
        assert_eq!(of("level>=loud").1.len(), LEVELS.len());
        assert_eq!(of("err foo:bar"), (4, BEGINNINGS.iter().map(ToString::to_string).collect()));
        for fine in ["fn:nobody", "dur>8", "id:8f", "a:b:c", "\"x:y"] {
            let known = ["fn", "dur", "id"].iter().any(|name| fine.starts_with(name));
            assert!(!known && fine != "\"x:y" || of(fine).1.is_empty(), "{fine}");
        }
    }

    #[test]
    fn what_is_proposed_can_be_read() {
        for text in ["fn:", "status:", "level>=", "level<", "level:"] {
            for word in of(text).1 {
                assert!(Filter::parse(&word).is_ok(), "{word}");
            }
        }
    }
}
