//! Segment documents by trace.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::model::{Flags, FunctionId, Origin, SegmentDocument, SegmentNode, Timestamp, TraceId};

use super::paged::{Item, Paged};

/// Documents kept of one trace at most.
const DOCUMENTS: usize = 20_000;
/// Segments and subsegments kept of one trace at most.
const NODES: usize = 100_000;

/// A document and whose it is.
#[derive(Clone, Debug)]
pub struct KeptDocument {
    /// The function, where it is known.
    pub function: Option<FunctionId>,
    /// The document.
    pub document: Arc<SegmentDocument>,
    /// Its extent.
    pub extent: Extent,
    /// Where its bytes lie: what is not kept of it is read there again.
    pub origin: Origin,
}

/// From when to when something lasts, and its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its earliest time, µs since 1970; `i64::MAX` where none is printed.
    pub start_us: i64,
    /// Its latest time, µs since 1970; `i64::MIN` where none is printed.
    pub end_us: i64,
    /// All marks.
    pub flags: Flags,
    /// Segments and subsegments.
    pub nodes: usize,
}

impl Extent {
    /// Of nothing.
    pub const EMPTY: Self = Self {
        start_us: i64::MAX,
        end_us: i64::MIN,
        flags: Flags { error: false, fault: false, throttle: false },
        nodes: 0,
    };

    /// Of both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            start_us: self.start_us.min(other.start_us),
            end_us: self.end_us.max(other.end_us),
            flags: self.flags.or(other.flags),
            nodes: self.nodes + other.nodes,
        }
    }

    /// Its length in µs.
    pub fn length_us(&self) -> i64 {
        self.end_us.saturating_sub(self.start_us).max(0)
    }

    fn of(root: &SegmentNode) -> (Self, usize) {
        let mut extent = Self::EMPTY;
        let mut bytes = 0;
        let mut todo = vec![root];
        while let Some(node) = todo.pop() {
            let times = || node.start_us.into_iter().chain(node.end_us);
            extent = extent.and(Self {
                start_us: times().min().unwrap_or(i64::MAX),
                end_us: times().max().unwrap_or(i64::MIN),
                flags: node.flags,
                nodes: 1,
            });
            let len = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len() + 8);
            bytes += std::mem::size_of::<SegmentNode>() + node.id.len() + node.name.len() + 16;
            bytes += len(&node.origin) + len(&node.namespace) + len(&node.detail);
            bytes += len(&node.cause) + len(&node.request_id);
            todo.extend(&node.children);
        }
        (extent, bytes)
    }
}

/// A trace: its documents in the order in which they came.
#[derive(Clone, Debug)]
pub struct TraceData {
    /// Its number in the order of arrival.
    pub number: u64,
    /// The trace.
    pub id: TraceId,
    /// Its documents.
    pub documents: Vec<KeptDocument>,
    /// Documents that were not kept, since there were too many.
    pub refused: u32,
    /// When the latest of them was known.
    pub known: Timestamp,
    /// When the earliest of them was known.
    pub first_known: Timestamp,
    /// The extent of all of them.
    pub extent: Extent,
    bytes: usize,
}

impl Item for TraceData {
    type Key = u64;
    type Summary = ();
    const PER_PAGE: usize = 32;

    fn key(&self) -> u64 {
        self.number
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        self.bytes + self.documents.capacity() * std::mem::size_of::<KeptDocument>()
    }
}

/// All traces.
#[derive(Debug, Default)]
pub struct Traces {
    /// By their number.
    pub kept: Paged<TraceData>,
    numbers: HashMap<TraceId, u64, FxBuildHasher>,
    next: u64,
    bytes: usize,
}

impl Traces {
    /// Keeps a document; says whether it did.
    pub fn keep(
        &mut self,
        id: TraceId,
        function: Option<FunctionId>,
        known: Timestamp,
        document: &SegmentDocument,
        origin: Origin,
    ) -> bool {
        let (extent, size) = Extent::of(&document.root);
        let size = size + std::mem::size_of::<SegmentDocument>() + document.trace_id.len();
        let number = *self.numbers.entry(id).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let new = || TraceData {
            number,
            id,
            documents: Vec::new(),
            refused: 0,
            known: Timestamp::MIN,
            first_known: Timestamp::NEVER,
            extent: Extent::EMPTY,
            bytes: 0,
        };
        let mut kept = false;
        self.kept.upsert(number, new, |trace| {
            kept = trace.documents.len() < DOCUMENTS && trace.extent.nodes + extent.nodes <= NODES;
            if !kept {
                trace.refused = trace.refused.saturating_add(1);
                return;
            }
            trace.known = trace.known.max(known);
            trace.first_known = trace.first_known.min(known);
            trace.extent = trace.extent.and(extent);
            trace.bytes += size;
            let document = Arc::new(SegmentDocument { known, ..document.clone() });
            trace.documents.push(KeptDocument { function, document, extent, origin });
        });
        if kept {
            self.bytes += size + std::mem::size_of::<KeptDocument>() + 64;
        }
        kept
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.bytes + self.kept.len() * (std::mem::size_of::<TraceData>() + 48)
    }

    /// Lets go traces until at most `most` bytes are held: the oldest first, but those that are
    /// marked or among the slowest tenth only when all others are gone. Returns how many.
    pub fn shrink(&mut self, most: usize) -> usize {
        let before = self.kept.len();
        let mut lengths: Vec<i64> = self.kept.iter().map(|trace| trace.extent.length_us()).collect();
        lengths.sort_unstable();
        let slow = lengths.get(lengths.len() * 9 / 10).copied().unwrap_or(i64::MAX);
        for ordinary in [true, false] {
            let mut left = self.bytes();
            if left <= most {
                break;
            }
            let matters = |trace: &TraceData| trace.extent.flags.any() || trace.extent.length_us() >= slow;
            let mut gone = Vec::new();
            let mut freed = 0;
            for trace in self.kept.iter().filter(|trace| matters(trace) != ordinary) {
                if left <= most {
                    break;
                }
                let heap = trace.heap() + trace.documents.len() * 64;
                left = left.saturating_sub(heap + std::mem::size_of::<TraceData>() + 48);
                freed += heap.min(self.bytes);
                gone.push((trace.number, trace.id));
            }
            self.bytes = self.bytes.saturating_sub(freed);
            gone.iter().for_each(|(_, id)| {
                self.numbers.remove(id);
            });
            let last = gone.last().map_or(0, |(number, _)| number + 1);
            self.kept.drop_before(last, |trace| gone.binary_search(&(trace.number, trace.id)).is_err());
        }
        self.numbers.shrink_to_fit();
        before - self.kept.len()
    }
}
