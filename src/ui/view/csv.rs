//! A table as CSV (RFC 4180).

use super::sheet::{Cell, Sheet};

/// The table as CSV, a line of the columns' names first.
pub fn csv(sheet: &Sheet) -> String {
    let rows = sheet.rows.iter().map(|row| row.iter().map(field).collect::<Vec<_>>().join(",") + "\r\n");
    std::iter::once(sheet.head.join(",") + "\r\n").chain(rows).collect()
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Text(foreign) => text(foreign),
        Cell::Number(number) => number.clone(),
        Cell::Nothing => String::new(),
    }
}

/// A foreign text as a field: quoted where it must be. What a spreadsheet would take for a formula
/// begins with an apostrophe, and control characters become blanks.
fn text(foreign: &str) -> String {
    let clean: String = foreign.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let formula = clean.starts_with(['=', '+', '-', '@']);
    let clean = if formula { format!("'{clean}") } else { clean };
    match clean.contains([',', '"']) {
        true => format!("\"{}\"", clean.replace('"', "\"\"")),
        false => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::{Session, live};
    use crate::ui::view::sheet::sheet;

    #[test]
    fn foreign_texts_are_fields_and_no_formulas() {
        assert_eq!(text("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(text("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(text("@x\r\n+1"), "'@x  +1");
        assert_eq!(text("2026/11/23/[$LATEST]ab"), "2026/11/23/[$LATEST]ab");
    }

    #[test]
    fn every_table_has_as_many_fields_in_every_row() {
        for (keys, least) in [
            ("", 6),
            ("j Enter", 3),
            ("j Enter Tab", 2),
            ("j Enter Tab Tab", 2),
            ("j Enter Tab Tab Tab", 2),
            ("j Enter Tab Tab Tab Tab", 2),
            ("3", 5),
            ("5", 2),
            ("6", 2),
            ("7", 3),
        ] {
            let mut session = Session::new(140, 45, live());
            session.press(keys);
            let table = csv(&sheet(&session.state).unwrap());
            let lines: Vec<&str> = table.lines().collect();
            // A comma in quotes is none.
            let fields = |line: &str| {
                let mut inside = false;
                line.chars()
                    .filter(|c| {
                        inside ^= *c == '"';
                        *c == ',' && !inside
                    })
                    .count()
                    + 1
            };
            assert!(lines.len() >= least, "{keys}: {table}");
            assert!(lines.iter().all(|line| fields(line) == fields(lines[0])), "{keys}: {table}");
        }
        let mut session = Session::new(140, 45, live());
        session.press("4");
        assert_eq!(sheet(&session.state), None);
    }

    #[test]
    fn what_is_not_counted_says_so_and_no_source_is_empty() {
        let session = Session::new(140, 45, live());
        let table = csv(&sheet(&session.state).unwrap());
        assert!(table.contains("throttles=no-source"), "{table}");
        assert!(!table.contains("NaN"));
    }
}
