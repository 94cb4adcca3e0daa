//! Sorted items in pages that are shared by pointer and copied when one changes, so that a
//! snapshot costs a clone of pointers and the writer never waits for a reader.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

/// What can lie in a [`Paged`].
pub trait Item: Clone {
    /// The order of the items, and their identity.
    type Key: Ord + Copy + std::fmt::Debug;
    /// What a page says of all its items, so that a reader can pass it over.
    type Summary: Clone + Default + std::fmt::Debug;
    /// Items a page holds at most: what a change may have to copy.
    const PER_PAGE: usize;

    /// Its place in the order. Must not change while it is kept.
    fn key(&self) -> Self::Key;
    /// Adds itself to the page's summary.
    fn sum_up(&self, summary: &mut Self::Summary);
    /// Bytes it holds outside itself.
    fn heap(&self) -> usize {
        0
    }
}

/// A page: some items in order and their summary.
#[derive(Debug)]
pub struct Page<T: Item> {
    items: Vec<T>,
    /// Made when it is asked for: a page changes hundreds of times for each question.
    summary: OnceLock<T::Summary>,
}

impl<T: Item> Clone for Page<T> {
    /// With room for as much as the other has: a copy is made to be added to, and sizes that come again
    /// are what an allocator fits into what was given back.
    fn clone(&self) -> Self {
        let mut items = Vec::with_capacity(self.items.capacity());
        items.extend_from_slice(&self.items);
        Self { items, summary: self.summary.clone() }
    }
}

impl<T: Item> Page<T> {
    fn of(items: Vec<T>) -> Self {
        Self { items, summary: OnceLock::new() }
    }

    /// The items, to change them.
    fn items_mut(&mut self) -> &mut Vec<T> {
        self.summary.take();
        &mut self.items
    }

    /// Puts an item in its place. There is room for no more than a page holds: one that grew by doubling
    /// would have up to twice that.
    fn put(&mut self, at: usize, item: T) {
        let items = self.items_mut();
        let len = items.len();
        if len == items.capacity() {
            items.reserve_exact(len.min(T::PER_PAGE.saturating_sub(len)).max(1));
        }
        items.insert(at, item);
    }

    /// The items in order.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The summary of the items.
    pub fn summary(&self) -> &T::Summary {
        self.summary.get_or_init(|| {
            let mut summary = T::Summary::default();
            self.items.iter().for_each(|item| item.sum_up(&mut summary));
            summary
        })
    }

    /// Bytes it holds, itself included.
    pub fn bytes(&self) -> usize {
        std::mem::size_of::<Self>()
            + self.items.capacity() * std::mem::size_of::<T>()
            + self.items.iter().map(Item::heap).sum::<usize>()
    }
}

#[derive(Clone, Debug)]
struct Entry<T: Item> {
    first: T::Key,
    last: T::Key,
    page: Arc<Page<T>>,
}

impl<T: Item> Entry<T> {
    fn of(items: Vec<T>) -> Option<Self> {
        let (first, last) = (items.first()?.key(), items.last()?.key());
        Some(Self { first, last, page: Arc::new(Page::of(items)) })
    }

    /// Where the item of this key is, or would be. Most that is looked for was added lately and lies
    /// in the processor's cache, so the search begins at the end and doubles its steps.
    fn place(&self, key: T::Key) -> Result<usize, usize> {
        let items = &self.page.items;
        if self.last < key {
            return Err(items.len());
        }
        let (mut after, mut step) = (items.len(), 1);
        while after > 0 {
            let at = after.saturating_sub(step);
            match items[at].key().cmp(&key) {
                Ordering::Equal => return Ok(at),
                Ordering::Greater => (after, step) = (at, 2 * step),
                Ordering::Less => {
                    let from = at + 1;
                    let found = items[from..after].binary_search_by(|item| item.key().cmp(&key));
                    return found.map(|at| from + at).map_err(|at| from + at);
                }
            }
        }
        Err(0)
    }
}

/// Items in the order of their keys, each key once.
#[derive(Clone, Debug)]
pub struct Paged<T: Item> {
    entries: Vec<Entry<T>>,
    len: usize,
}

impl<T: Item> Default for Paged<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), len: 0 }
    }
}

