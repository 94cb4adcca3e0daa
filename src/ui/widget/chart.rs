//! A line chart: several lines over one time axis, limits across it, gaps where there are no
//! data, and a dotted end where it still settles.

use ratatui::layout::Rect;

use crate::model::Window;
use crate::query::view::{Chart, Limit, Line};
use crate::ui::number;
use crate::ui::theme::Role;
use crate::ui::zone::Zone;

use super::axis;
use super::canvas::Canvas;
use super::pen::Pen;

/// What a chart needs besides its data.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    /// The data.
    pub chart: &'a Chart,
    /// Which lines, and how: most important last.
    pub lines: &'a [(&'a str, Role)],
    /// How a value is written on the axis.
    pub show: fn(f64) -> String,
    /// The round value that is not below a value: the axis' end.
    pub round_up: fn(f64) -> f64,
    /// A logarithmic axis where the values span more than a factor of 50.
    pub may_be_log: bool,
    /// The time axis.
    pub window: Window,
    /// The zone of its labels.
    pub zone: Zone,
    /// What is marked on the time axis.
    pub marks: &'a [axis::Mark],
    /// The column under the crosshair.
    pub crosshair: Option<usize>,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    fn of(
        values: impl Iterator<Item = f64> + Clone,
        limits: &[Limit],
        may_be_log: bool,
        round_up: fn(f64) -> f64,
    ) -> Self {
        let most = values.clone().fold(0.0, f64::max);
        // A limit far above everything would press the lines to the floor: it is only named.
        let reach = |limit: &f64| *limit > 0.0 && (*limit <= most * 4.0 || most == 0.0);
        let top =
            limits.iter().filter_map(|limit| limit.value.value().copied()).filter(reach).fold(most, f64::max);
        let lowest = values.clone().fold(0.0, f64::min);
        if lowest < 0.0 {
            return Self {
                low: -round_up(-lowest),
                high: if top > 0.0 { round_up(top) } else { 0.0 },
                log: false,
            };
        }
        let least = values.filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        if may_be_log && least.is_finite() && top / least > 50.0 {
            let low = axis::power_below(least);
            return Self { low, high: round_up(top), log: true };
        }
        Self { low: 0.0, high: round_up(top), log: false }
    }

    /// 0 at the bottom, 1 at the top.
    fn height(self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Round values from the bottom to the top.
    fn ticks(self) -> Vec<f64> {
        if !self.log {
            return vec![self.low, (self.low + self.high) / 2.0, self.high];
        }
        let mut ticks = Vec::new();
        let mut tick = self.low;
        while tick < self.high * 0.999 && ticks.len() < 20 {
            ticks.push(tick);
            tick *= 10.0;
        }
        ticks.push(self.high);
        ticks
    }
}

const AXIS: u16 = 6;
const NAMES: u16 = 5;

/// Draws the chart; the lowest row of the area is the time axis.
pub fn draw(pen: &mut Pen, area: Rect, plot: &Plot) {
    if area.width < 4 || area.height < 2 {
        return;
    }
    let lines: Vec<(&Line, Role)> = plot
        .lines
        .iter()
        .filter_map(|(name, role)| Some((plot.chart.lines.iter().find(|line| line.name == *name)?, *role)))
        .collect();
    let axis = if area.width >= 24 { AXIS } else { 0 };
    let names = if lines.len() > 1 && area.width >= 36 { NAMES } else { 0 };
    let body = Rect::new(area.x + axis, area.y, area.width - axis - names, area.height - 1);
    let values = lines.iter().flat_map(|(line, _)| line.points.iter().flatten().copied());
    let scale = Scale::of(values, &plot.chart.limits, plot.may_be_log, plot.round_up);

    if axis > 0 {
        draw_scale(pen, Rect::new(area.x, area.y, axis, body.height), scale, plot.show);
    }
    axis::times(pen, body.x, body.bottom(), body.width, plot.window, plot.zone, plot.marks);
    draw_limits(pen, body, plot, scale);
    let mut canvas = Canvas::new(body, pen.symbols.charset);
    for (line, role) in &lines {
        draw_line(&mut canvas, line, plot.chart.settled, scale, *role);
    }
    canvas.draw(pen);
    name_limits(pen, body, plot, scale);
    if names > 0 {
        draw_names(pen, Rect::new(body.right(), body.y, names, body.height), &lines, scale);
    }
    let columns = lines.iter().map(|(line, _)| line.points.len()).max().unwrap_or(0);
    if let Some(at) = plot.crosshair.filter(|at| *at < columns) {
        let x = body.x + ((at * 2 + 1) * usize::from(body.width) / (columns * 2)) as u16;
        for y in body.top()..body.bottom() {
            pen.put(x, y, pen.symbols.crosshair, Role::Crosshair);
        }
    }
}

