//! The figures of a panel that has the whole screen, in one row.

use ratatui::layout::Rect;

use crate::query::view::{Panel, Unit};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;

/// What the panel tells of the whole window, in the first row; returns where that ends.
pub fn draw(pen: &mut Pen, area: Rect, panel: &Panel) -> u16 {
    let show = |unit: Unit| {
        move |value: f64| match unit {
            Unit::Count => number::count(value),
            Unit::PerMinute => format!("{}/m", number::count(value)),
            Unit::Ms => number::duration_long(value),
            Unit::Percent => format!("{} %", number::percent(value)),
        }
    };
    let mut x = area.x;
    for of in &panel.statistics {
        let value = number::graded(&of.value, show(of.unit), pen.symbols);
        let room = area.right().saturating_sub(x);
        // A number that is cut would be another one.
        if sanitize::width(of.name) + 1 + sanitize::width(&value) > usize::from(room) {
            break;
        }
        x = pen.text(x, area.y, room, of.name, Role::Label) + 1;
        x = pen.text(x, area.y, area.right().saturating_sub(x), &value, Role::Text) + 2;
    }
    x
}
