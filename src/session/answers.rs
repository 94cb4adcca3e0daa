//! A thread that answers the newest question and forgets older ones.

use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// A place for one question: a new one replaces one that nobody has taken yet.
struct Slot<Q> {
    question: Mutex<(Option<Q>, bool)>,
    changed: Condvar,
}

/// Asks a thread of its own. Dropping it ends the thread.
pub struct Answers<Q> {
    slot: Arc<Slot<Q>>,
    thread: Option<JoinHandle<()>>,
}

impl<Q: Send + 'static> Answers<Q> {
    /// Starts a thread that answers; `answer` also sends the answer where it belongs.
    pub fn start(name: &str, mut answer: impl FnMut(Q) + Send + 'static) -> std::io::Result<Self> {
        let slot = Arc::new(Slot { question: Mutex::new((None, false)), changed: Condvar::new() });
        let its = slot.clone();
        let thread = std::thread::Builder::new().name(name.to_string()).spawn(move || {
            while let Some(question) = its.next() {
                answer(question);
            }
        })?;
        Ok(Self { slot, thread: Some(thread) })
    }

    /// Asks; never waits for an answer.
    pub fn ask(&self, question: Q) {
        self.slot.put(|place| place.0 = Some(question));
    }
}

impl<Q> Slot<Q> {
    fn put(&self, change: impl FnOnce(&mut (Option<Q>, bool))) {
        // The lock is held for a move only, by threads that can't panic meanwhile.
        let mut place = self.question.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        change(&mut place);
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Q> {
        let mut place = self.question.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        loop {
            if place.1 {
                return None;
            }
            if let Some(question) = place.0.take() {
                return Some(question);
            }
            place = self.changed.wait(place).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

impl<Q> Drop for Answers<Q> {
    fn drop(&mut self) {
        self.slot.put(|place| place.1 = true);
        if let Some(thread) = self.thread.take() {
            // One that panicked has already ended the program by the panic hook.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    #[test]
    fn only_the_newest_question_is_answered() {
        let (go, gate) = bounded::<()>(0);
        let (done, answers) = unbounded();
        let thread = Answers::start("test", move |n: u32| {
            gate.recv().unwrap();
            done.send(n).unwrap();
        })
        .unwrap();
        thread.ask(1);
        go.send(()).unwrap();
        assert_eq!(answers.recv().unwrap(), 1);
        thread.ask(2);
        // Whether 2 was taken already or not: 3 replaces nothing that was taken, 4 replaces 3.
        thread.ask(3);
        thread.ask(4);
        let mut got = Vec::new();
        while got.last() != Some(&4) {
            go.send(()).unwrap();
            got.push(answers.recv().unwrap());
        }
        assert!(got == [4] || got == [2, 4] || got == [3, 4] || got == [2, 3, 4], "{got:?}");
    }
}