fn draw_scale(pen: &mut Pen, area: Rect, scale: Scale, show: fn(f64) -> String) {
    let last = area.height.saturating_sub(1);
    let mut free = area.height;
    for value in scale.ticks() {
        let row = ((1.0 - scale.height(value)) * f64::from(last)).round() as u16;
        // Every other row at most, but always the ends.
        if free == area.height || row == 0 || row + 1 < free {
            pen.right(area.right() - 1, area.y + row, area.width - 1, &show(value), Role::Label);
            free = row;
        }
    }
}

fn limit_row(body: Rect, limit: f64, scale: Scale) -> u16 {
    body.y + ((1.0 - scale.height(limit)) * f64::from(body.height.saturating_sub(1))).round() as u16
}

fn draw_limits(pen: &mut Pen, body: Rect, plot: &Plot, scale: Scale) {
    let levels = plot.chart.limits.iter().filter_map(|limit| limit.value.value());
    for level in levels.filter(|level| **level <= scale.high) {
        let y = limit_row(body, *level, scale);
        for x in body.left()..body.right() {
            pen.put(x, y, pen.symbols.limit, Role::Limit);
        }
    }
}

/// The names of limits, over the lines, on the left where the oldest part is.
fn name_limits(pen: &mut Pen, body: Rect, plot: &Plot, scale: Scale) {
    let mut free = body.y;
    // From the highest on: one that has no row of its own any more stands below.
    let mut limits: Vec<(&Limit, f64)> =
        plot.chart.limits.iter().filter_map(|limit| Some((limit, *limit.value.value()?))).collect();
    limits.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    for (limit, level) in limits {
        let up = if level > scale.high { pen.symbols.up } else { "" };
        let text = format!("{} {}{up}", limit.name, number::graded(&limit.value, plot.show, pen.symbols));
        let y = limit_row(body, level, scale).max(free);
        if y < body.bottom() {
            pen.text(body.x, y, body.width, &text, Role::Limit);
        }
        free = y + 1;
    }
}

fn draw_line(canvas: &mut Canvas, line: &Line, settled: usize, scale: Scale, role: Role) {
    let (width, height) = canvas.dots();
    let count = line.points.len() as i32;
    if count == 0 {
        return;
    }
    let place = |column: usize, value: f64| {
        let x = (column as i32 * 2 + 1) * width / (count * 2);
        (x, ((1.0 - scale.height(value)) * f64::from(height - 1)).round() as i32)
    };
    let mut before: Option<(i32, i32)> = None;
    for (column, point) in line.points.iter().enumerate() {
        let Some(value) = point else {
            before = None;
            continue;
        };
        let here = place(column, *value);
        let dotted = column >= settled;
        match before {
            Some(from) => canvas.line(from, here, dotted, role),
            // A point without a neighbour is drawn as wide as its column.
            None => {
                let half = width / (count * 2);
                canvas.line((here.0 - half, here.1), here, dotted, role);
            }
        }
        before = Some(here);
    }
}

