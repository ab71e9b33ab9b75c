//! A file too large to be held in memory, read where a request asks for a part of it.
//!
//! The build that it belongs to may be moved away while it is served, and for as long as tabs
//! ask for its files. So the first of them stay open from the start: an open file outlives its
//! name. Beyond [`MOST_OPEN`], a file is opened when it is asked for.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Files of one build that are kept open. Connections need descriptors too, and many systems
/// allow 1024; a build, and those before it that are kept, take a fifth of that.
const MOST_OPEN: usize = 64;

/// Whether a folder may be moved while a file in it is open.
const MOVABLE: bool = cfg!(unix);

/// A file and, where it is kept open, what keeps it.
#[derive(Debug)]
pub struct OnDisk {
    path: Box<Path>,
    open: Option<Arc<File>>,
}

impl OnDisk {
    /// The file at `path`, which is `file`; `held` counts those of its build that are open.
    pub(super) fn new(path: &Path, file: File, held: &AtomicUsize) -> Self {
        let open = MOVABLE && held.fetch_add(1, Relaxed) < MOST_OPEN;
        Self {
            path: path.into(),
            open: open.then(|| Arc::new(file)),
        }
    }

    /// Where it was when the build was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, to be read.
    pub(super) fn open(&self) -> io::Result<Arc<File>> {
        match &self.open {
            Some(file) => Ok(file.clone()),
            None => File::open(&self.path).map(Arc::new),
        }
    }
}

/// Reads what is at `start`, without the place in the file that all its readers share.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, start)
}

/// Reads what is at `start`, without the place in the file that all its readers share.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    #[cfg(unix)]
    fn the_first_ones_outlive_their_names() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file");
        fs::write(&path, "content").expect("written");
        let held = AtomicUsize::new(MOST_OPEN - 1);
        let file = |held: &AtomicUsize| {
            let file = File::open(&path).expect("there");
            OnDisk::new(&path, file, held)
        };
        let (last, beyond) = (file(&held), file(&held));
        fs::remove_file(&path).expect("removed");

        let mut buffer = [0; 4];
        let open = last.open().expect("open");
        assert_eq!(read_at(&open, &mut buffer, 3).expect("readable"), 4);
        assert_eq!(&buffer, b"tent");
        let error = beyond.open().expect_err("gone");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(beyond.path(), path);
    }
}
