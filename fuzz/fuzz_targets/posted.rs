//! Bodies of posts (OTLP JSON and protobuf, Firehose, frames; packed or not) and the X-Ray daemon's datagrams: what
//! they become is whole lines, and those are decoded.
#![no_main]

mod shared;

use lamtop::source::doors::{datagram, posted};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The last byte says what it is: the seeds are bodies as they came.
    let Some((how, body)) = bytes.split_last() else { return };
    let frames = match how & 7 {
        7 => datagram(body),
        how => posted(how, how & 8 != 0, body),
    };
    if let Some(frames) = frames {
        assert!(frames.is_empty() || frames.ends_with(b"\n") || how & 7 == 7);
        shared::check(&frames);
    }
});
