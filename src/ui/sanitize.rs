//! Foreign text made fit for the screen, at the one edge where it gets there.
//!
//! What a terminal would act on, or would not show, is written out so that a person sees that it
//! was there: C0 as control pictures, the rest as `\u{…}`, broken UTF-8 as `\xff`. Nothing is
//! dropped, except what follows the first 32 bytes of one grapheme, and that is marked. The raw
//! text stays in the store; copying copies it.

use std::borrow::Cow;
use std::ops::ControlFlow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::symbols::{Charset, Symbols};

/// A grapheme longer than this is cut: a letter may carry thousands of accents.
const GRAPHEME_BYTES: usize = 32;
const TAB: usize = 8;

/// The text as it may be drawn.
pub fn display<'a>(text: &'a str, symbols: &Symbols) -> Cow<'a, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let _ = pieces(text, symbols, &mut |piece, _| {
        out.push_str(piece);
        ControlFlow::Continue(())
    });
    Cow::Owned(out)
}

/// The same for bytes: what is not UTF-8 is written as `\xff`.
pub fn display_bytes<'a>(bytes: &'a [u8], symbols: &Symbols) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return display(text, symbols);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&display(chunk.valid(), symbols));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(out)
}

/// Columns of a text that came from [`display`] or from the program itself.
pub fn width(shown: &str) -> usize {
    if is_plain(shown) {
        return shown.len();
    }
    shown.graphemes(true).map(columns).sum()
}

/// The text as it may be drawn, at most `most` columns wide; what does not fit gives way to `…`.
pub fn cut<'a>(text: &'a str, most: usize, symbols: &Symbols) -> Cow<'a, str> {
    if text.len() <= most && is_plain(text) {
        return Cow::Borrowed(text);
    }
    let (shown, more) = part(text, 0, most, symbols);
    if !more {
        return Cow::Owned(shown);
    }
    let ellipsis = if symbols.ellipsis.chars().count() <= most { symbols.ellipsis } else { "" };
    let (mut shown, _) = part(text, 0, most - ellipsis.chars().count(), symbols);
    shown.push_str(ellipsis);
    Cow::Owned(shown)
}

