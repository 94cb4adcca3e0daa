//! Themes: a style for each meaning. Views name meanings, never colours.
//!
//! Nothing is told by colour alone: wherever a style carries a meaning a glyph or a word does too.

use std::collections::HashMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// What a thing on screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Content.
    Text,
    /// What names content: units, column heads, axis labels.
    Label,
    /// A panel's title.
    Title,
    /// The first line of the screen.
    Header,
    /// Borders and rules.
    Border,
    /// The border and title of what keys act on.
    Focus,
    /// The selected row.
    Selection,
    /// A text that was looked for.
    Match,
    /// A key that can be pressed.
    Key,
    /// What it does.
    Hint,
    /// A message to the person.
    Notice,
    /// The word LIVE, and REPLAY while it runs.
    Live,
    /// The word PAUSED.
    Paused,
    /// Errors.
    Error,
    /// Timeouts.
    Timeout,
    /// Throttles.
    Throttle,
    /// Memory near its limit.
    Memory,
    /// A source fell silent.
    NoData,
    /// Nothing wrong.
    Ok,
    /// Cold starts.
    Cold,
    /// The line of a chart with one line.
    Series,
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// Maximum.
    Max,
    /// The part of a chart that is still settling.
    Settling,
    /// A limit across a chart.
    Limit,
    /// The crosshair.
    Crosshair,
    /// Log level TRACE and DEBUG.
    LevelDebug,
    /// Log level INFO, or none.
    LevelInfo,
    /// Log level WARN.
    LevelWarn,
    /// Log level ERROR and FATAL.
    LevelError,
    /// A line that the platform wrote.
    Platform,
    /// A record that could not be read.
    Bad,
}

impl Role {
    /// All roles, in the order of their numbers.
    pub const ALL: [Self; 34] = [
        Self::Text,
        Self::Label,
        Self::Title,
        Self::Header,
        Self::Border,
        Self::Focus,
        Self::Selection,
        Self::Match,
        Self::Key,
        Self::Hint,
        Self::Notice,
        Self::Live,
        Self::Paused,
        Self::Error,
        Self::Timeout,
        Self::Throttle,
        Self::Memory,
        Self::NoData,
        Self::Ok,
        Self::Cold,
        Self::Series,
        Self::P50,
        Self::P90,
        Self::P99,
        Self::Max,
        Self::Settling,
        Self::Limit,
        Self::Crosshair,
        Self::LevelDebug,
        Self::LevelInfo,
        Self::LevelWarn,
        Self::LevelError,
        Self::Platform,
        Self::Bad,
    ];
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ColorDepth {
    /// None (`NO_COLOR`): bold, underline and reverse alone.
    None,
    /// The first eight of the named ones.
    Ansi8,
    /// The 16 named ones.
    #[default]
    Ansi16,
    /// The 256-colour cube.
    Ansi256,
    /// 24 bit.
    True,
}

/// A style for every role.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; Role::ALL.len()],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    background: String,
    roles: HashMap<Role, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fg: String,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

/// The themes in the program: name and text.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("default", include_str!("../../themes/default.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
];

