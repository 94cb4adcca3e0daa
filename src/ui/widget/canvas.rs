//! Dots finer than cells: braille (2 × 4 a cell), half blocks (1 × 2), or one character a cell.

use ratatui::layout::Rect;

use crate::ui::symbols::Charset;
use crate::ui::theme::Role;

use super::pen::Pen;

/// An area of dots. The role of a cell is that of the last dot set in it.
#[derive(Debug)]
pub struct Canvas {
    area: Rect,
    charset: Charset,
    cells: Vec<(u8, Role)>,
}

impl Canvas {
    /// Without dots.
    pub fn new(area: Rect, charset: Charset) -> Self {
        let cells = vec![(0, Role::Text); usize::from(area.width) * usize::from(area.height)];
        Self { area, charset, cells }
    }

    fn per_cell(&self) -> (i32, i32) {
        match self.charset {
            Charset::Braille => (2, 4),
            Charset::Block => (1, 2),
            Charset::Console | Charset::Ascii => (1, 1),
        }
    }

    /// Its size in dots.
    pub fn dots(&self) -> (i32, i32) {
        let (x, y) = self.per_cell();
        (i32::from(self.area.width) * x, i32::from(self.area.height) * y)
    }

    /// Sets a dot, from the upper left; outside nothing happens.
    pub fn set(&mut self, x: i32, y: i32, role: Role) {
        let (dots_x, dots_y) = self.dots();
        if x < 0 || y < 0 || x >= dots_x || y >= dots_y {
            return;
        }
        let (per_x, per_y) = self.per_cell();
        let bit = match self.charset {
            Charset::Braille => {
                [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][(x % 2) as usize][(y % 4) as usize]
            }
            Charset::Block => 1 << (y % 2),
            Charset::Console | Charset::Ascii => 1,
        };
        let cell = (y / per_y) * i32::from(self.area.width) + x / per_x;
        if let Some((bits, of)) = self.cells.get_mut(cell as usize) {
            *bits |= bit;
            *of = role;
        }
    }

    /// A line between two dots; a dotted one leaves out every other dot.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), dotted: bool, role: Role) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
        for step in 0..=steps {
            if !dotted || step % 2 == 0 {
                let along = |a: i32, b: i32| a + ((b - a) * step + (b - a).signum() * steps / 2) / steps;
                self.set(along(from.0, to.0), along(from.1, to.1), role);
            }
        }
    }

    /// Draws the cells that hold dots.
    pub fn draw(&self, pen: &mut Pen) {
        let width = usize::from(self.area.width).max(1);
        for (at, &(bits, role)) in self.cells.iter().enumerate().filter(|(_, (bits, _))| *bits != 0) {
            let (x, y) = (self.area.x + (at % width) as u16, self.area.y + (at / width) as u16);
            match self.charset {
                Charset::Braille => {
                    let sign = char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ');
                    pen.put(x, y, sign.encode_utf8(&mut [0; 4]), role);
                }
                Charset::Block => pen.put(x, y, ["", "▀", "▄", "█"][usize::from(bits & 3)], role),
                Charset::Console | Charset::Ascii => pen.put(x, y, "*", role),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Theme;
    use ratatui::buffer::Buffer;

    fn drawn(charset: Charset, draw: impl Fn(&mut Canvas)) -> Vec<String> {
        let area = Rect::new(0, 0, 4, 2);
        let mut canvas = Canvas::new(area, charset);
        draw(&mut canvas);
        let (mut buffer, theme) = (Buffer::empty(area), Theme::built_in("default").unwrap());
        canvas.draw(&mut Pen { buffer: &mut buffer, theme: &theme, symbols: charset.symbols(), mask: false });
        (0..2).map(|y| (0..4).map(|x| buffer[(x, y)].symbol().to_string()).collect()).collect()
    }

    #[test]
    fn a_diagonal_in_each_set() {
        let diagonal = |canvas: &mut Canvas| {
            let (x, y) = canvas.dots();
            canvas.line((0, y - 1), (x - 1, 0), false, Role::Series);
        };
        assert_eq!(drawn(Charset::Braille, diagonal), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(drawn(Charset::Block, diagonal), ["  ▄▀", "▄▀  "]);
        assert_eq!(drawn(Charset::Ascii, diagonal), ["  **", "**  "]);
    }

    #[test]
    fn dots_outside_are_not_set() {
        let outside = |canvas: &mut Canvas| {
            for (x, y) in [(-1, 0), (0, -1), (8, 0), (0, 8), (i32::MAX, i32::MIN)] {
                canvas.set(x, y, Role::Series);
            }
        };
        assert_eq!(drawn(Charset::Braille, outside), ["    ", "    "]);
    }
}