/// At most `most` columns of the drawable text after its first `skip` columns, and whether
/// anything follows them. Work is bounded by `skip + most`, not by the text. A wide letter that
/// lies across a border is drawn as blanks.
pub fn part(text: &str, skip: usize, most: usize, symbols: &Symbols) -> (String, bool) {
    let end = skip.saturating_add(most);
    let mut out = String::new();
    let mut at = 0;
    let flow = pieces(text, symbols, &mut |piece, wide| {
        if at >= end {
            return ControlFlow::Break(());
        }
        let next = at + wide;
        if at >= skip && next <= end {
            out.push_str(piece);
        } else if next > skip {
            let visible = next.min(end) - at.max(skip);
            // An escape is many columns of ASCII and may be cut anywhere; a wide letter may not.
            if piece.is_ascii() {
                let from = skip.saturating_sub(at);
                out.push_str(&piece[from..from + visible]);
            } else {
                out.extend(std::iter::repeat_n(' ', visible));
            }
        }
        at = next;
        if at > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (out, flow.is_break())
}

/// The drawable text in rows of at most `width` columns, at most `most` of them, broken at line ends, between
/// words where a row is at least half full by then, else at the borders of letters; and whether anything
/// follows.
pub fn wrap(text: &str, width: usize, most: usize, symbols: &Symbols) -> (Vec<String>, bool) {
    let width = width.max(4);
    let mut rows: Vec<String> = Vec::new();
    for line in text.split('\n') {
        if rows.len() >= most {
            return (rows, true);
        }
        rows.push(String::new());
        let mut used = 0;
        // Bytes and columns of the row up to its last word.
        let mut words = None;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let flow = pieces(line, symbols, &mut |piece, wide| {
            // A letter wider than a whole row can't be shown in it.
            let fits = wide <= width || piece.is_ascii();
            let (mut rest, mut left) =
                if fits { (piece, wide) } else { (symbols.ellipsis, symbols.ellipsis.chars().count()) };
            while used + left > width {
                if rows.len() >= most {
                    return ControlFlow::Break(());
                }
                // The blank between two words is what parts the rows.
                if is_blank(rest) {
                    rows.push(String::new());
                    (used, words) = (0, None);
                    return ControlFlow::Continue(());
                }
                let word = words.take().filter(|(_, begins)| 2 * begins >= width);
                if let (Some((at, begins)), Some(row)) = (word, rows.last_mut()) {
                    let word = row.split_off(at);
                    rows.push(word);
                    used -= begins;
                    continue;
                }
                // An escape may be broken anywhere.
                if rest.is_ascii()
                    && let (Some(row), room) = (rows.last_mut(), width - used)
                {
                    row.push_str(&rest[..room]);
                    (rest, left) = (&rest[room..], left - room);
                }
                rows.push(String::new());
                used = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(rest);
                if is_blank(rest) && !row.trim_start().is_empty() {
                    words = Some((row.len(), used + left));
                }
            }
            used += left;
            ControlFlow::Continue(())
        });
        if flow.is_break() {
            return (rows, true);
        }
    }
    (rows, false)
}

/// Whether it is a blank, or what a tab reaches over.
fn is_blank(piece: &str) -> bool {
    piece.bytes().all(|byte| byte == b' ')
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn columns(grapheme: &str) -> usize {
    // The width of a lone control character is asked of nobody: they are all written out.
    if grapheme.len() == 1 { 1 } else { usize::from(grapheme.cell_width()) }
}

/// Hands out the drawable text piece by piece with the columns of each.
fn pieces(
    text: &str,
    symbols: &Symbols,
    out: &mut impl FnMut(&str, usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let ascii_only = symbols.charset == Charset::Ascii;
    let mut column = 0;
    let mut give = |piece: &str, wide: usize, column: &mut usize| {
        *column += wide;
        out(piece, wide)
    };
    for grapheme in text.graphemes(true) {
        if grapheme == "\t" {
            let wide = TAB - column % TAB;
            give(&"        "[..wide], wide, &mut column)?;
            continue;
        }
        let kept = &grapheme[..grapheme.floor_char_boundary(GRAPHEME_BYTES)];
        let wide = columns(kept);
        let drawable = kept.is_ascii() || !ascii_only;
        let harmless = wide > 0 && drawable && !kept.chars().any(is_hostile);
        if harmless {
            give(kept, wide, &mut column)?;
        } else {
            // A run like CR LF is one grapheme: each of its characters is shown for itself.
            for c in kept.chars() {
                let shown = written_out(c, ascii_only);
                let wide = width(&shown);
                give(&shown, wide, &mut column)?;
            }
        }
        if kept.len() < grapheme.len() {
            give(symbols.ellipsis, symbols.ellipsis.chars().count(), &mut column)?;
        }
    }
    ControlFlow::Continue(())
}

/// A character of a grapheme that can't be drawn as it is.
fn written_out(c: char, ascii_only: bool) -> String {
    match c {
        '\0'..='\x1f' if ascii_only => format!("\\x{:02x}", c as u32),
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('?').to_string(),
        ' '..='~' => c.to_string(),
        _ if !ascii_only && !is_hostile(c) && columns(c.encode_utf8(&mut [0; 4])) > 0 => c.to_string(),
        _ => format!("\\u{{{:x}}}", c as u32),
    }
}

/// Whether a terminal would act on it, hide it, or hide something in it.
pub fn is_hostile(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'      // C0, DEL, C1
        | '\u{ad}'                             // soft hyphen
        | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' // fillers
        | '\u{200b}'..='\u{200f}'              // zero width, LRM, RLM
        | '\u{2028}'..='\u{202e}'              // LS, PS, bidi
        | '\u{2060}'..='\u{206f}'              // joiners, invisible operators, bidi
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}' // BOM, interlinear annotation
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'            // tags, further variation selectors
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn unicode() -> &'static Symbols {
        Charset::Braille.symbols()
    }

    fn ascii() -> &'static Symbols {
        Charset::Ascii.symbols()
    }

    #[test]
    fn what_a_terminal_acts_on_is_written_out() {
        for (raw, shown, plain) in [
            ("a\x1b[31mb", "a␛[31mb", "a\\x1b[31mb"),
            ("\r\n", "␍␊", "\\x0d\\x0a"),
            ("\u{9b}2J", "\\u{9b}2J", "\\u{9b}2J"),
            ("\x7f", "\\u{7f}", "\\u{7f}"),
            ("x\u{202e}cod", "x\\u{202e}cod", "x\\u{202e}cod"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{2028}", "\\u{2028}", "\\u{2028}"),
            ("a\u{e0041}", "a\\u{e0041}", "a\\u{e0041}"),
            ("\u{301}x", "\\u{301}x", "\\u{301}x"),
            ("naïve", "naïve", "na\\u{ef}ve"),
            ("e\u{301}", "e\u{301}", "e\\u{301}"),
            ("日本", "日本", "\\u{65e5}\\u{672c}"),
        ] {
            assert_eq!(display(raw, unicode()), shown, "{raw:?}");
            assert_eq!(display(raw, ascii()), plain, "{raw:?}");
        }
        assert_eq!(display_bytes(b"a\xff\xfe\x1b", unicode()), "a\\xff\\xfe␛");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(display("REPORT RequestId: 1", unicode()), Cow::Borrowed(_)));
        assert!(matches!(cut("REPORT", 6, unicode()), Cow::Borrowed(_)));
    }

    #[test]
    fn tabs_go_to_the_next_stop() {
        assert_eq!(display("a\tb\t\tc", unicode()), "a       b               c");
        assert_eq!(display("日\tb", unicode()), "日      b");
    }

    #[test]
    fn a_grapheme_of_thousands_of_accents_is_cut_and_says_so() {
        let zalgo = format!("a{}b", "\u{301}".repeat(5_000));
        let shown = display(&zalgo, unicode());
        assert!(shown.len() < 40, "{}", shown.len());
        assert!(shown.ends_with("…b"));
        assert_eq!(width(&shown), 3);
    }

    #[test]
    fn cuts_at_the_borders_of_letters() {
        assert_eq!(cut("payment-capture", 15, unicode()), "payment-capture");
        assert_eq!(cut("payment-capture", 8, unicode()), "payment…");
        assert_eq!(cut("payment-capture", 8, ascii()), "payme...");
        assert_eq!(cut("日本語", 4, unicode()), "日 …");
        assert_eq!(cut("abcdef", 2, ascii()), "ab");
        assert_eq!(cut("abc", 0, unicode()), "");
    }

    #[test]
    fn a_part_starts_and_ends_at_any_column() {
        assert_eq!(part("abcdef", 2, 3, unicode()), ("cde".into(), true));
        assert_eq!(part("abcdef", 2, 4, unicode()), ("cdef".into(), false));
        assert_eq!(part("日本語", 1, 4, unicode()), (" 本 ".into(), true));
        assert_eq!(part("a\u{9b}b", 3, 9, unicode()), ("{9b}b".into(), false));
        assert_eq!(part("abc", 9, 9, unicode()), (String::new(), false));
    }

    #[test]
    fn wraps_without_losing_anything() {
        let wrap = |text, width, most| wrap(text, width, most, unicode());
        assert_eq!(wrap("abcdef", 4, 9), (vec!["abcd".into(), "ef".into()], false));
        assert_eq!(wrap("abcdef", 4, 1), (vec!["abcd".into()], true));
        assert_eq!(wrap("a日本", 4, 9), (vec!["a日".into(), "本".into()], false));
        assert_eq!(wrap("one\ntwo\r\n", 9, 9), (vec!["one".into(), "two".into(), String::new()], false));
        assert_eq!(wrap("a\u{202e}b", 5, 9), (vec!["a\\u{2".into(), "02e}b".into()], false));
        assert_eq!(wrap("", 5, 9), (vec![String::new()], false));
    }

    #[test]
    fn rows_end_between_words_where_they_can() {
        let wrap = |text, width| wrap(text, width, 9, unicode()).0;
        assert_eq!(wrap("one two three four", 9), ["one two ", "three ", "four"]);
        assert_eq!(wrap("twelve by five", 9), ["twelve by", "five"]);
        assert_eq!(wrap("id 3f0c1a9be377", 9), ["id 3f0c1a", "9be377"], "else most of a row were empty");
        assert_eq!(wrap("    indented", 9), ["    inden", "ted"]);
        assert_eq!(wrap("at last two", 4), ["at ", "last", "two"]);
        assert_eq!(wrap("level\tERROR", 10), ["level   ", "ERROR"]);
    }

    /// Random text with a good share of what is hostile.
    fn hostile() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(
            "\x1b\u{9b}\u{7f}\t\r\n\0\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}\u{e0041}\u{fe0f}\u{301}\u{2028}日👩🏽é\u{ff9e}\u{1100}\u{1161}🇩🇪ก\u{e33}"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![odd, any::<char>(), prop::char::range(' ', '~')], 0..60)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_forbidden_comes_out(text in hostile()) {
            for symbols in [unicode(), ascii()] {
                let shown = display(&text, symbols);
                prop_assert!(!shown.chars().any(is_hostile), "{shown:?}");
                prop_assert!(shown.graphemes(true).all(|g| columns(g) > 0), "{shown:?}");
                prop_assert!(symbols.charset != Charset::Ascii || shown.is_ascii());
            }
        }

        #[test]
        fn the_width_is_what_is_drawn(text in hostile()) {
            let shown = display(&text, unicode());
            let wide = width(&shown);
            let mut buffer = Buffer::empty(Rect::new(0, 0, wide as u16 + 4, 1));
            let (x, _) = buffer.set_stringn(0, 0, &shown, usize::MAX, Style::new());
            prop_assert_eq!(usize::from(x), wide, "{:?}", shown);
        }

        #[test]
        fn a_cut_text_fits(text in hostile(), most in 0usize..40, skip in 0usize..20) {
            for symbols in [unicode(), ascii()] {
                prop_assert!(width(&cut(&text, most, symbols)) <= most);
                let (shown, _) = part(&text, skip, most, symbols);
                prop_assert!(width(&shown) <= most, "{shown:?}");
            }
        }

        #[test]
        fn wrapped_rows_hold_all_of_the_text(text in hostile(), width in 16usize..40) {
            let (rows, more) = wrap(&text, width, 10_000, unicode());
            prop_assert!(!more);
            prop_assert!(rows.iter().all(|row| self::width(row) <= width), "{rows:?}");
            // Tabs reach to other columns in each form, and line ends are gone: all else is there.
            let bare = |text: &str| text.replace([' ', '\u{240a}', '\u{240d}'], "");
            prop_assert_eq!(bare(&rows.concat()), bare(&display(&text, unicode())));
        }

        #[test]
        fn bytes_never_fail(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let shown = display_bytes(&bytes, unicode());
            prop_assert!(!shown.chars().any(is_hostile));
        }
    }
}