impl Theme {
    /// Reads a theme; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let color = |text: &str| Color::from_str(text).map_err(|_| format!("{text:?} is no colour"));
        let background = color(&file.background)?;
        let mut styles = [Style::new(); Role::ALL.len()];
        for role in Role::ALL {
            let entry = file.roles.get(&role).ok_or_else(|| format!("no style for the role {role:?}"))?;
            let bg = entry.bg.as_deref().map(color).transpose()?;
            let mut style = Style::new().fg(color(&entry.fg)?).bg(bg.unwrap_or(background));
            for (on, modifier) in [
                (entry.bold, Modifier::BOLD),
                (entry.underline, Modifier::UNDERLINED),
                (entry.reverse, Modifier::REVERSED),
            ] {
                if on {
                    style = style.add_modifier(modifier);
                }
            }
            styles[role as usize] = style;
        }
        Ok(Self { name: file.name, styles })
    }

    /// A theme of the program by its name.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// The same theme in the colours that the terminal has.
    pub fn at_depth(mut self, depth: ColorDepth) -> Self {
        let background = self.style(Role::Text).bg;
        for style in &mut self.styles {
            // A background of its own is what marks a thing: without colours reverse marks it.
            if depth == ColorDepth::None && style.bg != background {
                *style = style.add_modifier(Modifier::REVERSED);
            }
            let bg = nearest(style.bg.unwrap_or_default(), depth, None);
            let fg = nearest(style.fg.unwrap_or_default(), depth, Some(bg));
            *style = style.fg(fg).bg(bg);
        }
        self
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// Red, green and blue of the 16 named colours as xterm draws them.
const ANSI: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// The nearest colour that the terminal has. Of 16 only those count that can be read on the
/// background; dark blue and dark grey are invisible on many terminals and never do.
fn nearest(color: Color, depth: ColorDepth, on: Option<Color>) -> Color {
    let Color::Rgb(r, g, b) = color else {
        return if depth == ColorDepth::None { Color::Reset } else { color };
    };
    let readable = |named: Color, rgb| match on {
        Some(on) => {
            !matches!(named, Color::Blue | Color::DarkGray)
                && ansi_rgb(on).is_none_or(|background| contrast(rgb, background) >= 3.0)
        }
        None => true,
    };
    let (by_hue, its) = of_eight((r, g, b));
    match depth {
        ColorDepth::None => Color::Reset,
        ColorDepth::True => color,
        ColorDepth::Ansi256 => nearest_256((r, g, b)),
        ColorDepth::Ansi8 if readable(by_hue, its) => by_hue,
        ColorDepth::Ansi8 | ColorDepth::Ansi16 => ANSI
            .iter()
            .take(if depth == ColorDepth::Ansi8 { 8 } else { 16 })
            .filter(|(named, rgb)| readable(*named, *rgb))
            .min_by_key(|(_, rgb)| distance((r, g, b), *rgb))
            .map_or(Color::Reset, |(named, _)| *named),
    }
}

/// Which of the first eight colours it is by its hue: the nearest one to a light red is yellow.
fn of_eight((r, g, b): (u8, u8, u8)) -> (Color, (u8, u8, u8)) {
    let (least, most) = (r.min(g).min(b), r.max(g).max(b));
    let grey = most - least < 64;
    // Of a grey by its light, else by what stands out.
    let above = |part: u8| usize::from(part > if grey { 127 } else { least + (most - least) / 2 });
    ANSI[above(r) | above(g) << 1 | above(b) << 2]
}

fn ansi_rgb(color: Color) -> Option<(u8, u8, u8)> {
    ANSI.iter().find(|(named, _)| *named == color).map(|(_, rgb)| *rgb)
}

/// WCAG 2 contrast ratio, 1 to 21.
fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let luminance = |(r, g, b): (u8, u8, u8)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The light of a colour's component, 0 to 1.
fn linear(component: u8) -> f64 {
    let c = f64::from(component) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

fn nearest_256(rgb: (u8, u8, u8)) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| (0..6u8).min_by_key(|&i| STEPS[usize::from(i)].abs_diff(value)).unwrap_or(0);
    let (r, g, b) = (step(rgb.0), step(rgb.1), step(rgb.2));
    let cube = (STEPS[usize::from(r)], STEPS[usize::from(g)], STEPS[usize::from(b)]);
    let mean = (u32::from(rgb.0) + u32::from(rgb.1) + u32::from(rgb.2)) / 3;
    let grey = ((mean.saturating_sub(3)) / 10).min(23) as u8;
    let level = 8 + 10 * grey;
    if distance(rgb, (level, level, level)) < distance(rgb, cube) {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * r + 6 * g + b)
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let d = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    // The eye tells greens apart best and blues worst.
    2 * d(a.0, b.0) + 4 * d(a.1, b.1) + 3 * d(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(color: Color) -> (u8, u8, u8) {
        match color {
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(i @ 16..=231) => {
                let step = |n: u8| [0, 95, 135, 175, 215, 255][usize::from(n)];
                (step((i - 16) / 36), step((i - 16) / 6 % 6), step((i - 16) % 6))
            }
            Color::Indexed(i) if i >= 232 => (8 + 10 * (i - 232), 8 + 10 * (i - 232), 8 + 10 * (i - 232)),
            named => ansi_rgb(named).unwrap(),
        }
    }

    #[test]
    fn the_contrast_formula_is_wcags() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!((contrast((0x77, 0x77, 0x77), (255, 255, 255)) - 4.48).abs() < 0.01);
    }

    #[test]
    fn text_can_be_read_in_the_dark_and_light_themes() {
        for name in ["dark", "light", "colour-blind"] {
            for (depth, text) in [
                (ColorDepth::True, 4.5),
                (ColorDepth::Ansi256, 4.5),
                (ColorDepth::Ansi16, 3.0),
                (ColorDepth::Ansi8, 3.0),
            ] {
                let theme = Theme::built_in(name).unwrap().at_depth(depth);
                for role in Role::ALL {
                    let style = theme.style(role);
                    let needs = if matches!(role, Role::Border | Role::Limit) { 3.0 } else { text };
                    let has = contrast(rgb(style.fg.unwrap()), rgb(style.bg.unwrap()));
                    assert!(has >= needs, "{name} {depth:?} {role:?}: {has:.2}");
                }
            }
        }
    }

    #[test]
    fn high_contrast_is_seven_to_one() {
        let theme = Theme::built_in("high-contrast").unwrap();
        for role in Role::ALL {
            let style = theme.style(role);
            let has = contrast(rgb(style.fg.unwrap()), rgb(style.bg.unwrap()));
            assert!(has >= 7.0, "{role:?}: {has:.2}");
        }
    }

    /// How far two colours are apart (CIE 1976) for an eye that sees them through a matrix of linear
    /// red, green and blue.
    fn apart(a: (u8, u8, u8), b: (u8, u8, u8), eye: [[f64; 3]; 3]) -> f64 {
        let lab = |(r, g, b): (u8, u8, u8)| {
            let light = [r, g, b].map(linear);
            let seen = eye.map(|row: [f64; 3]| {
                row.iter().zip(light).map(|(by, colour)| by * colour).sum::<f64>().clamp(0.0, 1.0)
            });
            let to = |row: [f64; 3], white: f64| {
                let t =
                    row.iter().zip(seen).map(|(by, colour): (&f64, f64)| by * colour).sum::<f64>() / white;
                if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 }
            };
            let x = to([0.4124, 0.3576, 0.1805], 0.950_47);
            let y = to([0.2126, 0.7152, 0.0722], 1.0);
            let z = to([0.0193, 0.1192, 0.9505], 1.088_83);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        lab(a).iter().zip(lab(b)).map(|(a, b): (&f64, f64)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// Eyes without one of the receptors, as Vienot, Brettel and Mollon (1999) model them.
    #[test]
    fn states_are_told_apart_without_red_or_green_receptors() {
        let eyes = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_01, -0.004_01, 1.0]],
            [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]],
        ];
        let states = [Role::Error, Role::Timeout, Role::Throttle, Role::Live, Role::Cold, Role::Ok];
        let nearest = |name: &str| {
            let theme = Theme::built_in(name).unwrap();
            let colour = |role: Role| rgb(theme.style(role).fg.unwrap());
            let pairs =
                states.iter().flat_map(|a| states.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b);
            let apart = pairs.flat_map(|(a, b)| eyes.map(|eye| apart(colour(a), colour(b), eye)));
            apart.fold(f64::MAX, f64::min)
        };
        assert!(nearest("colour-blind") >= 19.0, "{}", nearest("colour-blind"));
        assert!(nearest("dark") < 15.0, "the others are not made for it");
    }

    #[test]
    fn the_default_theme_uses_only_what_every_terminal_shows() {
        let theme = Theme::built_in("default").unwrap();
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!(style.bg, Some(Color::Reset), "{role:?}");
            assert!(
                matches!(
                    style.fg,
                    Some(Color::Reset | Color::Red | Color::Green | Color::Magenta | Color::Cyan)
                ),
                "{role:?}: {:?}",
                style.fg
            );
        }
        assert_eq!(theme.style(Role::Text).fg, Some(Color::Reset));
    }

    #[test]
    fn without_colours_marks_remain() {
        for (name, _) in BUILT_IN {
            let theme = Theme::built_in(name).unwrap().at_depth(ColorDepth::None);
            for role in Role::ALL {
                let style = theme.style(role);
                assert_eq!((style.fg, style.bg), (Some(Color::Reset), Some(Color::Reset)), "{name} {role:?}");
            }
            for role in [Role::Selection, Role::Match, Role::Notice] {
                assert!(theme.style(role).add_modifier.contains(Modifier::REVERSED), "{name} {role:?}");
            }
        }
    }

    #[test]
    fn colours_degrade_to_the_nearest() {
        assert_eq!(nearest(Color::Rgb(255, 0, 0), ColorDepth::Ansi256, None), Color::Indexed(196));
        assert_eq!(nearest(Color::Rgb(128, 128, 128), ColorDepth::Ansi256, None), Color::Indexed(244));
        assert_eq!(nearest(Color::Rgb(250, 10, 10), ColorDepth::Ansi16, None), Color::LightRed);
        for (rgb, named) in [
            ((250, 10, 10), Color::Red),
            ((255, 123, 123), Color::Red),
            ((255, 209, 102), Color::Yellow),
            ((227, 155, 255), Color::Magenta),
            ((215, 221, 230), Color::Gray),
            ((17, 21, 28), Color::Black),
        ] {
            assert_eq!(nearest(Color::Rgb(rgb.0, rgb.1, rgb.2), ColorDepth::Ansi8, None), named, "{rgb:?}");
        }
        assert_eq!(nearest(Color::Red, ColorDepth::Ansi16, None), Color::Red);
        assert_eq!(nearest(Color::Rgb(1, 2, 3), ColorDepth::True, None), Color::Rgb(1, 2, 3));
    }

    #[test]
    fn a_broken_theme_says_what_is_wrong() {
        let text = BUILT_IN[0].1;
        let error = Theme::parse(&text.replace("max = {", "mux = {")).unwrap_err();
        assert!(error.contains("mux"), "{error}");
        let error = Theme::parse(&text.replace("\"magenta\"", "\"mauve\"")).unwrap_err();
        assert!(error.contains("mauve"), "{error}");
        let without: String =
            text.lines().filter(|line| !line.starts_with("cold")).map(|line| format!("{line}\n")).collect();
        assert!(Theme::parse(&without).unwrap_err().contains("Cold"));
    }
}
