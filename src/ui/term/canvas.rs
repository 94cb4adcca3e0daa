//! Frames as bytes: ratatui's double buffer on a backend that collects instead of writing.
//!
//! The backend answers every question itself. Its size is what it was told, so that drawing
//! never runs `tput` or asks the terminal where its cursor is.

use std::convert::Infallible;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};

use super::{Depth, encode, scroll};

/// Frames up to this many bytes are not bracketed as synchronized updates: they arrive in one
/// piece anyway, and the brackets would be most of a clock's tick.
const SMALL_FRAME: usize = 128;

/// So many rows' worth of changed cells may be rows that moved.
const SCROLL_ROWS: usize = 1;

/// What the terminal shows, and how to change it. It writes nothing by itself.
pub struct Canvas(Terminal<Collector>);

impl Canvas {
    /// A screen of which nothing is known: the first frame clears it.
    pub fn new(size: Size, depth: Depth) -> Self {
        let Ok(terminal) = Terminal::new(Collector::new(size, depth));
        let mut canvas = Self(terminal);
        canvas.repaint(size);
        canvas
    }

    /// Forgets what the terminal shows and takes its size: the next frame clears it first.
    pub fn repaint(&mut self, size: Size) {
        let collector = self.0.backend_mut();
        collector.size = size;
        collector.cursor = Cursor::HIDDEN;
        collector.shown = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        // Clears and resets the back buffer; `clear()` would ask the terminal for its cursor.
        let Ok(()) = self.0.resize(Rect::new(0, 0, size.width, size.height));
    }

    /// Its size as it was told.
    pub fn size(&self) -> Size {
        self.0.backend().size
    }

