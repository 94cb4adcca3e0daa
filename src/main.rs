//! `lamtop`: arguments to a run, exit code; nothing else.
fn main() {}
