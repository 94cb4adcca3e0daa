//! What the account's limit is used for, below the enlarged panel of concurrency: one bar from left to
//! right in the order of the words below it, then the functions that have a limit of their own.

use ratatui::layout::Rect;

use crate::model::Graded;
use crate::query::view::{Account, Reserved};
use crate::ui::number;
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::widget::pen::Pen;

/// Rows that functions take at most.
const FUNCTIONS: usize = 6;
const NAME: u16 = 22;
const FIGURES: u16 = 14;

/// Rows that it wants.
pub fn rows(account: &Account) -> u16 {
    let more = account.reserved.len() > FUNCTIONS;
    2 + account.reserved.len().min(FUNCTIONS) as u16 + u16::from(more)
}

/// Draws it into so many rows.
pub fn draw(pen: &mut Pen, area: Rect, account: &Account) {
    let mut y = area.y;
    bar(pen, Rect { height: 1, ..area }, account);
    y += 1;
    if y < area.bottom() {
        pen.text(area.x, y, area.width, &words(account, pen.symbols), Role::Label);
        y += 1;
    }
    for of in account.reserved.iter().take(FUNCTIONS) {
        if y >= area.bottom() {
            return;
        }
        function(pen, Rect { y, height: 1, ..area }, of);
        y += 1;
    }
    let more = account.reserved.len().saturating_sub(FUNCTIONS);
    if more > 0 && y < area.bottom() {
        let text = format!("and {more} functions more with a limit of their own");
        pen.text(area.x, y, area.width, &text, Role::Label);
    }
}

fn bar(pen: &mut Pen, area: Rect, account: &Account) {
    let y = area.y;
    let x = pen.text(area.x, y, area.width, "account ", Role::Title);
    let Some(limit) = account.limit.as_ref().and_then(|limit| limit.value().copied()) else {
        let text = "its limit is not known: aws lambda get-account-settings";
        pen.text(x, y, area.right().saturating_sub(x), text, Role::Label);
        return;
    };
    let end = pen.right(area.right(), y, 8, &number::whole(u64::from(limit)), Role::Limit);
    let width = end.saturating_sub(x + 1);
    let s = pen.symbols;
    let used: u32 = account.reserved.iter().filter_map(|of| of.used.value().copied()).sum();
    let kept: u32 = account.reserved.iter().map(|of| of.limit).sum();
    let unreserved = account.unreserved.value().copied().unwrap_or(0);
    let rest = match account.free {
        Graded::NoSource(_) => (s.no_data, Role::NoData),
        _ => (s.track, Role::Border),
    };
    let parts = [
        (used.min(kept), s.bar, Role::Throttle),
        (kept.saturating_sub(used), s.bar_open, Role::Throttle),
        (account.provisioned, s.loaded, Role::Limit),
        (unreserved, s.bar, Role::Series),
    ];
    let mut sum = 0u64;
    let mut at = 0;
    let column =
        |sum: u64| (sum.min(u64::from(limit)) * u64::from(width)).div_ceil(u64::from(limit.max(1))) as u16;
    for (count, sign, role) in parts {
        sum += u64::from(count);
        let to = column(sum).min(width);
        (at..to).for_each(|column| pen.put(x + column, y, sign, role));
        at = at.max(to);
    }
    (at..width).for_each(|column| pen.put(x + column, y, rest.0, rest.1));
}

/// `reserved 15/60 · kept ready 50 · without a limit of their own ≥26 · free ~864 · in the last minute`.
fn words(account: &Account, symbols: &Symbols) -> String {
    let count = |value: &Graded<u32>| number::graded(value, |n| number::whole(u64::from(n)), symbols);
    let mut parts = Vec::new();
    if !account.reserved.is_empty() {
        let used: u32 = account.reserved.iter().filter_map(|of| of.used.value().copied()).sum();
        let kept: u32 = account.reserved.iter().map(|of| of.limit).sum();
        parts.push(format!("{} reserved {used}/{kept}", symbols.bar));
    }
    if account.provisioned > 0 {
        parts.push(format!("{} kept ready {}", symbols.loaded, account.provisioned));
    }
    parts.push(format!("{} unreserved {}", symbols.bar, count(&account.unreserved)));
    parts.push(match account.free {
        Graded::NoSource(why) if account.limit.is_some() => {
            format!("{} the rest: {}", symbols.no_data, why.words())
        }
        Graded::NoSource(_) => String::new(),
        _ => format!("free {}", count(&account.free)),
    });
    parts.retain(|part| !part.is_empty());
    parts.join(&format!(" {} ", symbols.dot)) + " (last minute)"
}

fn function(pen: &mut Pen, area: Rect, of: &Reserved) {
    let y = area.y;
    let name = sanitize::cut(&of.name, usize::from(NAME - 1), pen.symbols).into_owned();
    pen.text(area.x + 2, y, NAME, &name, Role::Text);
    let x = area.x + 2 + NAME;
    if of.limit == 0 {
        pen.text(x, y, area.right().saturating_sub(x), "switched off: its limit is 0", Role::Error);
        return;
    }
    let used = number::graded(&of.used, |n| number::whole(u64::from(n)), pen.symbols);
    let full = of.used.value().is_some_and(|used| *used >= of.limit);
    let role = if full { Role::Throttle } else { Role::Text };
    pen.text(x, y, FIGURES, &format!("{used}/{}", number::whole(u64::from(of.limit))), role);
    let x = x + FIGURES;
    let width = area.right().saturating_sub(x).min(60);
    let share = f64::from(of.used.value().copied().unwrap_or(0)) / f64::from(of.limit);
    let filled = (f64::from(width) * share.min(1.0)).ceil() as u16;
    for column in 0..width {
        let sign = if column < filled { pen.symbols.bar } else { pen.symbols.bar_open };
        pen.put(x + column, y, sign, Role::Throttle);
    }
}
