//! What the status says of sources, bad records and problems.

use crate::engine::{Progress, Published, SourceProgress, Stage};
use crate::model::{ClaimStanding, SourceId, Timestamp};
use crate::source::Kind;
use crate::store::{Newest, Snapshot};
use crate::ui::status::{BadRecord, Onset, SourceState, SourceStatus};

/// How old the newest of each kind of record is.
pub(super) fn ages(snapshot: &Snapshot, as_of: Timestamp) -> Vec<(&'static str, Option<i64>)> {
    let Newest { logs, metrics, traces } = snapshot.newest_of;
    [("logs", logs), ("CW", metrics), ("X-Ray", traces)]
        .into_iter()
        .filter(|(_, newest)| *newest != Timestamp::MIN)
        .map(|(kind, newest)| (kind, Some(as_of.since(newest).max(0))))
        .collect()
}

/// That nothing of Lambda is in it, where that is so: a README in a folder of logs, a program.
fn nothing_of_lambda(source: &SourceProgress) -> Option<String> {
    let read = &source.read;
    if source.stage == Stage::Reading || read.told {
        return None;
    }
    match (read.records, read.bad) {
        (0, _) => (source.stage == Stage::Ended).then(|| "nothing in it".to_string()),
        (all, bad) if bad * 2 > all => {
            Some("no record of Lambda in it, and most of it can't be read: is it a log?".to_string())
        }
        _ => Some("text only, no record of Lambda in it: is it a log of something else?".to_string()),
    }
}

/// That nothing of what was named could be read, where that is so and all of it was tried: a screen without
/// figures must say why.
pub(super) fn unreadable(progress: &Progress) -> Option<String> {
    let none = |source: &SourceProgress| {
        let read = &source.read;
        source.stage != Stage::Reading && !read.told && read.records > 0 && read.bad * 2 > read.records
    };
    let first = progress.sources.values().next().filter(|_| progress.sources.values().all(none))?;
    let (label, others) = (&first.info.label, progress.sources.len() - 1);
    let name = if others > 0 { format!("{label} and {others} more") } else { label.to_string() };
    Some(format!("{name}: nothing in it could be read (not text?); 7 says why"))
}

/// Whether a source could not be read to its end. Of a file that was written anew the rest is gone, but its
/// name is read on.
fn broke_off(source: &SourceProgress) -> bool {
    let unpacked = matches!(source.info.kind, Kind::Packed | Kind::Fifo);
    source.trouble.is_some() && (unpacked || source.read.records == 0)
}

/// What went wrong, without the name that stands before it.
fn without_name(name: &str, what: &str) -> String {
    what.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(what).to_string()
}

/// What can't be read at all, as sources that failed, with what to do.
fn unread(progress: &Progress) -> impl Iterator<Item = SourceStatus> + '_ {
    progress.unread.iter().map(|(name, why)| SourceStatus {
        // It has no number: nothing was read of it, so nothing lies in it.
        id: SourceId(u32::MAX),
        name: name.clone(),
        named: true,
        state: SourceState::Failed,
        read_bytes: 0,
        size_bytes: Some(0),
        records: 0,
        bad: 0,
        newest: None,
        note: Some(without_name(name, why)),
    })
}

/// When problems were there, as far as was judged.
pub(super) fn onsets(snapshot: &Snapshot) -> Vec<Onset> {
    let standing = snapshot.findings.standing(Timestamp::NEVER);
    let onset = |one: &ClaimStanding| Onset { since: one.claim.since, found: one.opened, until: one.until };
    standing.iter().map(onset).collect()
}

pub(super) fn sources(published: &Published) -> Vec<SourceStatus> {
    // Of those that are kept some are known to be bad only beside the others; not all are kept.
    let kept = &published.snapshot.bad.kept;
    let kept = |id| kept.iter().filter(|record| record.origin.source == id).count() as u64;
    let state = |source: &SourceProgress| match source.stage {
        Stage::Ended if broke_off(source) => SourceState::Failed,
        Stage::Reading => SourceState::Reading,
        Stage::Following if source.info.kind == Kind::Socket => SourceState::Listening,
        Stage::Following if source.read.records == 0 => SourceState::Waiting,
        Stage::Following => SourceState::Following,
        Stage::Ended => SourceState::Ended,
    };
    let opened = published.progress.sources.values();
    unread(&published.progress)
        .chain(opened.map(|source| {
            SourceStatus {
                id: source.info.id,
                name: source.info.label.to_string(),
                named: source.info.path.is_some() && source.info.kind != Kind::Fifo,
                state: state(source),
                read_bytes: source.bytes,
                size_bytes: (!matches!(source.info.kind, Kind::Fifo | Kind::Socket))
                    .then(|| source.info.size.max(source.bytes)),
                records: source.read.records.saturating_sub(source.read.bad),
                bad: source.read.bad.max(kept(source.info.id)),
                newest: source.newest,
                note: source
                    .note
                    .clone()
                    .or_else(|| Some(without_name(&source.info.label, source.trouble.as_deref()?)))
                    .or_else(|| nothing_of_lambda(source)),
            }
        }))
        .collect()
}