    /// Draws, and returns the bytes that bring the terminal there: none where nothing changed.
    pub fn paint(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Vec<u8> {
        let Ok(_) = self.0.draw(draw);
        self.0.backend_mut().take()
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Cursor {
    visible: bool,
    at: Position,
}

impl Cursor {
    const HIDDEN: Self = Self { visible: false, at: Position::ORIGIN };
}

struct Collector {
    size: Size,
    depth: Depth,
    clear: bool,
    cells: Vec<u8>,
    wanted: Cursor,
    /// What the terminal shows.
    cursor: Cursor,
    shown: Buffer,
}

impl Collector {
    fn new(size: Size, depth: Depth) -> Self {
        let shown = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        let (wanted, cursor) = (Cursor::HIDDEN, Cursor::HIDDEN);
        Self { size, depth, clear: false, cells: Vec::new(), wanted, cursor, shown }
    }

    /// Brings the terminal from what it shows to that with `changes` in it, the other way: moves
    /// rows, then draws what is still missing. `false` where nothing moved.
    fn scroll(&mut self, changes: &[(u16, u16, &Cell)]) -> bool {
        let mut wanted = self.shown.clone();
        put(&mut wanted, changes);
        let Some(scroll) = scroll::find(&self.shown, &wanted) else { return false };
        scroll.encode(&mut self.cells);
        scroll.apply(&mut self.shown);
        let missing = self.shown.diff(&wanted);
        encode::cells(&mut self.cells, self.depth, bridged(&wanted, missing));
        self.shown = wanted;
        true
    }

    fn take(&mut self) -> Vec<u8> {
        let mut body = std::mem::take(&mut self.cells);
        // The cursor must be put back after cells were drawn, but not sent again for nothing.
        if self.wanted.visible && (!body.is_empty() || self.wanted != self.cursor) {
            let Position { x, y } = self.wanted.at;
            body.extend_from_slice(format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1).as_bytes());
        }
        if self.wanted.visible != self.cursor.visible {
            body.extend_from_slice(if self.wanted.visible { b"\x1b[?25h" } else { b"\x1b[?25l" });
        }
        self.cursor = self.wanted;
        let clear = std::mem::take(&mut self.clear);
        if !clear && body.len() <= SMALL_FRAME {
            return body;
        }
        // The clear goes before the bracket: tmux 3.7 loses what follows a clear inside of it.
        let clear: &[u8] = if clear { b"\x1b[m\x1b[2J" } else { b"" };
        [clear, b"\x1b[?2026h", &body, b"\x1b[?2026l"].concat()
    }
}

/// So many cells that show already what they should are sent again rather than stepped over, which
/// takes five bytes.
const BRIDGE: u16 = 4;

/// The changes, and the cells of the same look in short gaps between them.
fn bridged<'a>(
    wanted: &'a Buffer,
    changes: Vec<(u16, u16, &'a Cell)>,
) -> impl Iterator<Item = (u16, u16, &'a Cell)> {
    let mut last: Option<(u16, u16, &Cell)> = None;
    changes.into_iter().flat_map(move |(x, y, cell)| {
        let before = last.replace((x, y, cell));
        let gap = before.filter(|(at, row, _)| *row == y && *at < x && x - at <= BRIDGE + 1);
        let between = gap.map_or(x..x, |(at, ..)| at + 1..x);
        let plain = |at: u16| {
            let (kept, before) = (&wanted[(at, y)], before.map_or(cell, |(.., before)| before));
            let same = (kept.fg, kept.bg, kept.modifier) == (before.fg, before.bg, before.modifier);
            // Beside what is wider than a byte the cursor may not stand where it is thought to.
            same && kept.symbol().len() == 1 && before.symbol().len() == 1
        };
        let between = if between.clone().all(plain) { between } else { x..x };
        between.map(move |at| (at, y, &wanted[(at, y)])).chain([(x, y, cell)])
    })
}

fn put(buffer: &mut Buffer, cells: &[(u16, u16, &Cell)]) {
    for (x, y, cell) in cells {
        if let Some(place) = buffer.cell_mut((*x, *y)) {
            *place = (*cell).clone();
        }
        // Whatever stood where a wide letter's other half is now is gone, which nobody says.
        let wide = if cell.symbol().len() == 1 { 1 } else { cell.symbol().cell_width() };
        for behind in 1..wide {
            if let Some(place) = buffer.cell_mut((x.saturating_add(behind), *y)) {
                place.reset();
            }
        }
    }
}

impl Backend for Collector {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let changes: Vec<_> = content.collect();
        let much = changes.len() >= SCROLL_ROWS * usize::from(self.size.width);
        if !(much && self.scroll(&changes)) {
            put(&mut self.shown, &changes);
            encode::cells(&mut self.cells, self.depth, bridged(&self.shown, changes));
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.wanted.visible = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.wanted.visible = true;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.wanted.at)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.wanted.at = position.into();
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.clear = true;
        self.cells.clear();
        self.shown.reset();
        Ok(())
    }

    /// The program owns the whole screen, so there is one region to clear.
    fn clear_region(&mut self, _: ClearType) -> Result<(), Infallible> {
        self.clear()
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    const SIZE: Size = Size::new(40, 6);

    fn text(canvas: &mut Canvas, line: &str) -> String {
        let bytes = canvas.paint(|frame| frame.render_widget(line, frame.area()));
        String::from_utf8(bytes).unwrap().replace('\x1b', "E")
    }

    #[test]
    fn the_first_frame_clears_before_the_bracket() {
        let mut canvas = Canvas::new(SIZE, Depth::True);
        assert_eq!(text(&mut canvas, "hello"), "E[mE[2JE[?2026hE[1;1HhelloE[?2026l");
    }

    #[test]
    fn the_same_again_is_no_bytes_and_a_digit_is_few() {
        let mut canvas = Canvas::new(SIZE, Depth::True);
        text(&mut canvas, "12:00:01");
        assert_eq!(text(&mut canvas, "12:00:01"), "");
        assert_eq!(text(&mut canvas, "12:00:02"), "E[1;8H2");
    }

    #[test]
    fn a_short_gap_is_drawn_again_and_a_long_one_stepped_over() {
        let mut canvas = Canvas::new(SIZE, Depth::True);
        text(&mut canvas, "abcdefghijk");
        assert_eq!(text(&mut canvas, "xbcdeyghijk"), "E[1;1Hxbcdey");
        assert_eq!(text(&mut canvas, "abcdeyzhijk"), "E[1;1HaE[7Gz");
        text(&mut canvas, "aé日本efgh");
        assert_eq!(text(&mut canvas, "xé日本efgy"), "E[1;1HxE[10Gy");
    }

    #[test]
    fn a_repaint_sends_everything_again() {
        let mut canvas = Canvas::new(SIZE, Depth::True);
        let first = text(&mut canvas, "hello");
        canvas.repaint(SIZE);
        assert_eq!(text(&mut canvas, "hello"), first);
    }

    #[test]
    fn a_large_frame_is_bracketed_without_a_clear() {
        let mut canvas = Canvas::new(Size::new(200, 1), Depth::True);
        text(&mut canvas, "");
        let frame = text(&mut canvas, &"x".repeat(200));
        assert!(frame.starts_with("E[?2026hE[1;1Hxxx") && frame.ends_with("xE[?2026l"), "{frame}");
    }

    #[test]
    fn the_cursor_is_sent_when_it_moves_and_after_cells() {
        let mut canvas = Canvas::new(SIZE, Depth::True);
        let mut at = |x: u16, line: &str| {
            let bytes = canvas.paint(|frame| {
                frame.render_widget(line, frame.area());
                frame.set_cursor_position((x, 0));
            });
            String::from_utf8(bytes).unwrap().replace('\x1b', "E")
        };
        assert!(at(1, "a").contains("E[1;2HE[?25h"));
        assert_eq!(at(1, "a"), "");
        assert_eq!(at(2, "a"), "E[1;3H");
        assert_eq!(at(2, "b"), "E[1;1HbE[1;3H");
        assert_eq!(text(&mut canvas, "b"), "E[?25l");
    }

    #[test]
    fn no_size_panics() {
        for (width, height) in [(0, 0), (1, 1), (1, 200), (65_535, 1), (20, 5)] {
            let size = Size::new(width, height);
            let mut canvas = Canvas::new(SIZE, Depth::True);
            text(&mut canvas, "hello");
            canvas.repaint(size);
            assert_eq!(canvas.size(), size);
            text(&mut canvas, "hello\nworld");
        }
    }

    fn style() -> impl Strategy<Value = Style> {
        let color = || {
            prop_oneof![
                Just(Color::Reset),
                Just(Color::Red),
                Just(Color::DarkGray),
                Just(Color::White),
                any::<u8>().prop_map(Color::Indexed),
                any::<[u8; 3]>().prop_map(|[r, g, b]| Color::Rgb(r, g, b)),
            ]
        };
        let modifier = proptest::sample::subsequence(
            vec![Modifier::BOLD, Modifier::REVERSED, Modifier::UNDERLINED, Modifier::ITALIC],
            0..=4,
        );
        (color(), color(), modifier).prop_map(|(fg, bg, modifiers)| {
            Style::new().fg(fg).bg(bg).add_modifier(modifiers.into_iter().collect())
        })
    }

    fn shown(color: Color) -> vt100::Color {
        match color {
            Color::Red => vt100::Color::Idx(1),
            Color::DarkGray => vt100::Color::Idx(8),
            Color::White => vt100::Color::Idx(15),
            Color::Indexed(number) => vt100::Color::Idx(number),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            _ => vt100::Color::Default,
        }
    }

    type Spans = Vec<(u16, u16, String, Style)>;

    fn spans(text: &'static str) -> impl Strategy<Value = Vec<Spans>> {
        prop::collection::vec(prop::collection::vec((0..40u16, 0..6u16, text, style()), 0..8), 1..6)
    }

    /// Draws the frames over each other and compares the terminal's cells with the buffer's.
    fn shows_what_was_drawn(frames: Vec<Spans>, style_of_blanks: bool) -> Result<(), TestCaseError> {
        let nonzero = |n| NonZeroU16::new(n).unwrap();
        let mut terminal = vt100::Parser::new(nonzero(SIZE.height), nonzero(SIZE.width), 0);
        let mut canvas = Canvas::new(SIZE, Depth::True);
        for spans in frames {
            let mut wanted = None;
            terminal.process(&canvas.paint(|frame| {
                for (x, y, text, style) in &spans {
                    frame.buffer_mut().set_stringn(*x, *y, text, 40, *style);
                }
                wanted = Some(frame.buffer_mut().clone());
            }));
            let wanted = wanted.unwrap();
            let mut behind_wide = 0;
            for (index, want) in wanted.content.iter().enumerate() {
                if behind_wide > 0 {
                    behind_wide -= 1;
                    continue;
                }
                behind_wide = unicode_width::UnicodeWidthStr::width(want.symbol()).saturating_sub(1);
                let (x, y) = wanted.pos_of(index);
                let got = terminal.screen().cell(y, x).unwrap();
                let symbol = if got.has_contents() { got.contents() } else { " " };
                prop_assert_eq!(symbol, want.symbol(), "at {},{}", x, y);
                if symbol == " " && !style_of_blanks {
                    continue;
                }
                let has = |modifier| want.modifier.contains(modifier);
                prop_assert_eq!(got.fgcolor(), shown(want.fg), "at {},{}", x, y);
                prop_assert_eq!(got.bgcolor(), shown(want.bg), "at {},{}", x, y);
                prop_assert_eq!(got.bold(), has(Modifier::BOLD), "at {},{}", x, y);
                prop_assert_eq!(got.inverse(), has(Modifier::REVERSED), "at {},{}", x, y);
                prop_assert_eq!(got.underline(), has(Modifier::UNDERLINED), "at {},{}", x, y);
                prop_assert_eq!(got.italic(), has(Modifier::ITALIC), "at {},{}", x, y);
            }
        }
        Ok(())
    }

    proptest! {
        /// Whatever is drawn over whatever, the terminal shows what the last frame says.
        #[test]
        fn the_terminal_shows_the_last_frame(frames in spans("[a-c│…é ]{1,6}")) {
            shows_what_was_drawn(frames, true)?;
        }

        /// Lists that are scrolled, by rows and with other changes beside.
        #[test]
        fn rows_that_moved_are_where_they_should_be(
            lines in prop::collection::vec("([a-c│é ]{0,12}|[a-c漢é ]{0,2})", 13),
            places in prop::collection::vec((0..7usize, 0..3u16, style()), 2..8),
        ) {
            let frame = |(from, beside, style): (usize, u16, Style)| {
                let row = |y: u16| (0, y, lines[from + usize::from(y)].clone(), Style::new());
                let mut spans: Spans = (beside.min(1)..6 - beside.max(1) / 2).map(row).collect();
                spans.push((0, beside, "x".to_string(), style));
                spans
            };
            shows_what_was_drawn(places.into_iter().map(frame).collect(), false)?;
        }

        /// The blank that stays where half of a wide character is overwritten has no certain style.
        #[test]
        fn wide_characters_stay_in_their_cells(frames in spans("[a-c漢é ]{1,6}")) {
            shows_what_was_drawn(frames, false)?;
        }
    }
}