impl<T: Item> Paged<T> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item with the least key.
    pub fn first(&self) -> Option<&T> {
        self.entries.first()?.page.items.first()
    }

    /// The item with the greatest key.
    pub fn last(&self) -> Option<&T> {
        self.entries.last()?.page.items.last()
    }

    /// The pages in order.
    pub fn pages(&self) -> impl DoubleEndedIterator<Item = &Page<T>> {
        self.entries.iter().map(|entry| &*entry.page)
    }

    /// The last key and the bytes of each page, in order.
    pub fn page_sizes(&self) -> impl Iterator<Item = (T::Key, usize)> + '_ {
        self.entries.iter().map(|entry| (entry.last, entry.page.bytes()))
    }

    /// Bytes held, estimated: pages with the capacity they were given.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * std::mem::size_of::<Entry<T>>()
            + self
                .entries
                .iter()
                .map(|entry| entry.page.bytes() + 2 * std::mem::size_of::<usize>())
                .sum::<usize>()
    }

    /// The page in which this key lies or would lie.
    fn page_of(&self, key: T::Key) -> Option<usize> {
        let last = self.entries.len().checked_sub(1)?;
        if self.entries[last].first <= key {
            return Some(last);
        }
        Some(self.entries.partition_point(|entry| entry.first <= key).saturating_sub(1))
    }

    /// The item of this key.
    pub fn get(&self, key: T::Key) -> Option<&T> {
        let entry = &self.entries[self.page_of(key)?];
        entry.place(key).ok().map(|at| &entry.page.items[at])
    }

    /// Changes the item of this key, if it is there. The change must leave its key.
    pub fn update<R>(&mut self, key: T::Key, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let entry_at = self.page_of(key)?;
        let entry = &mut self.entries[entry_at];
        let at = entry.place(key).ok()?;
        let page = Arc::make_mut(&mut entry.page);
        Some(change(&mut page.items_mut()[at]))
    }

    /// Puts an item in its place; one of the same key is replaced.
    pub fn insert(&mut self, item: T) {
        let key = item.key();
        self.upsert(key, || item.clone(), |kept| *kept = item.clone());
    }

    /// Makes the item of this key if there is none, then changes it. The change must leave its key.
    pub fn upsert(&mut self, key: T::Key, make: impl FnOnce() -> T, change: impl FnOnce(&mut T)) {
        let Some(entry_at) = self.page_of(key) else {
            let mut item = make();
            change(&mut item);
            self.entries.extend(Entry::of(vec![item]));
            self.len = 1;
            return;
        };
        let entry = &mut self.entries[entry_at];
        match entry.place(key) {
            Ok(at) => {
                let page = Arc::make_mut(&mut entry.page);
                change(&mut page.items_mut()[at]);
            }
            Err(at) => {
                let mut item = make();
                change(&mut item);
                self.len += 1;
                self.put(entry_at, at, item);
            }
        }
    }

    fn put(&mut self, entry_at: usize, at: usize, item: T) {
        let entry = &mut self.entries[entry_at];
        let full = entry.page.items.len() >= T::PER_PAGE;
        if full && at == entry.page.items.len() {
            // Where one page is full the next will hardly stay as good as empty.
            let mut items = Vec::with_capacity((T::PER_PAGE / 4).max(1));
            items.push(item);
            self.entries.splice(entry_at + 1..entry_at + 1, Entry::of(items));
            return;
        }
        let key = item.key();
        let page = Arc::make_mut(&mut entry.page);
        page.put(at, item);
        (entry.first, entry.last) = (entry.first.min(key), entry.last.max(key));
        if full {
            let items = page.items_mut();
            let upper = items.split_off(items.len() / 2);
            items.shrink_to_fit();
            if let Some(last) = items.last() {
                entry.last = last.key();
            }
            self.entries.splice(entry_at + 1..entry_at + 1, Entry::of(upper));
        }
    }

    /// The items from this key on, in order.
    pub fn from(&self, key: T::Key) -> impl Iterator<Item = &T> {
        let page = self.entries.partition_point(|entry| entry.last < key);
        let skip = self.entries.get(page).map_or(0, |e| e.page.items.partition_point(|i| i.key() < key));
        self.entries[page..].iter().flat_map(|entry| entry.page.items.iter()).skip(skip)
    }

    /// The items before this key, the greatest first.
    pub fn back_from(&self, key: T::Key) -> impl Iterator<Item = &T> {
        let pages = self.entries.partition_point(|entry| entry.first < key);
        self.entries[..pages].iter().rev().flat_map(move |entry| {
            let items = &entry.page.items;
            let end = if entry.last < key { items.len() } else { items.partition_point(|i| i.key() < key) };
            items[..end].iter().rev()
        })
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flat_map(|entry| entry.page.items.iter())
    }

    /// These items as far as they lie before `key`, and the others' from there on. Whole pages are shared.
    pub fn before_and(&self, key: T::Key, others: &Self) -> Self {
        let mut entries = Vec::new();
        let cut = |entry: &Entry<T>| entry.page.items.partition_point(|item| item.key() < key);
        for entry in self.entries.iter().take_while(|entry| entry.first < key) {
            match entry.last < key {
                true => entries.push(entry.clone()),
                false => entries.extend(Entry::of(entry.page.items[..cut(entry)].to_vec())),
            }
        }
        for entry in others.entries.iter().filter(|entry| entry.last >= key) {
            match entry.first >= key {
                true => entries.push(entry.clone()),
                false => entries.extend(Entry::of(entry.page.items[cut(entry)..].to_vec())),
            }
        }
        let len = entries.iter().map(|entry| entry.page.items.len()).sum();
        Self { entries, len }
    }

    /// Drops the items before `key` that `keep` does not want; returns how many.
    pub fn drop_before(&mut self, key: T::Key, keep: impl Fn(&T) -> bool) -> usize {
        let touched = self.entries.partition_point(|entry| entry.first < key);
        let before = self.len;
        let mut kept: Vec<T> = Vec::new();
        let mut rest = self.entries.split_off(touched);
        for entry in self.entries.drain(..) {
            kept.extend(entry.page.items.iter().filter(|item| item.key() >= key || keep(item)).cloned());
        }
        self.entries.extend(kept.chunks(T::PER_PAGE).filter_map(|items| Entry::of(items.to_vec())));
        self.entries.append(&mut rest);
        self.entries.shrink_to_fit();
        self.len = self.entries.iter().map(|entry| entry.page.items.len()).sum();
        before - self.len
    }

    /// Drops whole pages whose items all lie before `key`; returns the last key dropped.
    pub fn drop_pages_before(&mut self, key: T::Key) -> Option<T::Key> {
        // Asked at every change, and mostly nothing is to be done.
        self.entries.first().filter(|entry| entry.last < key)?;
        let gone = self.entries.partition_point(|entry| entry.last < key);
        let last = self.entries[..gone].last()?.last;
        self.len -= self.entries[..gone].iter().map(|entry| entry.page.items.len()).sum::<usize>();
        self.entries.drain(..gone);
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq)]
    struct Pair(i64, u32);

    impl Item for Pair {
        type Key = i64;
        type Summary = u32;
        const PER_PAGE: usize = 4;
        fn key(&self) -> i64 {
            self.0
        }
        fn sum_up(&self, most: &mut u32) {
            *most = self.1.max(*most);
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_map(steps in prop::collection::vec((0i64..40, 0u32..100, 0u8..4), 0..200), at in 0i64..40) {
            let mut paged = Paged::<Pair>::default();
            let mut map = BTreeMap::new();
            for (key, value, what) in steps {
                match what {
                    0 => {
                        let changed = paged.update(key, |pair| pair.1 = value).is_some();
                        prop_assert_eq!(changed, map.contains_key(&key));
                        if changed {
                            map.insert(key, value);
                        }
                    }
                    1 if value < 5 => {
                        let dropped = paged.drop_before(key, |pair| pair.1 > 50);
                        let before = map.len();
                        map.retain(|k, v| *k >= key || *v > 50);
                        prop_assert_eq!(dropped, before - map.len());
                    }
                    2 => {
                        paged.upsert(key, || Pair(key, 0), |pair| pair.1 += value);
                        *map.entry(key).or_insert(0) += value;
                    }
                    _ => {
                        paged.insert(Pair(key, value));
                        map.insert(key, value);
                    }
                }
            }
            let want: Vec<Pair> = map.iter().map(|(k, v)| Pair(*k, *v)).collect();
            prop_assert_eq!(paged.iter().cloned().collect::<Vec<_>>(), want.clone());
            prop_assert_eq!(paged.len(), want.len());
            prop_assert_eq!(paged.first(), want.first());
            prop_assert_eq!(paged.last(), want.last());
            prop_assert_eq!(paged.get(at).map(|pair| pair.1), map.get(&at).copied());
            let from: Vec<Pair> = want.iter().filter(|p| p.0 >= at).cloned().collect();
            prop_assert_eq!(paged.from(at).cloned().collect::<Vec<_>>(), from);
            let back: Vec<Pair> = want.iter().rev().filter(|p| p.0 < at).cloned().collect();
            prop_assert_eq!(paged.back_from(at).cloned().collect::<Vec<_>>(), back);
            for page in paged.pages() {
                prop_assert!(page.items().len() <= 4 && !page.items().is_empty());
                prop_assert_eq!(Some(*page.summary()), page.items().iter().map(|p| p.1).max());
            }
        }
    }

    #[test]
    fn a_clone_does_not_hear_of_later_changes() {
        let mut paged = Paged::<Pair>::default();
        (0..20).for_each(|key| paged.insert(Pair(key, 1)));
        let before = paged.clone();
        paged.update(3, |pair| pair.1 = 9);
        paged.insert(Pair(30, 1));
        assert_eq!(before.get(3), Some(&Pair(3, 1)));
        assert_eq!(before.len(), 20);
        assert_eq!(paged.get(3), Some(&Pair(3, 9)));
        assert_eq!(paged.drop_pages_before(9), Some(7));
        assert_eq!(paged.first(), Some(&Pair(8, 1)));
    }
}
