//! The screen as a file: plain text, text with colours, a picture.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::sanitize;
use super::term;
use super::theme::{Role, Theme};

/// What a screen is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Letters alone.
    Text,
    /// With the sequences of a terminal: `cat` shows it.
    Ansi,
    /// A picture for a page or a ticket.
    Svg,
}

impl Picture {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Text, Self::Ansi, Self::Svg];

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Ansi => "text with colours (ANSI)",
            Self::Svg => "a picture (SVG)",
        }
    }

    /// The end of its file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Ansi => "ans",
            Self::Svg => "svg",
        }
    }
}

/// The cells of a row with their columns, those apart that a wide letter before them hides.
fn row(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, u16, &Cell)> {
    let mut hidden = 0;
    (buffer.area.left()..buffer.area.right()).filter_map(move |x| {
        if hidden > 0 {
            hidden -= 1;
            return None;
        }
        let cell = &buffer[(x, y)];
        let width = sanitize::width(cell.symbol()).max(1) as u16;
        hidden = width - 1;
        Some((x, width, cell))
    })
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = u16> {
    buffer.area.top()..buffer.area.bottom()
}

/// Letters alone, without blanks at the ends of lines.
pub fn text(buffer: &Buffer) -> String {
    let line = |y| row(buffer, y).map(|(.., cell)| cell.symbol()).collect::<String>();
    rows(buffer).map(|y| line(y).trim_end().to_string() + "\n").collect()
}

/// With the sequences that a terminal of 24-bit colours takes, a line after the other.
pub fn ansi(buffer: &Buffer) -> String {
    let line = |y| {
        let mut out = Vec::new();
        term::line(&mut out, row(buffer, y).map(|(.., cell)| cell));
        String::from_utf8_lossy(&out).into_owned() + "\n"
    };
    rows(buffer).map(line).collect()
}

/// Width and height of a cell, and how far below its top letters stand, in the units of the picture.
const CELL: (f32, f32, f32) = (8.4, 18.0, 13.5);
/// Letters and screen where a theme leaves them to the terminal.
const USUAL: [&str; 2] = ["#d7dde6", "#11151c"];

/// A picture. Every run of letters is given the width of its cells, so that lines meet whatever the
/// font is.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let (width, height, base) = CELL;
    let (columns, lines) = (f32::from(buffer.area.width), f32::from(buffer.area.height));
    let screen = colour(theme.style(Role::Text).bg.unwrap_or_default(), USUAL[1]);
    let mut out = String::new();
    // Writing into a text can't fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.1} {:.1}\" font-family=\"'DejaVu Sans \
         Mono', Menlo, Consolas, monospace\" font-size=\"14\">",
        columns * width,
        lines * height,
    );
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"{screen}\"/>");
    for y in rows(buffer) {
        let top = f32::from(y - buffer.area.y) * height;
        for run in runs(buffer, y) {
            let (left, wide) = (f32::from(run.x - buffer.area.x) * width, f32::from(run.width) * width);
            let (front, back) = colours(run.look, &screen);
            if back != screen {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{height}\" fill=\"{back}\"/>"
                );
            }
            let bold = if run.look.2.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let under = match run.look.2.contains(Modifier::UNDERLINED) {
                true => " text-decoration=\"underline\"",
                false => "",
            };
            for (columns_before, words) in parts(&run.text) {
                let left = left + columns_before as f32 * width;
                let wide = sanitize::width(words) as f32 * width;
                let _ = writeln!(
                    out,
                    "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{wide:.1}\" \
                     lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"{front}\"{bold}{under}>{}</text>",
                    top + base,
                    escaped(words),
                );
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What stands between two blanks or more, each with the columns before it: columns of a table begin
/// where they do also where a viewer knows no widths of text.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(' ');
        let end = rest.find("  ").unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        let before = sanitize::width(&text[..text.len() - rest.len()]);
        rest = after;
        let part = part.trim_end_matches(' ');
        (!part.is_empty()).then_some((before, part))
    })
}

type Look = (Color, Color, Modifier);

/// Cells beside each other that look the same.
struct Run {
    x: u16,
    width: u16,
    look: Look,
    text: String,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, width, cell) in row(buffer, y) {
        let look = (cell.fg, cell.bg, cell.modifier);
        match runs.last_mut().filter(|run| run.look == look) {
            Some(run) => {
                run.width += width;
                run.text.push_str(cell.symbol());
            }
            None => runs.push(Run { x, width, look, text: cell.symbol().to_string() }),
        }
    }
    runs
}

fn colours((front, back, modifier): Look, screen: &str) -> (String, String) {
    let (front, back) = (colour(front, USUAL[0]), colour(back, screen));
    if modifier.contains(Modifier::REVERSED) { (back, front) } else { (front, back) }
}

fn colour(color: Color, usual: &str) -> String {
    term::rgb(color).map_or_else(|| usual.to_string(), |(r, g, b)| format!("#{r:02x}{g:02x}{b:02x}"))
}

/// What XML takes for text; what it does not allow at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn buffer() -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
        buffer.set_string(0, 0, "a<b> & \"c\"", Style::new().fg(Color::Red));
        buffer.set_string(0, 1, "日本 ok", Style::new().bg(Color::Rgb(1, 2, 3)));
        buffer.set_string(0, 2, "bold", Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED));
        buffer
    }

    #[test]
    fn text_is_what_stands_there() {
        assert_eq!(text(&buffer()), "a<b> & \"c\"\n日本 ok\nbold\n");
    }

    #[test]
    fn ansi_shows_the_same_on_a_terminal() {
        let mut terminal = vt100::Parser::new(3.try_into().unwrap(), 12.try_into().unwrap(), 0);
        terminal.process(ansi(&buffer()).trim_end().replace('\n', "\r\n").as_bytes());
        let lines: Vec<String> =
            terminal.screen().rows(0, 12).map(|row| row.trim_end().to_string()).collect();
        assert_eq!(lines, ["a<b> & \"c\"", "日本 ok", "bold"]);
        let cell = terminal.screen().cell(2, 0).unwrap();
        assert!(cell.bold() && cell.inverse());
        assert_eq!(terminal.screen().cell(0, 0).unwrap().fgcolor(), vt100::Color::Idx(1));
    }

    #[test]
    fn the_picture_is_sound_xml_and_as_wide_as_the_screen() {
        let svg = svg(&buffer(), &Theme::built_in("dark").unwrap());
        assert!(svg.contains("viewBox=\"0 0 100.8 54.0\""), "{svg}");
        assert!(svg.contains(">a&lt;b&gt; &amp; &quot;c&quot;</text>"), "{svg}");
        assert!(svg.contains("fill=\"#010203\""), "{svg}");
        // Seven columns: two wide letters, a blank, two letters.
        assert!(svg.contains("textLength=\"58.8\""), "{svg}");
        // Every tag that opens closes.
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').unwrap();
            match (tag.strip_prefix('/'), tag.ends_with('/')) {
                (Some(name), _) => assert_eq!(open.pop(), Some(name)),
                (None, true) => {}
                (None, false) => open.push(tag.split_whitespace().next().unwrap()),
            }
        }
        assert!(open.is_empty());
    }

    #[test]
    fn columns_begin_where_they_do() {
        assert_eq!(parts("  a b   日本  c ").collect::<Vec<_>>(), [(2, "a b"), (8, "日本"), (14, "c")]);
        assert_eq!(parts("    ").count(), 0);
    }

    #[test]
    fn nothing_that_xml_forbids_gets_in() {
        assert_eq!(escaped("\u{1b}[31m\u{0}x\u{ffff}"), " [31m x ");
    }
}
