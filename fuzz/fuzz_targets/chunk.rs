//! Any bytes as they come out of a file: every decoder, and the short cuts against the walks.
#![no_main]

mod shared;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::check(bytes));
