//! The lines of one invocation: those that print its request id, and those in its stream between its
//! START and its REPORT, if the stream ran nothing else meanwhile.

use super::bytes::Bytes;
use super::line::{Kind, Line, Name};
use super::rows;
use super::walk::{Hit, regions, text_of};
use super::wanted::Wanted;
use super::{Reader, nothing};
use crate::model::SourceId;
use crate::query::view::{Anchor, LinesAnswer, LinesRequest};

impl<B: Bytes> Reader<B> {
    /// Lines of a part of a source. A part that ends where it begins is that of an invocation that
    /// runs: it ends with its REPORT.
    pub(super) fn in_range(
        &mut self,
        wanted: &Wanted<'_>,
        (source, from, to): (SourceId, u64, u64),
        request: &LinesRequest,
    ) -> LinesAnswer {
        let open = to <= from;
        let (lines, note) = self.lines_between(wanted, source, (from, if open { u64::MAX } else { to }));
        let mut hits: Vec<Hit> = match wanted.request_id() {
            Some(id) => of_invocation(lines, id),
            None => lines.into_iter().filter_map(|(hit, wanted)| wanted.then_some(hit)).collect(),
        };
        hits.sort_unstable_by_key(Hit::key);
        let place = |origin: crate::model::Origin| {
            let same = |hit: &Hit| (hit.source, hit.line.offset) == (origin.source, origin.offset);
            hits.iter().position(same)
        };
        let total = hits.len();
        let most = request.count;
        let (begin, end) = match request.anchor {
            Anchor::Tail => (total.saturating_sub(most), total),
            Anchor::At(time) => {
                let at = hits.partition_point(|hit| hit.line.time < time);
                (at, total.min(at.saturating_add(most)))
            }
            Anchor::Before(origin) => match place(origin) {
                Some(at) => (at.saturating_sub(most), at),
                None => return nothing("the line is not one of these"),
            },
            Anchor::Line(origin) => match place(origin) {
                Some(at) => (at, total.min(at.saturating_add(most))),
                None => return nothing("the line is not one of these"),
            },
            Anchor::After(origin) => match place(origin) {
                Some(at) => (at + 1, total.min((at + 1).saturating_add(most))),
                None => return nothing("the line is not one of these"),
            },
        };
        let back = matches!(request.anchor, Anchor::Tail | Anchor::Before(_));
        let mut page = hits[begin..end].to_vec();
        let (rows, _) = rows::of(&self.bytes, &self.held.names, wanted.asof.snapshot, &mut page, back);
        let given = rows.len();
        let (begin, end) = if back { (end - given, end) } else { (begin, begin + given) };
        LinesAnswer {
            rows,
            at_start: begin == 0,
            at_end: end == total && note.is_none(),
            newer: (total - end) as u64,
            note,
            reached: None,
        }
    }

    /// The lines that begin in a part of a source, with whether they are wanted but for the request
    /// id, and what could not be read.
    fn lines_between(
        &mut self,
        wanted: &Wanted<'_>,
        source: SourceId,
        (from, to): (u64, u64),
    ) -> (Vec<(Hit, bool)>, Option<String>) {
        let snapshot = wanted.asof.snapshot;
        let mut hits = Vec::new();
        let Some(stretches) = snapshot.lines.of(source) else {
            return (hits, Some("its lines were let go to stay within --memory".to_string()));
        };
        let mut ended = false;
        let mut note = None;
        for (stretch, region) in regions(snapshot, source, stretches) {
            if region.to <= from || region.from >= to || !wanted.may_lie_in(stretch, false) {
                continue;
            }
            if ended {
                break;
            }
            if self.held.read >= self.most {
                note = Some(format!("only the first {} MB were looked through", self.most >> 20));
                break;
            }
            let lines = match self.held.lines(&self.bytes, region) {
                Ok(lines) => lines,
                Err(why) => {
                    note.get_or_insert(why);
                    continue;
                }
            };
            let texts = if wanted.texts {
                self.bytes.read(source, region.from, region.to).unwrap_or_default()
            } else {
                Vec::new()
            };
            let owners = wanted.owners(source, stretch);
            for line in lines.iter().filter(|line| (from..to).contains(&line.offset)) {
                let is_its = wanted.request_id().is_some() && line.id.as_deref() == wanted.request_id();
                // Its lines end with its REPORT, where they are not known to.
                ended |= to == u64::MAX && is_its && line.kind == Kind::Report;
                let text = || text_of(&texts, region.from, line);
                let holds = wanted.holds(line, &self.held.names, text, owners.as_ref());
                // One that is not wanted may tell whose the lines around it are.
                let tells = wanted.request_id().is_some() && matches!(line.kind, Kind::Start | Kind::Report);
                if holds || tells {
                    hits.push((Hit { source, line: line.clone() }, holds));
                }
            }
        }
        (hits, note)
    }
}

/// Those of the lines of one source, in the order in which they lie, that are an invocation's and
/// are wanted.
fn of_invocation(lines: Vec<(Hit, bool)>, id: &str) -> Vec<Hit> {
    let all = || lines.iter().map(|(hit, _)| &hit.line);
    let prints = |line: &Line| line.id.as_deref() == Some(id);
    let stream = |line: &Line| -> (Option<Name>, Option<Name>) { (line.function, line.stream) };
    let find = |kind: Kind| all().find(|line| line.kind == kind && prints(line));
    let start = find(Kind::Start).map(|line| (line.offset, stream(line)));
    let end = find(Kind::Report).map_or(u64::MAX, |line| line.offset);
    // Another invocation in between: the stream runs several at once, and a line that says nothing
    // may be anybody's.
    let alone = start.filter(|(from, of)| {
        !all().any(|line| {
            (*from..end).contains(&line.offset)
                && matches!(line.kind, Kind::Start | Kind::Report)
                && stream(line) == *of
                && !prints(line)
        })
    });
    let is_its = |line: &Line| match &line.id {
        Some(printed) => **printed == *id,
        None => alone.is_some_and(|(from, of)| (from..end).contains(&line.offset) && stream(line) == of),
    };
    let its = lines.iter().filter(|(hit, wanted)| *wanted && is_its(&hit.line));
    its.map(|(hit, _)| hit.clone()).collect()
}
