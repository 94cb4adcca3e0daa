//! gz and zst: any bytes end, in bounded memory.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let most = 4 << 20;
    let (whole, _) = lamtop::source::doors::unpacked(bytes, most);
    assert!(whole <= most);
});
