//! Memory beside a chunk for what its records refer to.

use std::cell::OnceCell;

use crate::model::{Bad, CallRecord, DeliveryRecord, Record, SegmentDocument, SettingRecord};

/// What lies beside a chunk as long as its records do: the parts that only some records have, and
/// texts that had to be unescaped. At most some times the chunk's size, and freed at once with it:
/// no record costs an allocation of its own, and none has to be taken apart when it goes. Records
/// are plain data for it, which the compiler writes where they will lie.
#[derive(Default)]
pub struct Arena {
    plain: bumpalo::Bump,
    segments: Owned<SegmentDocument>,
    settings: Owned<SettingRecord>,
    deliveries: Owned<DeliveryRecord>,
    calls: Owned<CallRecord>,
    bad: Owned<Bad>,
}

/// Rare things that own memory, which is freed with them.
struct Owned<T>(OnceCell<typed_arena::Arena<T>>);

impl<T> Default for Owned<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> Owned<T> {
    fn keep(&self, it: T) -> &T {
        self.0.get_or_init(typed_arena::Arena::new).alloc(it)
    }
}

impl Arena {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps plain data.
    #[inline]
    pub(super) fn alloc<T: Copy>(&self, it: T) -> &T {
        self.plain.alloc(it)
    }

    /// Keeps copies of records.
    pub(super) fn records<'a>(&'a self, records: &[Record<'a>]) -> &'a [Record<'a>] {
        self.plain.alloc_slice_copy(records)
    }

    /// Keeps a copy of a text.
    pub(super) fn text(&self, text: &[u8]) -> &[u8] {
        self.plain.alloc_slice_copy(text)
    }

    /// Keeps a copy of values, each with how many there are of it.
    pub(super) fn values(&self, values: &[(f64, f64)]) -> &[(f64, f64)] {
        self.plain.alloc_slice_copy(values)
    }

    pub(super) fn segment(&self, document: SegmentDocument) -> &SegmentDocument {
        self.segments.keep(document)
    }

    pub(super) fn setting(&self, change: SettingRecord) -> &SettingRecord {
        self.settings.keep(change)
    }

    pub(super) fn delivery(&self, told: DeliveryRecord) -> &DeliveryRecord {
        self.deliveries.keep(told)
    }

    pub(super) fn call(&self, told: CallRecord) -> &CallRecord {
        self.calls.keep(told)
    }

    pub(super) fn bad(&self, bad: Bad) -> &Bad {
        self.bad.keep(bad)
    }

    /// Lets all go that is in it; some of its memory is kept for what comes next.
    pub fn reset(&mut self) {
        self.plain.reset();
        (self.segments, self.settings) = Default::default();
        (self.deliveries, self.calls, self.bad) = Default::default();
    }

    /// Bytes of memory for plain data.
    pub fn allocated_bytes(&self) -> usize {
        self.plain.allocated_bytes()
    }
}
