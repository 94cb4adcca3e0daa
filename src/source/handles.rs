//! Open files, as many as there is room for, and what is said of one that can't be opened.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Problem;
use super::catalog::Place;
use super::followed::{Followed, State};
use super::info::open;
use super::out::Stopped;
use super::tail::Tail;
use super::walk::{label, why_not};

impl Tail {
    /// Says once what is wrong with a file, and tries it again at the next look.
    pub fn complain(&mut self, key: u32, error: &io::Error) -> Result<(), Stopped> {
        let Some(file) = self.files.get_mut(&key) else { return Ok(()) };
        file.seen = None;
        if let State::Packed(packed) = &mut file.state {
            packed.tried = None;
        }
        if std::mem::replace(&mut file.said, true) {
            return Ok(());
        }
        let problem = Problem::unread(label(&file.path), &why_not(&file.path, error));
        match file.info().map(|info| info.id) {
            Some(source) => self.out.trouble(Some(source), problem.what),
            None => self.out.problem(problem),
        }
    }

    /// Tells the catalog where a file lies now.
    pub fn lies(&mut self, key: u32) {
        if let Some(file) = self.files.get(&key)
            && let Some(info) = file.info()
        {
            self.out.catalog.lies(info.id, place(file));
        }
    }

    /// An open handle of a file; opens it again if it was closed for others. A file that is found
    /// nowhere any more ends.
    pub fn handle(&mut self, key: u32) -> Result<Option<Arc<File>>, Stopped> {
        self.uses += 1;
        let Some(file) = self.files.get_mut(&key) else { return Ok(None) };
        if let Some(handle) = &file.handle {
            file.used = self.uses;
            return Ok(Some(handle.clone()));
        }
        let identity = file.identity;
        let mut refused = None;
        let mut try_open = |path: &Path| match open(path) {
            Ok((handle, stat)) => (stat.identity == identity).then_some(handle),
            Err(error) => {
                refused = Some(error).filter(|e| e.kind() != io::ErrorKind::NotFound);
                None
            }
        };
        let mut handle = file.names.iter().chain([&file.path]).find_map(|path| try_open(path));
        if handle.is_none() {
            handle = self.find_moved(key).and_then(|path| try_open(&path));
        }
        match (handle, refused) {
            (Some(handle), _) => {
                self.make_room();
                let handle = Arc::new(handle);
                if let Some(file) = self.files.get_mut(&key) {
                    file.handle = Some(handle.clone());
                    file.used = self.uses;
                }
                self.handles += 1;
                self.lies(key);
                Ok(Some(handle))
            }
            (None, Some(error)) => self.complain(key, &error).map(|()| None),
            (None, None) => self.end(key).map(|()| None),
        }
    }

    /// Opens a file that was just found, if there is room: it can be read then, whatever becomes of it.
    pub fn hold_open(&mut self, key: u32) {
        if self.handles >= self.most_handles {
            return;
        }
        let Some(file) = self.files.get_mut(&key) else { return };
        // One that can't be opened is told when it is its turn.
        if let Ok((handle, stat)) = open(&file.path)
            && stat.identity == file.identity
        {
            self.uses += 1;
            file.used = self.uses;
            file.handle = Some(Arc::new(handle));
            self.handles += 1;
        }
    }

    /// Closes the file that was idle longest when too many are open.
    pub fn make_room(&mut self) {
        if self.handles < self.most_handles {
            return;
        }
        // One without a name could not be opened again.
        let open = self.files.values_mut().filter(|file| file.handle.is_some());
        if let Some(idle) = open.min_by_key(|file| (file.names.is_empty(), file.used)) {
            idle.handle = None;
            self.handles -= 1;
        }
    }
}

/// Where a file lies, for reading it again.
pub(super) fn place(file: &Followed) -> Place {
    Place::File {
        path: file.path.as_path().into(),
        identity: file.identity,
        handle: file.handle.as_ref().map(Arc::downgrade).unwrap_or_default(),
    }
}
