//! Any bytes as one frame, which may be a document of many records; its parts; what the log view shows of it.
#![no_main]

use lamtop::decode::{self, Arena, Frame};
use lamtop::model::{Origin, SourceId};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let origin = Origin { source: SourceId(0), offset: 0, len: bytes.len() as u32 };
    let read = || {
        let (arena, mut out) = (Arena::new(), Vec::new());
        decode::frame(Frame { text: bytes, origin, arrived: None }, &arena, &mut out);
        out.iter().map(|record| format!("{record:?}")).collect::<Vec<_>>()
    };
    assert_eq!(read(), decode::without_short_cuts(read));
    let arena = Arena::new();
    let _ = decode::shown(bytes, &arena);
    if let Some(parts) = decode::parts(bytes) {
        // Parts are smaller documents, never the same one again.
        assert!(parts.iter().all(|part| part.len() <= 2 * bytes.len() + 4096), "parts grow");
    }
});
