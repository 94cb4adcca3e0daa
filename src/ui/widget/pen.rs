//! Writes into the screen's buffer: never outside it, never raw, always by role.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::mask::{self, Masked};
use crate::ui::sanitize;
use crate::ui::symbols::Symbols;
use crate::ui::theme::{Role, Theme};

/// A buffer with what is needed to write into it.
#[derive(Debug)]
pub struct Pen<'a> {
    /// The screen.
    pub buffer: &'a mut Buffer,
    /// The styles.
    pub theme: &'a Theme,
    /// The signs.
    pub symbols: &'static Symbols,
    /// Whether what others must not see is masked in all that is written.
    pub mask: bool,
}

/// No shorter text is looked at for what is to be masked: nothing that short can be told.
const SHORT: usize = 12;
/// Bytes of a text that are looked at: more than any screen shows of one.
const SHOWN: usize = 4 << 10;

/// The same without a pen: masked, if it is to be.
pub fn masked(mask: bool, text: &str) -> Cow<'_, str> {
    if !mask || text.len() < SHORT {
        return Cow::Borrowed(text);
    }
    mask::text(&text[..text.floor_char_boundary(SHOWN)], &mut Masked::default())
}

impl Pen<'_> {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A text as it may be shown. What is cut or broken is to be masked before, for a part of a secret
    /// is not recognised.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        masked(self.mask, text)
    }

    /// Writes a text, foreign or not, in at most `most` columns; what does not fit gives way to
    /// `…`. Returns the column after it.
    pub fn text(&mut self, x: u16, y: u16, most: u16, text: &str, role: Role) -> u16 {
        self.styled(x, y, most, text, self.style(role))
    }

    /// The same in a style.
    pub fn styled(&mut self, x: u16, y: u16, most: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return x;
        }
        let most = most.min(area.right() - x);
        let text = self.masked(text);
        let shown = sanitize::cut(&text, usize::from(most), self.symbols);
        self.buffer.set_stringn(x, y, shown.as_ref(), usize::from(most), style).0
    }

    /// Writes a text so that it ends before the column `end`, in at most `most` columns. Returns
    /// the column where it begins.
    pub fn right(&mut self, end: u16, y: u16, most: u16, text: &str, role: Role) -> u16 {
        let text = self.masked(text);
        let shown = sanitize::cut(&text, usize::from(most), self.symbols).into_owned();
        let x = end.saturating_sub(u16::try_from(sanitize::width(&shown)).unwrap_or(u16::MAX));
        self.text(x, y, end - x, &shown, role);
        x
    }

    /// Puts one sign of one column.
    pub fn put(&mut self, x: u16, y: u16, sign: &str, role: Role) {
        let style = self.style(role);
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(sign).set_style(style);
        }
    }

    /// Gives a whole area the style of a role, its text staying.
    pub fn paint(&mut self, area: Rect, role: Role) {
        let style = self.style(role);
        self.buffer.set_style(area, style);
    }

    /// Blanks an area.
    pub fn clear(&mut self, area: Rect) {
        let style = self.style(Role::Text);
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// A horizontal rule.
    pub fn rule(&mut self, area: Rect) {
        for x in area.left()..area.right() {
            self.put(x, area.top(), self.symbols.border[0], Role::Border);
        }
    }

    /// A border; returns the area inside it.
    pub fn border(&mut self, area: Rect, role: Role) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect::ZERO;
        }
        let [horizontal, vertical, corners @ ..] = self.symbols.border;
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.left() + 1..right {
            self.put(x, area.top(), horizontal, role);
            self.put(x, bottom, horizontal, role);
        }
        for y in area.top() + 1..bottom {
            self.put(area.left(), y, vertical, role);
            self.put(right, y, vertical, role);
        }
        self.put(area.left(), area.top(), corners[0], role);
        self.put(right, area.top(), corners[1], role);
        self.put(area.left(), bottom, corners[2], role);
        self.put(right, bottom, corners[3], role);
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }
}

/// Row `n` of an area, empty where there is none.
pub fn row(area: Rect, n: u16) -> Rect {
    if n < area.height { Rect::new(area.x, area.y + n, area.width, 1) } else { Rect::ZERO }
}
