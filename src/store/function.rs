//! What is kept of one function.

use std::sync::Arc;

use crate::model::{EnvironmentId, EnvironmentInfo, Timestamp, TraceId};

use super::control::Settings;
use super::metric::Metrics;
use super::paged::{Item, Paged};
use super::refused::Refused;
use super::row::{Former, Row, RowKey, TraceOf};
use super::series::Series;

/// A function: its invocations, what they come to, its metrics and environments.
#[derive(Clone, Debug)]
pub struct FunctionData {
    /// Its name.
    pub name: Arc<str>,
    /// Its invocations by start.
    pub rows: Paged<Row>,
    /// Ends that were corrected later.
    pub formers: Paged<Former>,
    /// Traces of invocations that have one.
    pub traces: Paged<TraceOf>,
    /// The fold of its invocations.
    pub series: Series,
    /// Its metrics.
    pub metrics: Metrics,
    /// Its environments.
    pub environments: Paged<KnownEnvironment>,
    /// Records that the platform lost before they reached a log: when that was known, how many.
    pub dropped: Vec<(Timestamp, u64)>,
    /// Points of metrics beyond those that are kept: when that was known, how many.
    pub others_refused: Vec<(Timestamp, u64)>,
    /// Timed-out durations in whole seconds by the time they were known, each longer than all
    /// known before it.
    pub timeouts: Vec<(Timestamp, u32)>,
    /// Requests that were refused, as callers' records tell.
    pub refused: Paged<Refused>,
    /// When it was first known of any of these that there was no concurrency left for it.
    pub throttled_known: Timestamp,
    /// What it is set to.
    pub settings: Settings,
    /// When anything was first known of it.
    pub first_known: Timestamp,
    /// When anything was first known of it from a log.
    pub logs_known: Timestamp,
    /// When anything was first known of it from a trace.
    pub traces_known: Timestamp,
    /// Its newest record of any kind.
    pub newest: Timestamp,
}

impl FunctionData {
    /// A function of which nothing is known but its name.
    pub fn new(name: Arc<str>) -> Self {
        Self {
            name,
            rows: Paged::default(),
            formers: Paged::default(),
            traces: Paged::default(),
            series: Series::of_function(),
            metrics: Metrics::default(),
            environments: Paged::default(),
            dropped: Vec::new(),
            others_refused: Vec::new(),
            timeouts: Vec::new(),
            refused: Paged::default(),
            throttled_known: Timestamp::NEVER,
            settings: Settings::default(),
            first_known: Timestamp::NEVER,
            logs_known: Timestamp::NEVER,
            traces_known: Timestamp::NEVER,
            newest: Timestamp::MIN,
        }
    }

    /// The trace of a row, if it was known by a time.
    pub fn trace_of(&self, row: RowKey, by: Timestamp) -> Option<TraceId> {
        self.traces.get(row).filter(|of| of.known <= by).map(|of| of.trace)
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        std::mem::size_of::<Self>()
            + self.name.len()
            + self.rows.bytes()
            + self.formers.bytes()
            + self.traces.bytes()
            + self.series.bytes()
            + self.metrics.bytes()
            + self.environments.bytes()
            + (self.dropped.capacity() + self.others_refused.capacity())
                * std::mem::size_of::<(Timestamp, u64)>()
            + self.timeouts.capacity() * std::mem::size_of::<(Timestamp, u32)>()
            + self.settings.bytes()
            + self.refused.bytes()
    }

    /// Notes a timed-out duration.
    pub(super) fn note_timeout(&mut self, known: Timestamp, seconds: u32) {
        let at = self.timeouts.partition_point(|&(k, _)| k <= known);
        if at.checked_sub(1).is_some_and(|at| self.timeouts[at].1 >= seconds) {
            return;
        }
        self.timeouts.insert(at, (known, seconds));
        let rest = self.timeouts.split_off(at + 1);
        self.timeouts.extend(rest.into_iter().filter(|&(_, s)| s > seconds));
    }
}

/// An environment: what was first told of it, and its first init.
#[derive(Clone, Debug)]
pub struct KnownEnvironment {
    /// What was first told.
    pub first: EnvironmentInfo,
    /// When its init began, and when that was known.
    pub init: Option<(Timestamp, Timestamp)>,
}

impl KnownEnvironment {
    /// An environment that is told for the first time.
    pub fn of(info: &EnvironmentInfo) -> Self {
        Self { first: *info, init: info.init_start.map(|start| (start, info.known)) }
    }

    /// It was told again. A later init in the same environment does not make it another.
    pub(super) fn more(&mut self, info: &EnvironmentInfo) {
        let again = Self::of(info);
        let sooner = |new: &(Timestamp, Timestamp)| self.init.is_none_or(|old| new.1 < old.1);
        self.init = again.init.filter(sooner).or(self.init);
        if info.known < self.first.known {
            self.first = *info;
        }
    }
}

impl Item for KnownEnvironment {
    type Key = EnvironmentId;
    type Summary = ();
    const PER_PAGE: usize = 128;

    fn key(&self) -> EnvironmentId {
        self.first.id
    }

    fn sum_up(&self, (): &mut ()) {}
}
