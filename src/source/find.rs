//! What a path given by a person means: a file, all files below a folder, a glob.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::info::{Identity, Stat, What};

/// Folders nested deeper than this are not looked into.
const DEPTH: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files and pipes, sorted by path within each argument, each once (by device and inode).
    pub files: Vec<(PathBuf, Stat)>,
    /// What could not be looked at, in words.
    pub troubles: Vec<String>,
    seen: BTreeSet<Identity>,
}

/// Why nothing can be read. Its text says what, where and what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// A path that does not exist or can't be looked at.
    #[error("{path}: {why}; give a file, a folder or a glob of Lambda logs, metrics or X-Ray segments")]
    Missing {
        /// As it was given.
        path: String,
        /// The system's word.
        why: String,
    },
    /// Nothing to read below what was given.
    #[error("{paths}: no file in it; give a file, a folder or a glob with Lambda logs in it")]
    Nothing {
        /// As they were given.
        paths: String,
    },
}

impl Found {
    /// Looks at each argument in turn. One that does not exist is an error: it is a mistake of
    /// whoever typed it, unlike a file that can't be read in a folder of many.
    pub fn of(paths: &[String]) -> Result<Self, OpenError> {
        let mut found = Self::default();
        for given in paths {
            match Stat::of(Path::new(given)) {
                Ok(stat) => found.add(PathBuf::from(given), stat, 0),
                Err(error) => match glob::glob(given) {
                    Ok(matches) if given.contains(['*', '?', '[']) => {
                        for path in matches {
                            match path {
                                Ok(path) => found.look(path, 0),
                                Err(error) => found.troubles.push(error.to_string()),
                            }
                        }
                    }
                    _ => return Err(OpenError::Missing { path: given.clone(), why: plain(&error) }),
                },
            }
        }
        if found.files.is_empty() {
            return Err(OpenError::Nothing { paths: paths.join(", ") });
        }
        Ok(found)
    }

    fn look(&mut self, path: PathBuf, depth: usize) {
        match Stat::of(&path) {
            Ok(stat) => self.add(path, stat, depth),
            Err(error) => self.troubles.push(format!("{}: {}", path.display(), plain(&error))),
        }
    }

    fn add(&mut self, path: PathBuf, stat: Stat, depth: usize) {
        // A file named twice is read once, and a folder that holds itself is entered once.
        if !self.seen.insert(stat.identity) {
            return;
        }
        match stat.what {
            What::File | What::Fifo => self.files.push((path, stat)),
            What::Folder if depth < DEPTH => match std::fs::read_dir(&path) {
                Ok(entries) => {
                    let mut inside: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
                    inside.sort();
                    for path in inside {
                        let hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
                        if !hidden {
                            self.look(path, depth + 1);
                        }
                    }
                }
                Err(error) => self.troubles.push(format!("{}: {}", path.display(), plain(&error))),
            },
            What::Folder | What::Other => {}
        }
    }
}

/// The system's word without its number.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_globs_links_and_loops() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let given = |name: &str| at(name).display().to_string();
        fs::create_dir_all(at("a/b")).unwrap();
        for name in ["a/1.log", "a/b/2.log", "a/.hidden", "3.txt"] {
            fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("a"), at("a/b/loop")).unwrap();
        std::os::unix::fs::symlink(at("a/1.log"), at("a/same.log")).unwrap();
        std::os::unix::fs::symlink(at("gone"), at("a/broken.log")).unwrap();
        let found = |paths: &[String]| {
            let found = Found::of(paths).unwrap();
            let names: Vec<String> = found
                .files
                .iter()
                .map(|(path, _)| path.strip_prefix(folder.path()).unwrap().display().to_string())
                .collect();
            (names, found.troubles.len())
        };
        assert_eq!(found(&[given("a")]), (vec!["a/1.log".to_string(), "a/b/2.log".to_string()], 1));
        assert_eq!(found(&[given("*.txt"), given("3.txt")]).0, ["3.txt"]);
        assert!(matches!(Found::of(&[given("gone")]), Err(OpenError::Missing { .. })));
        fs::create_dir(at("empty")).unwrap();
        assert!(matches!(Found::of(&[given("empty")]), Err(OpenError::Nothing { .. })));
        assert!(matches!(Found::of(&[given("*.none")]), Err(OpenError::Nothing { .. })));
    }
}
