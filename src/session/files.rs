//! Files that a person asked for: new ones in the current folder, never over one that is there.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::ui::app::Remembered;

/// How many names are tried before it is given up.
const NAMES: u32 = 1_000;

/// Writes a file of this name, or of one like it where there is one, and says in words what became of
/// it.
pub fn save(folder: &Path, name: &str, bytes: &[u8]) -> String {
    match write(folder, name, bytes) {
        Ok(name) => format!("saved {} bytes to {}", bytes.len(), name.display()),
        Err(error) => failed(folder, &error),
    }
}

/// What is said where a file can't be written.
pub fn failed(folder: &Path, error: &io::Error) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    format!("not saved in {}: {error}; begin lamtop in a folder that you may write to", folder.display())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    Ok(filled(folder, name, |file| file.write_all(bytes))?.0)
}

/// A new file of this name, or of one like it where there is one, with what `fill` puts into it; half
/// a file is worse than none.
pub fn filled<T>(
    folder: &Path,
    name: &str,
    fill: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    for number in 1..=NAMES {
        let name = numbered(name, number);
        match OpenOptions::new().write(true).create_new(true).open(folder.join(&name)) {
            Ok(mut file) => {
                return match fill(&mut file) {
                    Ok(told) => Ok((name, told)),
                    Err(error) => {
                        let _ = std::fs::remove_file(folder.join(&name));
                        Err(error)
                    }
                };
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("{NAMES} files are called like {name}")))
}

/// Remembers how the screen was left. Where that can't be written (a read-only home), the next session
/// begins as this one did: nothing that a person asked for is lost with it.
pub fn remember(file: &Path, left: &Remembered) {
    let write = || -> io::Result<()> {
        let text = toml::to_string(left).map_err(io::Error::other)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // Another session may be reading it, or writing too.
        let whole = file.with_extension(std::process::id().to_string());
        std::fs::write(&whole, text)?;
        std::fs::rename(&whole, file)
    };
    let _ = write();
}

/// `screen.txt`, `screen-2.txt`, …
fn numbered(name: &str, number: u32) -> PathBuf {
    match name.rsplit_once('.') {
        _ if number == 1 => name.into(),
        Some((stem, extension)) => format!("{stem}-{number}.{extension}").into(),
        None => format!("{name}-{number}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(save(folder.path(), "a.txt", b"one"), "saved 3 bytes to a.txt");
        assert_eq!(save(folder.path(), "a.txt", b"two"), "saved 3 bytes to a-2.txt");
        assert_eq!(save(folder.path(), "a.txt", b"three"), "saved 5 bytes to a-3.txt");
        assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"one");
        assert_eq!(std::fs::read(folder.path().join("a-3.txt")).unwrap(), b"three");
    }

    #[test]
    fn where_nothing_can_be_written_a_person_is_told_what_to_do() {
        let said = save(Path::new("/proc/self"), "a.txt", b"x");
        assert!(said.starts_with("not saved in /proc/self: "), "{said}");
        assert!(said.ends_with("; begin lamtop in a folder that you may write to"), "{said}");
    }
}
