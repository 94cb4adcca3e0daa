//! What paths, folders and globs stand for: which files there are.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::Problem;
use super::info::{Identity, Stat, What};

/// Wildcards stop at `/` and at the dot of hidden files, as in a shell.
const WILDCARDS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What the user named.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// One file.
    File(PathBuf),
    /// Everything below a folder.
    Folder(PathBuf),
    /// Whatever matches.
    Glob(Pattern),
}

impl Root {
    /// What `path` means: a thing that exists, else a glob if it has wildcards. The error is a
    /// sentence: what, where, what to do.
    pub fn of(given: &Path) -> Result<Self, String> {
        // As the system will name it in its notices.
        let path = &std::path::absolute(given).unwrap_or_else(|_| given.to_path_buf());
        let shown = given.display();
        match Stat::of(path) {
            Ok(Stat { what: What::Folder, .. }) => Ok(Self::Folder(path.to_path_buf())),
            Ok(Stat { what: What::File | What::Fifo, .. }) => Ok(Self::File(path.to_path_buf())),
            Ok(_) if path == Path::new(STDIN) => {
                Err("standard input is the terminal; give it logs: aws logs tail GROUP --follow | lamtop -"
                    .to_string())
            }
            Ok(_) => Err(format!(
                "{shown}: neither a file, a folder nor a pipe; give a log file, a folder of them, or a named pipe"
            )),
            Err(error) => match given.to_str().filter(|text| text.contains(['*', '?', '['])) {
                Some(text) => Pattern::new(&absolute_pattern(text))
                    .map(Self::Glob)
                    .map_err(|error| format!("{shown}: no such file, and not a pattern either: {error}")),
                None => Err(format!("{shown}: {}", why_not(path, &error))),
            },
        }
    }

    /// All that it stands for now, as paths that may lie anywhere: files, folders, pipes.
    pub fn members(&self) -> (Vec<PathBuf>, Vec<Problem>) {
        let Self::Glob(pattern) = self else {
            let (Self::File(path) | Self::Folder(path)) = self else { return Default::default() };
            return (vec![path.clone()], Vec::new());
        };
        let (mut members, mut troubles) = (Vec::new(), Vec::new());
        for entry in glob::glob_with(pattern.as_str(), WILDCARDS).into_iter().flatten() {
            match entry {
                Ok(path) => members.push(path),
                Err(error) => troubles.push(Problem::unread(
                    error.path().display().to_string(),
                    &why_not(error.path(), error.error()),
                )),
            }
        }
        (members, troubles)
    }

    /// What to say where nothing of it was found.
    pub fn empty(&self, found: &[Found], following: bool) -> Option<String> {
        let then = if following { "waiting for one" } else { "check the name" };
        match self {
            Self::File(_) => None,
            Self::Folder(path) if !found.iter().any(|f| f.path.starts_with(path)) => {
                Some(format!("{}: no file in this folder; {then}", label(path)))
            }
            Self::Glob(pattern) if !found.iter().any(|f| f.path.ancestors().any(|p| self.matches(p))) => {
                Some(format!("{pattern}: no file matches; {then}"))
            }
            _ => None,
        }
    }

    /// Whether a glob means this path. For a file that appears.
    pub fn matches(&self, path: &Path) -> bool {
        match self {
            Self::File(own) => own == path,
            Self::Folder(_) => false,
            Self::Glob(pattern) => pattern.matches_path_with(path, WILDCARDS),
        }
    }
}

fn absolute_pattern(text: &str) -> String {
    match std::env::current_dir() {
        Ok(folder) if !text.starts_with('/') => {
            format!("{}/{}", Pattern::escape(&folder.to_string_lossy()), text.trim_start_matches("./"))
        }
        _ => text.to_string(),
    }
}

/// Standard input, as a path.
pub(super) const STDIN: &str = "/dev/stdin";

/// A path as a person here would write it.
pub(super) fn label(path: &Path) -> String {
    if path == Path::new(STDIN) {
        return "standard input".to_string();
    }
    let folder = std::env::current_dir().ok();
    let below =
        folder.and_then(|folder| path.strip_prefix(folder).ok()).filter(|p| !p.as_os_str().is_empty());
    below.unwrap_or(path).display().to_string()
}

/// Why a path can't be read and what to do, after its name and a colon.
pub(super) fn why_not(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let nearest = path.ancestors().skip(1).find(|p| p.exists());
            match nearest {
                Some(folder) if path.parent() != nearest => {
                    format!(
                        "no such file or folder; {} has nothing of that name, check the path",
                        folder.display()
                    )
                }
                _ => "no such file or folder; check the name, or give its folder to read all that is in it"
                    .into(),
            }
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; run as a user who may read it, or have it made readable".into()
        }
        _ => format!("can't be read: {error}"),
    }
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub name: OsString,
    /// As the folder has it (a symlink's own): enough to see that a name means another file.
    pub ino: u64,
}

/// What lies in a folder, hidden entries left out, by name.
pub(super) fn entries(folder: &Path) -> io::Result<BTreeSet<Entry>> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !hidden(&name) {
            all.insert(Entry { name, ino: entry.ino() });
        }
    }
    Ok(all)
}

