//! The law of the framer: which frames there are depends on the bytes alone, not on the reads they came in; no byte
//! is lost or doubled.
#![no_main]

mod shared;

use lamtop::frame::is_line;
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

// The last four bytes say how it is cut: the seeds are files as they lie.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((bytes, [reads @ .., most])) = input.split_last_chunk::<4>() else { return };
    let text = bytes.split(|c| *c == b'\n').any(|line| !is_line(line));
    // A text of several lines is at most 256 KiB long, and no line: the law is of lines that are cut above that.
    let most = if text { 1 << 20 } else { (usize::from(*most) + 1) * 32 };
    let whole = framed(bytes, &[usize::MAX], most);
    let cut = framed(bytes, &reads.map(usize::from), most);
    assert_eq!(all(&whole), all(&cut));
    // What a stretch means may depend on where it was cut where something in it is broken; each means something.
    for (offset, bytes, cut) in &cut {
        let told = shared::records(bytes, *offset, *cut, |records| !records.is_empty());
        assert!(told || bytes.trim_ascii().is_empty(), "no record of {:?}", String::from_utf8_lossy(bytes));
    }
});
