//! Texts that are packed into letters: base64 of a text, or of gzip of one, as payloads of subscription
//! filters, records of streams and bodies of requests are. What they hold may be hostile, so that
//! only so much of it is ever unpacked.

use std::io::Read;

use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;

/// Letters that are too few to tell base64 from a word, where nothing says that it is.
pub const LEAST: usize = 16;
/// Below so many bytes a text of other than ASCII is more likely made of nothing.
const PLAIN_BELOW: usize = 24;
/// Words of a line that are tried at most.
const WORDS: usize = 50;

/// What a text held.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The text in it.
    pub text: String,
    /// Whether it was gzip.
    pub gzip: bool,
    /// Whether there is more in it, or more of it, than was decoded.
    pub cut: bool,
}

/// Decodes a text of at least so many letters that is base64 of something that can be read, to at most
/// so many bytes.
pub fn decoded(text: &str, least: usize, most: usize) -> Option<Decoded> {
    let text = text.trim();
    let letters = text.trim_end_matches('=');
    let alphabet = alphabet(letters)?;
    if text.len() < least || text.len() - letters.len() > 2 || letters.is_empty() {
        return None;
    }
    let letters: String = letters.split_whitespace().collect();
    // One letter too many: the text was cut.
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    let cut = whole < letters.len();
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = GeneralPurpose::new(alphabet, config).decode(&letters[..whole]).ok()?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        let cut = cut || bytes.len() > most;
        let text = readable(&bytes[..bytes.len().min(most)], cut)?;
        return Some(Decoded { text, gzip: false, cut });
    }
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(&bytes[..]).take(most as u64 + 1).read_to_end(&mut out);
    let cut = read.is_err() || out.len() > most;
    out.truncate(most);
    let text = readable(&out, cut)?;
    Some(Decoded { text, gzip: true, cut })
}

/// The words of a line that are base64 of something that can be read, decoded to at most so many bytes
/// together.
pub fn decoded_words(line: &str, mut most: usize) -> Vec<(&str, Decoded)> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    let words = line.split(|c| !is_letter(c)).map(|word| {
        // `data=SGVs…`
        let name = word.find('=').filter(|at| word[*at..].trim_start_matches('=').len() >= LEAST);
        name.map_or(word, |at| word[at..].trim_start_matches('='))
    });
    let mut all = Vec::new();
    for word in words.filter(|word| word.len() >= LEAST).take(WORDS) {
        if let Some(decoded) = decoded(word, LEAST, most) {
            most = most.saturating_sub(decoded.text.len());
            all.push((word, decoded));
        }
    }
    all
}

/// Of which of the two alphabets it is; white space may part its lines.
fn alphabet(letters: &str) -> Option<&'static Alphabet> {
    let (mut standard, mut url) = (true, true);
    for c in letters.bytes() {
        match c {
            b'+' | b'/' => url = false,
            b'-' | b'_' => standard = false,
            b'\r' | b'\n' => {}
            _ if c.is_ascii_alphanumeric() => {}
            _ => return None,
        }
    }
    match (standard, url) {
        (true, _) => Some(&STANDARD),
        (_, true) => Some(&URL_SAFE),
        _ => None,
    }
}

/// Bytes that are a text: one without what only machines write.
fn readable(bytes: &[u8], cut: bool) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The cut may be in the middle of a character.
        Err(error) if cut && bytes.len() - error.valid_up_to() < 4 => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let of_machines = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x1b');
    let unlikely = text.len() < PLAIN_BELOW && !text.is_ascii();
    (!text.trim().is_empty() && !unlikely && !text.contains(of_machines)).then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn text(encoded: &str) -> Option<String> {
        decoded(encoded, LEAST, 1_000).map(|decoded| decoded.text)
    }

    #[test]
    fn what_can_be_read_is_decoded_and_nothing_else() {
        let order = "{\"order\":\"caf\u{e9} >>>???\"}";
        for encoded in [
            STANDARD.encode(order),
            STANDARD_NO_PAD.encode(order),
            URL_SAFE.encode(order),
            STANDARD.encode(gzip(order.as_bytes())),
            format!("{}\r\n{}\n", &STANDARD.encode(order)[..20], &STANDARD.encode(order)[20..]),
        ] {
            assert_eq!(text(&encoded).as_deref(), Some(order), "{encoded}");
        }
        for other in [
            "",
            "====",
            "SGVsbG8=",
            "8f507cfc-aaaa-4f32-9c53-123456789012",
            "2026-11-23T09:03:09.031Z and so on and on",
            "0123456789abcdef0123456789abcdef",
            "CheckoutCompletedEventHandler",
            "/var/task/node_modules/handler/index",
            "some+thing_of/both-alphabets",
            "aaaaaaaaaaaaaaaa===",
            // A picture, and gzip of bytes.
            &STANDARD.encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"),
            &STANDARD.encode(gzip(&[0, 1, 2, 3, 0xff])),
            &STANDARD.encode([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ] {
            assert_eq!(text(other), None, "{other}");
        }
        // Where something says that it is, few letters do.
        assert_eq!(decoded("SGVsbG8=", 4, 100).unwrap().text, "Hello");
    }

    #[test]
    fn a_bomb_is_unpacked_so_far_and_says_so() {
        let bomb = STANDARD.encode(gzip(&vec![b'a'; 20 << 20]));
        let all = decoded(&bomb, LEAST, 1_000).unwrap();
        assert_eq!((all.text.len(), all.cut, all.gzip), (1_000, true, true));
        // One within another is base64 of gzip again, and that is up to who asked.
        let long = STANDARD.encode("\u{e9}".repeat(900));
        let all = decoded(&long, LEAST, 1_001).unwrap();
        assert_eq!((all.text.len(), all.cut), (1_000, true));
        assert_eq!(decoded(&long, LEAST, 0), None);
        // What was cut in a log is read as far as it goes.
        let whole: String = (0..500).map(|n| format!("line {n}\n")).collect();
        let encoded = STANDARD.encode(gzip(whole.as_bytes()));
        let part = decoded(&encoded[..encoded.len() / 2 + 1], LEAST, 100_000).unwrap();
        assert!(part.cut && whole.starts_with(&part.text));
    }

    #[test]
    fn words_of_a_line_are_found() {
        let (one, two) = (STANDARD.encode("the first payload"), URL_SAFE.encode("the second one"));
        let line =
            format!("2026-11-23T09:03:09.031Z\t8f507cfc-aaaa-4f32-9c53-1234\tINFO\tdata={one}, '{two}'");
        let found = decoded_words(&line, 1_000);
        let texts: Vec<&str> = found.iter().map(|(_, decoded)| &*decoded.text).collect();
        assert_eq!(texts, ["the first payload", "the second one"]);
        assert_eq!(decoded_words(&line, 10).len(), 1, "no more is decoded than is asked for");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[ -~]{12,200}", packed in any::<bool>(), line in any::<String>()) {
            let bytes = if packed { gzip(text.as_bytes()) } else { text.clone().into_bytes() };
            let back = decoded(&STANDARD.encode(bytes), LEAST, 1_000).map(|decoded| decoded.text);
            prop_assert_eq!(back, (!text.trim().is_empty()).then_some(text));
            decoded_words(&line, 100);
        }

        #[test]
        fn never_more_than_asked_for(bytes in prop::collection::vec(any::<u8>(), 0..300), most in 0usize..100) {
            for bytes in [gzip(&bytes), bytes] {
                if let Some(all) = decoded(&STANDARD.encode(bytes), 1, most) {
                    prop_assert!(all.text.len() <= most);
                }
            }
        }
    }
}
