//! What the status says of sources, bad records and problems.

use crate::engine::{Published, SourceProgress, Stage};
use crate::model::{ClaimStanding, Timestamp};
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

/// That nothing of Lambda is in it, where that is so: a README in a folder of logs, a script.
fn only_text(source: &SourceProgress) -> Option<String> {
    let only = source.read.records > 0 && !source.read.told && source.stage != Stage::Reading;
    only.then(|| "text only, no record of Lambda in it: is it a log of something else?".to_string())
}

/// When problems were there, as far as was judged.
pub(super) fn onsets(snapshot: &Snapshot) -> Vec<Onset> {
    let standing = snapshot.findings.standing(Timestamp::NEVER);
    let onset = |one: &ClaimStanding| Onset { since: one.claim.since, found: one.opened, until: one.until };
    standing.iter().map(onset).collect()
}

pub(super) fn sources(published: &Published) -> Vec<SourceStatus> {
    let bad =
        |id| published.snapshot.bad.kept.iter().filter(|record| record.origin.source == id).count() as u64;
    let state = |source: &SourceProgress| match source.stage {
        Stage::Reading => SourceState::Reading,
        Stage::Following if source.info.kind == Kind::Socket => SourceState::Listening,
        Stage::Following if source.read.records == 0 => SourceState::Waiting,
        Stage::Following => SourceState::Following,
        Stage::Ended => SourceState::Ended,
    };
    published
        .progress
        .sources
        .values()
        .map(|source| SourceStatus {
            id: source.info.id,
            name: source.info.label.to_string(),
            state: state(source),
            read_bytes: source.bytes,
            size_bytes: (!matches!(source.info.kind, Kind::Fifo | Kind::Socket))
                .then(|| source.info.size.max(source.bytes)),
            records: source.read.records,
            bad: bad(source.info.id),
            newest: source.newest,
            note: source.note.clone().or_else(|| only_text(source)),
        })
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