pub(super) fn bad_records(published: &Published) -> Vec<BadRecord> {
    let name = |id| published.progress.sources.get(&id).map_or(String::new(), |s| s.info.label.to_string());
    published
        .snapshot
        .bad
        .kept
        .iter()
        .rev()
        .map(|record| BadRecord {
            source: name(record.origin.source),
            line: None,
            offset: record.origin.offset,
            reason: record.bad.reason.clone(),
            excerpt: record.bad.excerpt.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::Read;
    use crate::model::Texts;
    use crate::source::SourceInfo;
    use crate::store::{Budget, Store};

    fn read(id: u32, records: u64, bad: u64, told: bool) -> (SourceId, SourceProgress) {
        let id = SourceId(id);
        let info = SourceInfo {
            id,
            path: None,
            label: format!("{}.log", id.0).into(),
            size: 10,
            kind: if id.0 == 3 { Kind::Packed } else { Kind::File },
            function: None,
            stream: None,
            written: None,
            skipped: 0,
        };
        let read = Read { records, bad, told, oldest: None };
        let stage = Stage::Ended;
        (id, SourceProgress { info, bytes: 10, read, newest: None, stage, note: None, trouble: None })
    }

    #[test]
    fn what_cannot_be_read_is_a_source_too() {
        let mut progress = Progress::default();
        let why = "secret.log: permission denied; run as a user who may read it";
        progress.unread.insert("secret.log".to_string(), why.to_string());
        let all = [(0, 0, 0, false), (1, 9, 8, false), (2, 9, 0, false), (3, 9_000, 2_000, true)];
        progress.sources =
            all.into_iter().map(|(id, records, bad, told)| read(id, records, bad, told)).collect();
        progress.sources.entry(SourceId(3)).and_modify(|of| of.trouble = Some("3.log: cut off".to_string()));
        let snapshot = Store::new(Budget { bytes: 1 << 20 }).snapshot(Arc::new(Texts::default()));
        let published =
            Published { snapshot: Arc::new(snapshot), recalled: None, progress: Arc::new(progress) };
        let told = sources(&published);
        let failed = &told[0];
        assert_eq!((&*failed.name, failed.state, failed.records), ("secret.log", SourceState::Failed, 0));
        assert_eq!(failed.note.as_deref(), Some("permission denied; run as a user who may read it"));
        let notes: Vec<&str> = told[1..].iter().map(|of| of.note.as_deref().unwrap_or_default()).collect();
        assert_eq!(notes[0], "nothing in it");
        assert!(notes[1].contains("most of it can't be read"), "{notes:?}");
        assert!(notes[2].starts_with("text only"), "{notes:?}");
        // All that are bad are counted, also those that are not kept.
        assert_eq!((told[2].records, told[2].bad), (1, 8));
        assert_eq!((told[4].records, told[4].bad, told[4].state), (7_000, 2_000, SourceState::Failed));
        assert_eq!(notes[3], "cut off");
    }

    #[test]
    fn where_nothing_could_be_read_it_is_said() {
        let progress = |all: &[(u32, u64, u64, bool)]| Progress {
            sources: all.iter().map(|&(id, records, bad, told)| read(id, records, bad, told)).collect(),
            ..Progress::default()
        };
        let said = unreadable(&progress(&[(1, 9, 8, false)])).unwrap_or_default();
        assert!(said.starts_with("1.log: nothing in it could be read"), "{said}");
        let said = unreadable(&progress(&[(1, 9, 8, false), (2, 7, 7, false)])).unwrap_or_default();
        assert!(said.starts_with("1.log and 1 more: "), "{said}");
        // What could be read, or holds nothing, or is being read, is no reason.
        for other in [(2, 9, 8, true), (2, 9, 0, false), (2, 0, 0, false)] {
            assert_eq!(unreadable(&progress(&[(1, 9, 8, false), other])), None);
        }
        let mut reading = progress(&[(1, 9, 8, false)]);
        reading.sources.values_mut().for_each(|source| source.stage = Stage::Reading);
        assert_eq!(unreadable(&reading), None);
        assert_eq!(unreadable(&Progress::default()), None);
    }
}
