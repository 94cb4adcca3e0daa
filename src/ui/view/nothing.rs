//! A replay in which nothing of Lambda is: what was read, and what could be. In place of panels and a table
//! which would have a time axis without a time.

use ratatui::layout::Rect;

use crate::ui::app::UiState;
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::status::{SessionStatus, SourceState, SourceStatus};
use crate::ui::theme::Role;
use crate::ui::widget::paragraph;
use crate::ui::widget::pen::{Pen, masked};

/// What can be read, in the order in which it tells most.
const READ: [(&str, &str); 5] = [
    (
        "logs",
        "of functions, as aws logs tail GROUP or filter-log-events prints them, as subscriptions, Firehose and exports to S3 deliver them; text or JSON, also .gz and .zst",
    ),
    ("metrics", "of CloudWatch: a metric stream's files, aws cloudwatch get-metric-data"),
    ("traces", "X-Ray segments (aws xray batch-get-traces), OTLP spans"),
    ("settings", "what aws lambda list-functions and the like print, CloudTrail's files"),
    ("captures", "what lamtop record wrote"),
];

/// Columns of the names before what is said of them.
const NAME: u16 = 11;

/// Draws it.
pub fn draw(pen: &mut Pen, area: Rect, state: &UiState) {
    let status = &state.status;
    let guide = guide(area.width);
    let mut y = area.y;
    pen.text(area.x, y, area.width, "no record of Lambda in what was read", Role::Title);
    y += 1;
    // What could be given stays whole; of the sources as many as fit beside it.
    let left = usize::from(area.bottom().saturating_sub(y)).saturating_sub(guide.len() + 1);
    let most = left.max(1);
    let all = status.sources.len();
    let shown = if all > most { most - 1 } else { all };
    for source in &status.sources[..shown] {
        if y < area.bottom() {
            let text =
                masked(state.masked, &format!("  {}: {}", source.name, told(source, status))).into_owned();
            let role =
                if source.state == SourceState::Failed || source.bad > 0 { Role::Error } else { Role::Text };
            pen.text(area.x, y, area.width, &sanitize::display(&text, pen.symbols), role);
            y += 1;
        }
    }
    if all > shown && y < area.bottom() {
        let text = format!("  {} sources; 7 lists them", number::whole(all as u64));
        pen.text(area.x, y, area.width, &text, Role::Text);
        y += 1;
    }
    for (y, (name, text)) in (y + 1..area.bottom()).zip(&guide) {
        pen.text(area.x, y, NAME, name, Role::Title);
        pen.text(area.x + NAME, y, area.width.saturating_sub(NAME), text, Role::Label);
    }
}

/// What of a source was read.
fn told(source: &SourceStatus, status: &SessionStatus) -> String {
    if source.state == SourceState::Failed
        && let Some(why) = &source.note
    {
        return why.clone();
    }
    let mut parts = vec![match source.read_bytes {
        0 => "empty, 0 bytes".to_string(),
        bytes => format!("{} read", number::bytes(bytes)),
    }];
    let lines = |count: u64| {
        if count == 1 { "1 line".to_string() } else { format!("{} lines", number::whole(count)) }
    };
    if source.records > 0 {
        parts.push(format!("{} of text, none of Lambda's", lines(source.records)));
    }
    if source.bad > 0 {
        let reason = status.bad_records.iter().rev().find(|bad| bad.source == source.name);
        let reason = reason.map_or_else(String::new, |bad| format!(" ({})", bad.reason));
        parts.push(format!("{} that can't be read{reason}", lines(source.bad)));
    }
    parts.join(", ")
}

/// What can be read and what to do, in rows of a width: a name, or none, and what is said of it.
fn guide(width: u16) -> Vec<(&'static str, String)> {
    let room = usize::from(width.saturating_sub(NAME + 1)).max(10);
    let mut rows = Vec::new();
    let mut put = |name: &'static str, text: &str| {
        for (at, part) in paragraph::rows(text, room).into_iter().enumerate() {
            rows.push((if at == 0 { name } else { "" }, part));
        }
    };
    put("lamtop", "reads of files, folders, globs and pipes:");
    for (name, text) in READ {
        put(name, text);
    }
    put(
        "to do",
        "lamtop doctor FILE says what a file was taken for; 7 shows what was read; lamtop without a file replays an incident that is built in",
    );
    rows
}
