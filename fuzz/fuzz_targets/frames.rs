//! The law of the framer: which frames there are depends on the bytes alone, not on the reads they came in; no byte
//! is lost or doubled. And sound chunks mean the same wherever they were cut.
#![no_main]

mod shared;

use lamtop::frame::is_line;
use lamtop::model::{Body, Continuation, Record};
use lamtop::source::doors::{Stretch, framed};

/// Every byte that was given, with its offset, and which were skipped.
fn all(stretches: &[Stretch]) -> (Vec<u8>, Vec<(u64, u64)>) {
    let (mut bytes, mut skipped, mut next) = (Vec::new(), Vec::new(), 0);
    for (offset, stretch, cut) in stretches {
        assert_eq!(*offset, next, "a gap or an overlap");
        next += stretch.len() as u64 + cut;
        bytes.extend_from_slice(stretch);
        if *cut > 0 {
            skipped.push((offset + stretch.len() as u64, *cut));
        }
    }
    (bytes, skipped)
}

/// What all stretches mean; `None` where something in it is broken: where reading finds its feet again behind that
/// depends on how far it sees.
fn meant(stretches: &[Stretch]) -> Option<Vec<String>> {
    let say = |record: &Record<'_>| match record.body {
        Body::Continuation(Continuation::Broken(_)) | Body::Bad(_) => None,
        _ => Some(format!("{record:?}")),
    };
    let read = |(offset, bytes, cut): &Stretch| {
        shared::records(bytes, *offset, *cut, |records| records.iter().map(say).collect::<Vec<_>>())
    };
    stretches.iter().flat_map(read).collect()
}

// The last four bytes say how it is cut: the seeds are files as they lie.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((bytes, [reads @ .., most])) = input.split_last_chunk::<4>() else { return };
    let text = bytes.split(|c| *c == b'\n').any(|line| !is_line(line));
    // A text of several lines is at most 256 KiB long, and no line: the law is of lines that are cut above that.
    let most = if text { 1 << 20 } else { (usize::from(*most) + 1) * 32 };
    let whole = framed(bytes, &[usize::MAX], most);
    let cut = framed(bytes, &reads.map(usize::from), most);
    assert_eq!(all(&whole), all(&cut));
    if let (Some(whole), Some(cut)) = (meant(&whole), meant(&cut)) {
        assert_eq!(whole, cut);
    }
});
