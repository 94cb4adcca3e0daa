//! Axes: round steps and where their labels go.

use crate::model::{Timestamp, Window};
use crate::ui::symbols::Symbols;
use crate::ui::theme::Role;
use crate::ui::zone::Zone;

use super::pen::Pen;

/// What is marked on an axis; of several in one column the last of these is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A setting was changed.
    Change,
    /// Other code runs from then on.
    Deploy,
    /// A problem began.
    Problem,
    /// A person marked it.
    Bookmark,
}

impl Kind {
    /// In the order in which they are drawn.
    const ALL: [Self; 4] = [Self::Change, Self::Deploy, Self::Problem, Self::Bookmark];

    /// Its sign.
    pub fn sign(self, symbols: &Symbols) -> &'static str {
        match self {
            Self::Change => symbols.marks[1],
            Self::Deploy => symbols.marks[0],
            Self::Problem => symbols.problem,
            Self::Bookmark => symbols.bookmark,
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Change => Role::Limit,
            Self::Deploy => Role::Title,
            Self::Problem => Role::Error,
            Self::Bookmark => Role::Key,
        }
    }
}

/// Something at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
}

/// The same of bytes: 1, 2, 5, 10, … 500 of a unit of 1,024, then the next unit.
pub fn round_up_bytes(value: f64) -> f64 {
    let mut unit = 1.0;
    while value / unit > 500.0 && value.is_finite() {
        unit *= 1_024.0;
    }
    unit * round_up(value / unit).max(1.0)
}

/// The least of 1, 2, 5 × 10ⁿ that is not below the value; 1 for nothing.
pub fn round_up(value: f64) -> f64 {
    if !(value > 0.0 && value.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|top| *top >= value * 0.999_999)
        .unwrap_or(value)
}

/// The greatest power of ten that is not above the value.
pub fn power_below(value: f64) -> f64 {
    10f64.powf((value.log10() + 1e-9).floor())
}

const STEPS_S: [i64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800,
];

/// Draws the times of a window below `width` columns, at round times of the zone, and the marks
/// among them: a time gives way to a mark.
pub fn times(pen: &mut Pen, x: u16, y: u16, width: u16, window: Window, zone: Zone, marks: &[Mark]) {
    let ms = window.ms();
    if ms <= 0 || width < 8 {
        return;
    }
    let inside = marks.iter().filter(|mark| window.holds(mark.at));
    let marks: Vec<(u16, Kind)> = inside
        .map(|mark| {
            (x + (mark.at.since(window.from).saturating_mul(i64::from(width)) / ms) as u16, mark.kind)
        })
        .collect();
    label(pen, x, y, width, window, zone, &marks);
    for kind in Kind::ALL {
        for (at, _) in marks.iter().filter(|(_, of)| *of == kind) {
            pen.put(*at, y, kind.sign(pen.symbols), kind.role());
        }
    }
}

fn label(pen: &mut Pen, x: u16, y: u16, width: u16, window: Window, zone: Zone, marks: &[(u16, Kind)]) {
    let ms = window.ms();
    let fits = |step_s: &i64| {
        let label = if step_s % 60 == 0 { 5 } else { 8 };
        i64::from(width).saturating_mul(step_s * 1_000) / ms >= label + 3
    };
    let Some(step_s) = STEPS_S.into_iter().find(fits) else { return };
    let step = step_s * 1_000;
    let offset = zone.offset_ms(window.from);
    let mut time = window.from.plus(offset).floor(step).plus(-offset);
    let mut free = x;
    while time < window.to {
        if time >= window.from {
            let label = match step_s {
                1..=59 => zone.seconds(time),
                60..=43_200 => zone.minutes(time),
                _ => zone.date(time),
            };
            let at = x + (time.since(window.from).saturating_mul(i64::from(width)) / ms) as u16;
            let begin = at.saturating_sub(label.len() as u16 / 2).max(x);
            let end = begin + label.len() as u16;
            let marked = marks.iter().any(|(at, _)| (begin..end).contains(at));
            if begin >= free && end <= x + width && !marked {
                free = pen.text(begin, y, width, &label, Role::Label) + 1;
            }
        }
        time = time.plus(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::symbols::Charset;
    use crate::ui::theme::Theme;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    #[test]
    fn steps_are_round() {
        for (value, top) in [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (4.9, 5.0), (51.0, 100.0), (0.03, 0.05)] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}");
        }
        assert_eq!(round_up(f64::NAN), 1.0);
        assert_eq!(power_below(31.0), 10.0);
        assert_eq!(power_below(100.0), 100.0);
    }

    fn drawn(window: Window, zone: Zone, width: u16) -> String {
        marked(window, zone, width, &[])
    }

    fn marked(window: Window, zone: Zone, width: u16, marks: &[Mark]) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        let theme = Theme::built_in("default").unwrap();
        let mut pen =
            Pen { buffer: &mut buffer, theme: &theme, symbols: Charset::Braille.symbols(), mask: false };
        times(&mut pen, 0, 0, width, window, zone, marks);
        (0..width).map(|x| buffer[(x, 0)].symbol().to_string()).collect::<String>().trim_end().to_string()
    }

    #[test]
    fn labels_stand_at_round_times_of_the_zone() {
        let eight = Timestamp(1_795_420_800_000);
        assert_eq!(drawn(Window::before(eight, 1_800_000), Zone::Utc, 40), "07:30      07:40        07:50");
        assert_eq!(drawn(Window::before(eight, 60_000), Zone::Utc, 32), "07:59:00    07:59:30");
        let india = Zone::Fixed(19_800);
        assert_eq!(
            drawn(Window::before(eight, 10_800_000), india, 40),
            "    11:00         12:00        13:00"
        );
        assert_eq!(drawn(Window::before(eight, 0), Zone::Utc, 40), "");
    }

    #[test]
    fn a_time_gives_way_to_a_mark_and_a_change_to_a_deploy() {
        let eight = Timestamp(1_795_420_800_000);
        let window = Window::before(eight, 1_800_000);
        let mark = |before_ms: i64, kind| Mark { at: eight.plus(-before_ms), kind };
        let mut marks = vec![
            mark(1_200_000, Kind::Deploy),
            mark(900_000, Kind::Change),
            mark(890_000, Kind::Deploy),
            mark(300_000, Kind::Change),
            mark(-1, Kind::Deploy),
        ];
        assert_eq!(marked(window, Zone::Utc, 40, &marks), "07:30        ◆      ◆   07:50    ◇");
        marks.extend([mark(1_200_000, Kind::Bookmark), mark(895_000, Kind::Problem)]);
        assert_eq!(marked(window, Zone::Utc, 40, &marks), "07:30        ●      ▲   07:50    ◇");
        assert_eq!(marked(window, Zone::Utc, 5, &marks), "");
    }
}
