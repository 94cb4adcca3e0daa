//! Lines with their texts.

use super::bytes::Bytes;
use super::line::{Kind, Line, Names};
use super::walk::Hit;
use crate::decode;
use crate::model::{Body, Level, Origin, SourceId, Timestamp};
use crate::query::view::LogRow;
use crate::store::Snapshot;

/// Bytes of a text that are shown.
const TEXT: usize = 64 << 10;
/// Bytes of all texts of an answer together; one line is always given.
pub const TEXTS: usize = 4 << 20;
/// Lines of one source that lie nearer to each other than this are read at once, ...
const GAP: u64 = 64 << 10;
/// ... up to so many bytes.
const PART: u64 = 2 << 20;

/// The rows of these lines, which are in order; those that would be too much are left off at the
/// far end, in `hits` too. Says whether all are there.
pub fn of(
    bytes: &impl Bytes,
    names: &Names,
    snapshot: &Snapshot,
    hits: &mut Vec<Hit>,
    back: bool,
) -> (Vec<LogRow>, bool) {
    let mut places: Vec<usize> = (0..hits.len()).collect();
    places.sort_unstable_by_key(|at| (hits[*at].source, hits[*at].line.offset));
    let mut rows: Vec<Option<LogRow>> = vec![None; hits.len()];
    let mut from = 0;
    while from < places.len() {
        let first = &hits[places[from]];
        let mut end = after(first);
        let mut to = from + 1;
        while let Some(next) = places.get(to).map(|at| &hits[*at])
            && next.source == first.source
            && next.line.offset < end + GAP
            && after(next) < first.line.offset + PART
        {
            end = end.max(after(next));
            to += 1;
        }
        let part = bytes.read(first.source, first.line.offset, end);
        for at in &places[from..to] {
            let hit = &hits[*at];
            let raw = part.as_deref().map(|part| {
                let begin = ((hit.line.offset - first.line.offset) as usize).min(part.len());
                &part[begin..part.len().min(begin + hit.line.len as usize)]
            });
            rows[*at] = Some(row(hit.source, &hit.line, raw, names, snapshot));
        }
        from = to;
    }
    let rows: Vec<LogRow> = rows.into_iter().flatten().collect();
    let whole = keep(&rows, back);
    let all = whole == rows.len();
    let range = if back { rows.len() - whole..rows.len() } else { 0..whole };
    hits.truncate(range.end);
    hits.drain(..range.start);
    let rows = rows.into_iter().skip(range.start).take(whole).collect();
    (rows, all)
}

fn after(hit: &Hit) -> u64 {
    hit.line.offset + u64::from(hit.line.len)
}

/// How many rows from the near end fit.
fn keep(rows: &[LogRow], back: bool) -> usize {
    let mut left = TEXTS;
    let mut fits = |row: &&LogRow| {
        let fit = row.text.len() <= left;
        left = left.saturating_sub(row.text.len());
        fit
    };
    let fitting = if back {
        rows.iter().rev().take_while(&mut fits).count()
    } else {
        rows.iter().take_while(&mut fits).count()
    };
    fitting.max(1).min(rows.len())
}

fn row(
    source: SourceId,
    line: &Line,
    raw: Result<&[u8], &String>,
    names: &Names,
    snapshot: &Snapshot,
) -> LogRow {
    let origin = line.origin(source);
    let raw_bytes = raw.unwrap_or_default();
    let raw_bytes = raw_bytes.strip_suffix(b"\r").unwrap_or(raw_bytes);
    let bad = match raw {
        Err(why) => Some(why.clone()),
        Ok(_) if line.kind == Kind::Bad => Some(reason(origin, raw_bytes, line.cut, snapshot)),
        Ok(_) => None,
    };
    let arena = decode::Arena::new();
    let shown = decode::shown(raw_bytes, &arena);
    let shown = shown.strip_suffix(b"\n").unwrap_or(shown);
    let shown = shown.strip_suffix(b"\r").unwrap_or(shown);
    let (text, cut) = cut_text(shown);
    let more = line.kind == Kind::More;
    LogRow {
        origin,
        time: (line.time != Timestamp::MIN).then_some(line.time),
        function: line.function.and_then(|name| names.get(name)).cloned(),
        stream: line.stream.and_then(|name| names.get(name)).cloned(),
        level: if more { Level::Unknown } else { line.level },
        platform: matches!(line.kind, Kind::Start | Kind::Report | Kind::Platform),
        more,
        request_id: line.id.as_deref().map(str::to_string),
        text,
        cut: cut + line.cut,
        bad,
    }
}

/// The first bytes of a text, and how many are left off.
fn cut_text(text: &[u8]) -> (String, u64) {
    if text.len() <= TEXT {
        return (String::from_utf8_lossy(text).into_owned(), 0);
    }
    // Not in the middle of a character.
    let mut end = TEXT;
    while end > TEXT - 4 && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let mut shown = String::from_utf8_lossy(&text[..end]).into_owned();
    shown.truncate(shown.floor_char_boundary(TEXT));
    (shown, (text.len() - end) as u64)
}

/// Why a line could not be read.
fn reason(origin: Origin, line: &[u8], cut: u64, snapshot: &Snapshot) -> String {
    let said = snapshot.bad.kept.iter().rev().find(|bad| bad.origin == origin);
    if let Some(said) = said {
        return said.bad.reason.clone();
    }
    if cut > 0 {
        return format!("line of {} bytes, only its head was read", line.len() as u64 + cut);
    }
    let (arena, mut records) = (decode::Arena::new(), Vec::new());
    decode::frame(decode::Frame { text: line, origin, arrived: None }, &arena, &mut records);
    match records.pop().map(|record| record.body) {
        Some(Body::Bad(bad)) => bad.reason.clone(),
        _ => "it could not be read".to_string(),
    }
}
