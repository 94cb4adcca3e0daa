//! How much is kept of what is unfinished: environments come and go for as long as one watches, and a
//! log may begin a million invocations and end none.

use rustc_hash::FxHashMap;

use super::Correlator;
use super::again::{Newest, table_bytes};
use super::attempt::Failed;
use super::environment::Environment;
use crate::model::{EnvironmentId, FactSink, FunctionId, RequestId, Timestamp};

/// An environment of which nothing came for so long has none in flight: no invocation lasts longer
/// than 15 minutes (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>).
const LONGEST_MS: i64 = 15 * 60_000;

/// The name of all functions for which there was no room.
pub const OTHERS: &str = "(other functions)";

const ENVIRONMENT_BYTES: usize = 1_000;
const OPEN_BYTES: usize = 400;
/// A name that is kept, mostly a stream's.
const TEXT_BYTES: usize = 128;

/// How many things a correlator keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Functions that are told apart: all further ones count as one ([`OTHERS`]). Each takes about 2 kB
    /// where it is shown.
    pub functions: usize,
    /// Environments with a stream: about 1 kB each.
    pub environments: usize,
    /// Invocations in flight where many run at once, of records without a stream say: about 400
    /// bytes each.
    pub open: usize,
}

impl Room {
    /// Everything.
    pub const ALL: Self = Self { functions: usize::MAX, environments: usize::MAX, open: usize::MAX };

    /// All functions, and of what is unfinished as much as takes so many bytes at most.
    pub fn of_bytes(bytes: usize) -> Self {
        Self {
            functions: usize::MAX,
            environments: (bytes / 2 / ENVIRONMENT_BYTES).max(1_000),
            open: (bytes / 2 / OPEN_BYTES).max(1_000),
        }
    }
}

impl Correlator {
    /// A correlator that keeps no more than so much.
    pub fn within(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

    /// Invocations in flight that were given up for want of room: if they end, they are counted a second
    /// time, with an estimated start.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Lets go all that is unfinished, when nothing more is to come.
    pub fn finish(&mut self) {
        (self.environments, self.free) = Default::default();
        self.by_stream = FxHashMap::default();
        (self.streamless, self.streamless_open) = Default::default();
        (self.told, self.failed) = Default::default();
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        let failed = self.failed.iter().map(|ids| table_bytes::<(RequestId, Failed)>(ids.capacity()));
        let open = self.streamless_open.len() * OPEN_BYTES;
        let environments = self.environments.len() * ENVIRONMENT_BYTES;
        environments + open + self.texts_bytes() + failed.sum::<usize>() + self.told_bytes()
    }

    /// Those of the texts, estimated.
    pub fn texts_bytes(&self) -> usize {
        self.texts.errors.bytes() + self.texts.len() * TEXT_BYTES
    }

    /// Whether one more function can be told apart.
    pub(super) fn has_room_for_functions(&self) -> bool {
        self.functions.len() < self.room.functions
    }

    /// Puts an environment where one was, or behind all.
    pub(super) fn settle(&mut self, environment: Environment) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.environments[at as usize] = environment;
                at
            }
            None => {
                self.environments.push(environment);
                (self.environments.len() - 1) as u32
            }
        }
    }

    /// What is known of when a new environment told something: it may be one that was let go.
    pub(super) fn newest_of_new(&self) -> Newest {
        if self.let_go > 0 { Newest::UNSURE } else { Newest::default() }
    }

    /// Lets half of the environments go if there are as many as may be: those in which nothing runs,
    /// then those of which nothing came for the longest time.
    pub(super) fn make_room<S: FactSink>(&mut self, sink: &mut S) {
        if self.by_stream.len() < self.room.environments {
            return;
        }
        let known = |of: &Environment| of.known.map_or(Timestamp::MIN, |(_, known)| known);
        let newest = self.environments.iter().map(known).max().unwrap_or(Timestamp::MIN);
        let in_flight = |of: &Environment| !of.open.is_empty() && newest.since(known(of)) <= LONGEST_MS;
        let mut all: Vec<(bool, Timestamp, EnvironmentId, u32)> = (0..)
            .zip(&self.environments)
            .filter_map(|(at, of)| Some((in_flight(of), known(of), of.id?, at)))
            .collect();
        let half = all.len().div_ceil(2);
        if half < all.len() {
            all.select_nth_unstable(half);
        }
        for (in_flight, _, _, at) in all.into_iter().take(half) {
            let vacant = Environment::new(FunctionId(0), None, 0, b"");
            let mut gone = std::mem::replace(&mut self.environments[at as usize], vacant);
            self.by_stream.remove(&(gone.function, Box::from(gone.stream.get())));
            self.free.push(at);
            self.let_go += 1;
            for open in gone.open.take_all() {
                self.forgotten += u64::from(in_flight);
                self.give_up(open, newest, newest, sink);
            }
        }
    }

    /// Counts an invocation that began where many run at once, and gives the older half of all those up
    /// if there are too many.
    pub(super) fn one_more_of_many<S: FactSink>(&mut self, sink: &mut S) {
        self.of_many += 1;
        if self.of_many <= self.room.open / 2 {
            return;
        }
        self.of_many = 0;
        let many = |of: &&Environment| of.many && !of.open.is_empty();
        let open = self.environments.iter().filter(many).map(|of| of.open.len()).sum::<usize>();
        if open <= self.room.open / 2 {
            return;
        }
        let known = |of: &Environment| of.known.map_or(Timestamp::MIN, |(_, known)| known);
        let newest = self.environments.iter().map(known).max().unwrap_or(Timestamp::MIN);
        let mut numbers: Vec<u64> = self
            .environments
            .iter()
            .filter(many)
            .flat_map(|of| of.open.iter())
            .map(|open| open.invocation.seq)
            .collect();
        let (_, cut, _) = numbers.select_nth_unstable(open / 2);
        let cut = *cut;
        for at in 0..self.environments.len() {
            if !many(&&self.environments[at]) {
                continue;
            }
            for open in self.environments[at].open.take_before(cut) {
                self.streamless_open.remove(&open.invocation.request_id);
                self.forgotten += u64::from(newest.since(open.invocation.start) <= LONGEST_MS);
                self.give_up(open, newest, newest, sink);
            }
        }
    }
}