/// The names of the lines at their last heights, the most important ones first in place.
fn draw_names(pen: &mut Pen, area: Rect, lines: &[(&Line, Role)], scale: Scale) {
    let rows = usize::from(area.height);
    let mut taken = vec![false; rows];
    for (line, role) in lines.iter().rev() {
        let Some(last) = line.points.iter().rev().flatten().next() else { continue };
        let wanted = ((1.0 - scale.height(*last)) * rows.saturating_sub(1) as f64).round() as usize;
        let free = (0..rows).filter(|row| !taken[*row]).min_by_key(|row| row.abs_diff(wanted));
        if let Some(row) = free {
            taken[row] = true;
            // The one line of a panel, which its title names, beside what it is compared with.
            let name = if line.name.len() < usize::from(area.width) { line.name } else { "now" };
            pen.text(area.x + 1, area.y + row as u16, area.width - 1, name, *role);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Graded, Timestamp};
    use crate::ui::symbols::Charset;
    use crate::ui::theme::Theme;
    use ratatui::buffer::Buffer;

    fn of_name(name: &'static str, value: f64) -> Limit {
        Limit { name, value: Graded::Counted(value) }
    }

    #[test]
    fn scales_reach_over_near_limits_only() {
        let of =
            |limit| Scale::of([3.0, 40.0].into_iter(), &[of_name("reserved", limit)], false, axis::round_up);
        assert_eq!(of(90.0).high, 100.0);
        assert_eq!(of(900.0).high, 50.0);
        assert!(Scale::of([2.0, 30_000.0].into_iter(), &[], true, axis::round_up).log);
        assert_eq!(Scale::of([2.0, 30_000.0].into_iter(), &[], true, axis::round_up).low, 1.0);
        assert!(!Scale::of([10.0, 90.0].into_iter(), &[], true, axis::round_up).log);
        assert_eq!(
            Scale::of(std::iter::empty(), &[], true, axis::round_up),
            Scale { low: 0.0, high: 1.0, log: false }
        );
    }

    #[test]
    fn scales_reach_below_nothing() {
        let below = Scale::of([-3.0, 40.0].into_iter(), &[], true, axis::round_up);
        assert_eq!(below, Scale { low: -5.0, high: 50.0, log: false });
        assert_eq!((below.height(-5.0), below.height(50.0)), (0.0, 1.0));
        let all = Scale::of([-3.0, -40.0].into_iter(), &[], false, axis::round_up);
        assert_eq!(all.ticks(), [-50.0, -25.0, 0.0]);
    }

    #[test]
    fn ticks_are_round_and_lie_where_they_say() {
        let log = Scale { low: 1.0, high: 2_000.0, log: true };
        assert_eq!(log.ticks(), [1.0, 10.0, 100.0, 1_000.0, 2_000.0]);
        let linear = Scale { low: 0.0, high: 50.0, log: false };
        assert_eq!(linear.ticks(), [0.0, 25.0, 50.0]);
        for scale in [log, linear] {
            assert_eq!(scale.height(scale.low), 0.0);
            assert_eq!(scale.height(scale.high), 1.0);
            assert_eq!(scale.height(f64::NAN), 0.0);
        }
        assert!((log.height(10.0) - 0.302_9).abs() < 1e-3);
    }

    fn chart(charset: Charset) -> String {
        let rising = |from: f64| (0..30).map(|n| Some(from + f64::from(n * n) / 10.0)).collect::<Vec<_>>();
        let mut p99 = rising(10.0);
        p99[8..12].fill(None);
        let chart = Chart {
            lines: vec![Line::new("p50", rising(2.0)), Line::new("p99", p99)],
            limits: vec![of_name("timeout", 120.0)],
            settled: 26,
        };
        let area = Rect::new(0, 0, 50, 9);
        let (mut buffer, theme) = (Buffer::empty(area), Theme::built_in("default").unwrap());
        let plot = Plot {
            chart: &chart,
            lines: &[("p50", Role::P50), ("p99", Role::P99)],
            show: number::count,
            round_up: axis::round_up,
            may_be_log: false,
            window: Window::before(Timestamp(1_795_420_800_000), 1_800_000),
            zone: Zone::Utc,
            marks: &[],
            crosshair: Some(20),
        };
        draw(
            &mut Pen { buffer: &mut buffer, theme: &theme, symbols: charset.symbols(), mask: false },
            area,
            &plot,
        );
        let row = |y| (0..area.width).map(|x| buffer[(x, y)].symbol().to_string()).collect::<String>();
        (0..area.height).map(|y| row(y).trim_end().to_string() + "\n").collect()
    }

    #[test]
    fn draws_lines_gaps_limits_and_axes() {
        insta::assert_snapshot!("chart_braille", chart(Charset::Braille));
        insta::assert_snapshot!("chart_block", chart(Charset::Block));
        insta::assert_snapshot!("chart_ascii", chart(Charset::Ascii));
    }
}