pub(super) fn hidden(name: &std::ffi::OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// A file or pipe that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub path: PathBuf,
    pub stat: Stat,
    symlink: bool,
}

/// All files and pipes that some roots stand for.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By path; each file once, by its own name where it is reached through symlinks too.
    pub found: Vec<Found>,
    /// Sentences about what could not be read.
    pub troubles: Vec<Problem>,
    folders: BTreeSet<Identity>,
}

impl Listing {
    /// Lists all that the roots stand for.
    pub fn of(roots: &[Root]) -> Self {
        let mut listing = Self::default();
        for root in roots {
            let (members, troubles) = root.members();
            listing.troubles.extend(troubles);
            for path in members {
                listing.enter(path, true);
            }
        }
        listing.found.sort_by(|a, b| (a.symlink, &a.path).cmp(&(b.symlink, &b.path)));
        let mut seen = BTreeSet::new();
        listing.found.retain(|found| seen.insert(found.stat.identity));
        listing.found.sort_by(|a, b| a.path.cmp(&b.path));
        listing
    }

    fn enter(&mut self, path: PathBuf, named: bool) {
        let stat = match Stat::of(&path) {
            Ok(stat) => stat,
            Err(error) => {
                return self.troubles.push(Problem::unread(label(&path), &why_not(&path, &error)));
            }
        };
        match stat.what {
            What::Folder => self.walk(path, stat.identity),
            What::File => {
                let symlink = path.is_symlink();
                self.found.push(Found { path, stat, symlink });
            }
            What::Fifo if named => self.found.push(Found { path, stat, symlink: false }),
            What::Fifo => {
                self.troubles.push(Problem::unread(label(&path), "a pipe; name it itself to read it"));
            }
            What::Other => {}
        }
    }

    /// Loops end where a folder was entered before.
    fn walk(&mut self, folder: PathBuf, identity: Identity) {
        if !self.folders.insert(identity) {
            return;
        }
        match entries(&folder) {
            Ok(entries) => {
                for entry in entries {
                    self.enter(folder.join(entry.name), false);
                }
            }
            Err(error) => {
                self.troubles.push(Problem::unread(label(&folder), &why_not(&folder, &error)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names(listing: &Listing, below: &Path) -> Vec<String> {
        listing.found.iter().map(|f| f.path.strip_prefix(below).unwrap().display().to_string()).collect()
    }

    fn listing(paths: &[PathBuf]) -> Listing {
        let roots: Vec<_> = paths.iter().map(|path| Root::of(path).unwrap()).collect();
        Listing::of(&roots)
    }

    #[test]
    fn a_folder_is_everything_below_it_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("b/deep/er")).unwrap();
        for name in ["z.log", "b/one.log", "b/deep/er/two.log", ".hidden", "b/.hid.log"] {
            fs::write(at(name), name).unwrap();
        }
        fs::create_dir(at(".git")).unwrap();
        fs::write(at(".git/config"), "x").unwrap();
        symlink("..", at("b/deep/loop")).unwrap();
        symlink(".", at("self")).unwrap();
        symlink("z.log", at("a-link.log")).unwrap();
        fs::hard_link(at("z.log"), at("zz.log")).unwrap();
        symlink("nowhere", at("broken")).unwrap();
        let listing = listing(&[dir.path().to_path_buf(), at("b/one.log"), at("z.log")]);
        assert_eq!(names(&listing, dir.path()), ["b/deep/er/two.log", "b/one.log", "z.log"]);
        assert_eq!(listing.troubles.len(), 1, "{:?}", listing.troubles);
        assert!(listing.troubles[0].what.contains("broken: no such file"));
    }

    #[test]
    fn globs_are_a_shells() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for name in ["a.log", "b.log", "b.txt", ".c.log", "sub/d.log", "2026[$LATEST]1.log"] {
            fs::write(at(name), name).unwrap();
        }
        assert_eq!(names(&listing(&[at("?.log")]), dir.path()), ["a.log", "b.log"]);
        assert_eq!(
            names(&listing(&[at("**/*.log")]), dir.path()),
            ["2026[$LATEST]1.log", "a.log", "b.log", "sub/d.log"]
        );
        assert_eq!(names(&listing(&[at("s*")]), dir.path()), ["sub/d.log"]);
        assert_eq!(names(&listing(&[at("2026[$LATEST]1.log")]), dir.path()), ["2026[$LATEST]1.log"]);
        let root = Root::of(&at("*.log")).unwrap();
        assert!(
            root.matches(&at("new.log")) && !root.matches(&at(".new.log")) && !root.matches(&at("sub/d.log"))
        );
    }

    #[test]
    fn what_is_not_there_is_said_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let text = Root::of(&dir.path().join("orders.log")).unwrap_err();
        assert!(text.ends_with("orders.log: no such file or folder; check the name, or give its folder to read all that is in it"), "{text}");
        let text = Root::of(&dir.path().join("no/such/orders.log")).unwrap_err();
        assert!(text.contains(&format!("{} has nothing of that name", dir.path().display())), "{text}");
        let text = Root::of(&dir.path().join("[")).unwrap_err();
        assert!(text.contains("not a pattern either"), "{text}");
        assert!(Root::of(Path::new("/dev/null")).unwrap_err().contains("neither a file"));
    }
}
