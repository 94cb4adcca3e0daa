//! Lines that are made once and written many times, with other times and request ids each time: making
//! them anew would cost as much as reading them.

use super::BASE;
use super::logs::{self, Line};

/// The lines of some invocations, as most writers wrap them.
pub struct Block {
    text: Vec<u8>,
    /// Where times stand, and how long after the block's time each is, in ms.
    times: Vec<(usize, i64)>,
    /// Where the first eight digits of a request id stand, and of which invocation.
    ids: Vec<(usize, u64)>,
    invocations: u64,
}

impl Block {
    /// Of so many invocations, an equal share of each function; of their lines those that are wanted.
    pub fn new(invocations: u64, functions: u64, wanted: impl Fn(&Line) -> bool) -> Self {
        const TIME: &[u8] = b"\"timestamp\":";
        const ID: &[u8] = b"-1f5e-4e0e-8d4b-";
        let mut block = Self { text: Vec::new(), times: Vec::new(), ids: Vec::new(), invocations };
        let mut lines: Vec<(u64, Line)> = (0..invocations)
            .flat_map(|n| logs::of(n, functions, logs::text_at(n, BASE)).map(move |line| (n, line)))
            .filter(|(_, line)| wanted(line))
            .collect();
        lines.sort_by_key(|(_, line)| line.at);
        for (n, line) in lines {
            let (from, at, line) = (block.text.len(), line.at - BASE, logs::wrapped(&line));
            let places = |what: &[u8]| {
                let line = line.as_bytes();
                (0..line.len()).filter(|at| line[*at..].starts_with(what)).collect::<Vec<_>>()
            };
            block.times.extend(places(TIME).iter().map(|place| (from + place + TIME.len(), at)));
            block.ids.extend(places(ID).iter().map(|place| (from + place - 8, n)));
            block.text.extend_from_slice(line.as_bytes());
        }
        block
    }

    /// The lines of the block of this number, that begins at this time.
    pub fn put(&mut self, number: u64, at: i64) -> &[u8] {
        for (place, after) in &self.times {
            self.text[*place..place + 13].copy_from_slice(&digits(at + after));
        }
        for (place, n) in &self.ids {
            let id = (number * self.invocations + n).wrapping_mul(2_654_435_761) as u32;
            self.text[*place..place + 8].copy_from_slice(&hex(id));
        }
        &self.text
    }
}

fn digits(mut at: i64) -> [u8; 13] {
    let mut digits = [b'0'; 13];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (at % 10) as u8;
        at /= 10;
    }
    digits
}

fn hex(id: u32) -> [u8; 8] {
    std::array::from_fn(|at| b"0123456789abcdef"[(id >> (28 - 4 * at) & 15) as usize])
}
