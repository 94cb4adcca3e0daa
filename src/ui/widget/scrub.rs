//! The whole capture as one line: what has been read, and where one is.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::ui::status::Onset;
use crate::ui::theme::Role;
use crate::ui::zone::Zone;

use super::pen::Pen;

/// A capture and a place in it.
#[derive(Clone, Copy, Debug)]
pub struct Scrub<'a> {
    /// Time of its first record.
    pub start: Timestamp,
    /// Time of its last record.
    pub end: Timestamp,
    /// Where one is.
    pub as_of: Timestamp,
    /// The part that has been read, 0 to 1.
    pub loaded: f64,
    /// The zone of its labels.
    pub zone: Zone,
    /// When problems began: marked.
    pub onsets: &'a [Onset],
    /// Times that a person marked.
    pub bookmarks: &'a [Timestamp],
}

/// Draws it in the first row of the area.
pub fn draw(pen: &mut Pen, area: Rect, scrub: &Scrub<'_>) {
    let y = area.y;
    let (mut left, mut right) = (area.x, area.right());
    if area.width >= 40 {
        left = pen.text(left, y, 8, &scrub.zone.seconds(scrub.start), Role::Label) + 1;
        let loading = if scrub.loaded < 1.0 {
            format!(" reading {:.0} %", (scrub.loaded * 100.0).floor().clamp(0.0, 99.0))
        } else {
            String::new()
        };
        let end = format!("{}{loading}", scrub.zone.seconds(scrub.end));
        right = pen.right(right, y, 24, &end, Role::Label).saturating_sub(1);
    }
    let width = right.saturating_sub(left);
    if width < 2 {
        return;
    }
    let loaded = (f64::from(width) * scrub.loaded.clamp(0.0, 1.0)).round() as u16;
    for column in 0..width {
        let (sign, role) = if column < loaded {
            (pen.symbols.loaded, Role::Text)
        } else {
            (pen.symbols.track, Role::Border)
        };
        pen.put(left + column, y, sign, role);
    }
    let length = scrub.end.since(scrub.start).max(1) as f64;
    let column = |time: Timestamp| {
        let part = (time.since(scrub.start) as f64 / length).clamp(0.0, 1.0);
        left + (f64::from(width - 1) * part).round() as u16
    };
    for onset in scrub.onsets {
        pen.put(column(onset.since), y, pen.symbols.problem, Role::Error);
    }
    for bookmark in scrub.bookmarks {
        pen.put(column(*bookmark), y, pen.symbols.bookmark, Role::Key);
    }
    let here = column(scrub.as_of);
    pen.put(here, y, pen.symbols.here, Role::Crosshair);
}
