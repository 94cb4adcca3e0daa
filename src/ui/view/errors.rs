//! The list of a function's errors in groups: what a row shows, and the selected one in full.

use ratatui::layout::Rect;

use crate::model::Grade;
use crate::query::view::ErrorGroup;
use crate::ui::app::UiState;
use crate::ui::number;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;
use crate::ui::widget::table::Column;
use crate::ui::zone::Zone;

use super::function::{left, right};

/// The columns of a group of errors.
pub const ERRORS: [Column; 8] = [
    left("", 2, 0, 0),
    right("COUNT", 8, 0),
    right("LAST", 10, 0),
    right("FIRST", 11, 1),
    left(" VERSIONS", 10, 2, 8),
    left("ERROR", 14, 0, 14),
    left("WHERE", 18, 3, 14),
    left("MESSAGE", 22, 0, 200),
];

/// A cell of a group of errors.
pub fn cell(column: usize, row: &ErrorGroup, zone: Zone, symbols: &Symbols) -> (String, Role) {
    match column {
        0 => (symbols.error.to_string(), Role::Error),
        1 => (number::graded(&row.count, number::whole, symbols), Role::Text),
        2 => (zone.seconds(row.last), Role::Text),
        3 => {
            // Of what was let go nobody knows how it failed.
            let before = if row.count.grade() == Grade::Counted { "" } else { "<" };
            (format!("{before}{}", zone.seconds(row.first)), Role::Label)
        }
        4 => (format!(" {}", versions(row)), Role::Label),
        5 => (row.name.clone(), Role::Error),
        6 => (row.frame.to_string(), Role::Text),
        _ => message(row),
    }
}

fn versions(row: &ErrorGroup) -> String {
    let more = if row.more_versions { ",+" } else { "" };
    format!("{}{more}", row.versions.join(","))
}

fn message(row: &ErrorGroup) -> (String, Role) {
    match row.others {
        true => ("(others, too many to tell apart)".to_string(), Role::Label),
        false => (row.message.to_string(), Role::Text),
    }
}

/// The selected group in one line.
pub fn selected(pen: &mut Pen, area: Rect, state: &UiState) -> bool {
    let group = state.function.as_ref().and_then(|function| {
        let errors = &function.detail()?.errors;
        errors.get(function.errors.index())
    });
    let Some(row) = group else { return false };
    let mut text = row.name.clone();
    if !row.frame.is_empty() {
        text.push_str(&format!(" in {}", row.frame));
    }
    let (message, _) = message(row);
    if !message.is_empty() {
        text.push_str(&format!(": {message}"));
    }
    let many = if row.versions.len() > 1 || row.more_versions { "versions" } else { "version" };
    text.push_str(&format!(" {} {many} {}", pen.symbols.dot, versions(row)));
    pen.text(area.x, area.y, area.width, &text, Role::Label);
    true
}
