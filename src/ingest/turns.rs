//! Reading on several threads, each with all of its chunk's way: read, decode, take.
//!
//! A thread that has read a chunk decodes it and also takes its records, so that the bytes and the
//! records stay in the cache of one processor. Reading is one thread's at a time, and so is taking,
//! in the order of reading; only decoding runs side by side, and reading beside taking.

use std::sync::{Condvar, Mutex, PoisonError};

use super::emptied;
use crate::decode::{self, Arena, Wanted};
use crate::model::{Chunk, Record};

/// More threads than these would wait for each other: taking is about half of the work.
const MOST: usize = 3;

/// How many threads there should be.
pub fn readers() -> usize {
    std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST))
}

/// What the threads share.
struct Shared<N, T> {
    /// What reads, and how often it did.
    next: Mutex<(N, u64)>,
    /// What takes, and whose turn it is; no number is that of a turn that will never come.
    take: Mutex<(T, Option<u64>)>,
    /// The turn has changed.
    turn: Condvar,
}

/// Calls `next` on so many threads until it gives nothing more, decodes what is wanted of what has a
/// chunk, and calls `take` for each in the order in which `next` gave them; then `done` with what was
/// taken.
pub fn in_turns<E: Send>(
    threads: usize,
    wanted: Wanted,
    next: impl FnMut() -> Option<E> + Send,
    chunk: impl Fn(&E) -> Option<&Chunk> + Sync,
    take: impl FnMut(&E, &[Record<'_>]) + Send,
    done: impl Fn(E) + Sync,
) {
    let shared =
        Shared { next: Mutex::new((next, 0)), take: Mutex::new((take, Some(0))), turn: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // One that can't be started is done without.
            let _ = std::thread::Builder::new()
                .name("reader".to_string())
                .spawn_scoped(scope, || shared.work(wanted, &chunk, &done));
        }
        shared.work(wanted, &chunk, &done);
    });
}

impl<N, T> Shared<N, T> {
    fn work<E>(&self, wanted: Wanted, chunk: &impl Fn(&E) -> Option<&Chunk>, done: &impl Fn(E))
    where
        N: FnMut() -> Option<E>,
        T: FnMut(&E, &[Record<'_>]),
    {
        // What panics leaves a turn that nobody takes: the others must not wait for it.
        let _broken = Broken(self);
        let mut memory: Vec<Record<'static>> = Vec::new();
        let mut arena = Arena::new();
        loop {
            let (turn, event) = {
                let mut next = sound(self.next.lock());
                let Some(event) = next.0() else { return };
                next.1 += 1;
                (next.1 - 1, event)
            };
            arena.reset();
            let mut records: Vec<Record<'_>> = memory;
            if let Some(chunk) = chunk(&event) {
                decode::chunk(chunk, wanted, &arena, &mut records);
            }
            let mut take = sound(self.take.lock());
            while take.1.is_some_and(|now| now != turn) {
                take = sound(self.turn.wait(take));
            }
            if take.1.is_none() {
                return;
            }
            take.0(&event, &records);
            take.1 = Some(turn + 1);
            drop(take);
            self.turn.notify_all();
            memory = emptied(records);
            done(event);
        }
    }
}

/// A lock whose last owner panicked is as good as any: nobody works on after a panic.
fn sound<G>(lock: Result<G, PoisonError<G>>) -> G {
    lock.unwrap_or_else(PoisonError::into_inner)
}

/// Ends all turns when its thread panics.
struct Broken<'a, N, T>(&'a Shared<N, T>);

impl<N, T> Drop for Broken<'_, N, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            sound(self.0.take.lock()).1 = None;
            self.0.turn.notify_all();
        }
    }
}
