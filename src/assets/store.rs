//! Where the bodies are: checks at start that every file is there with the size the
//! build wrote, and reads into memory those that fit. Knows files and sizes, no HTTP.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;

use super::file::OnDisk;
use crate::config::AssetLimits;

/// A file that the build describes and that cannot be served. Its paths are left to
/// SvelteKit; where only a variant is missing, the others are served.
#[derive(Debug)]
pub struct MissingFile {
    /// Relative to the build directory.
    pub file: String,
    /// What is wrong with it.
    pub reason: MissingReason,
}

/// Why a file cannot be served.
#[derive(Debug)]
pub enum MissingReason {
    /// It could not be opened or read.
    Io(io::Error),
    /// It was changed after the build, so the hash and length known of it are wrong.
    Changed {
        /// Bytes the build wrote.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The hand-off gives it an entity tag or type that no header can carry.
    Head,
}

impl fmt::Display for MissingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.reason {
            MissingReason::Io(error) => write!(f, "{file}: {error}"),
            MissingReason::Changed { expected, found } => {
                write!(
                    f,
                    "{file}: has {found} bytes where the build wrote {expected}"
                )
            }
            MissingReason::Head => write!(f, "{file}: its etag or type is not a header value"),
        }
    }
}

/// A file to look for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub file: String,
    pub size: u64,
}

/// A body that was found.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    Memory(Bytes),
    File(Arc<OnDisk>),
}

/// Finds all wanted files below `root`, and reads the smallest first into memory, up to
/// the limits: that holds the most files, so the fewest requests touch the disk. The
/// results stand in the order of `wanted`.
pub(super) fn find(
    root: &Path,
    wanted: &[Wanted],
    limits: AssetLimits,
) -> Vec<Result<Stored, MissingReason>> {
    let held = choose(wanted, limits);
    let open = AtomicUsize::new(0);
    let one = |at: usize| find_one(root, &wanted[at], held[at], &open);

    // Below this many files the threads cost more than they save.
    const WORTH_THREADS: usize = 128;
    if wanted.len() < WORTH_THREADS {
        return (0..wanted.len()).map(one).collect();
    }

    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= wanted.len() {
                return found;
            }
            found.push((at, one(at)));
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(4);
    let mut found = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for other in others {
            match other.join() {
                Ok(part) => found.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, result)| result).collect()
}

/// Which of the files are to be held in memory.
fn choose(wanted: &[Wanted], limits: AssetLimits) -> Vec<bool> {
    let mut by_size: Vec<usize> = (0..wanted.len()).collect();
    by_size.sort_by_key(|at| wanted[*at].size);

    let mut held = vec![false; wanted.len()];
    let mut total: u64 = 0;
    for at in by_size {
        let size = wanted[at].size;
        total = total.saturating_add(size);
        if size > limits.file || total > limits.total {
            break;
        }
        held[at] = true;
    }
    held
}

fn find_one(
    root: &Path,
    wanted: &Wanted,
    hold: bool,
    open: &AtomicUsize,
) -> Result<Stored, MissingReason> {
    let path = root.join(&wanted.file);
    // Opened even where it is not read yet: a file that may not be read is missing too.
    let mut file = File::open(&path).map_err(MissingReason::Io)?;
    let meta = file.metadata().map_err(MissingReason::Io)?;
    if !meta.is_file() {
        return Err(MissingReason::Io(io::Error::other("is not a regular file")));
    }

    let expected = wanted.size;
    let changed = |found| Err(MissingReason::Changed { expected, found });
    if meta.len() != expected {
        return changed(meta.len());
    }
    if !hold {
        return Ok(Stored::File(Arc::new(OnDisk::new(&path, file, open))));
    }

    let mut body = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    file.by_ref()
        .take(expected)
        .read_to_end(&mut body)
        .map_err(MissingReason::Io)?;
    match body.len() as u64 {
        found if found == expected => Ok(Stored::Memory(body.into())),
        found => changed(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn wanted(sizes: &[u64]) -> Vec<Wanted> {
        let named = |(at, size): (usize, &u64)| Wanted {
            file: format!("{at}.txt"),
            size: *size,
        };
        sizes.iter().enumerate().map(named).collect()
    }

    #[test]
    fn holds_the_smallest_within_both_limits() {
        let choose =
            |sizes: &[u64], file, total| choose(&wanted(sizes), AssetLimits { file, total });
        assert_eq!(choose(&[5, 1, 9, 3], 5, 100), [true, true, false, true]);
        assert_eq!(choose(&[5, 1, 9, 3], 100, 4), [false, true, false, true]);
        assert_eq!(choose(&[5, 1, 9, 3], 100, 18), [true; 4]);
        assert_eq!(choose(&[5, 0], 0, 0), [false, true]);
        assert_eq!(
            choose(&[u64::MAX, u64::MAX], u64::MAX, u64::MAX),
            [true, true]
        );
    }

    #[test]
    fn finds_reads_and_names_what_is_wrong() {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("0.txt"), "zero").expect("written");
        fs::write(root.path().join("1.txt"), "larger one").expect("written");
        fs::write(root.path().join("2.txt"), "short").expect("written");
        fs::create_dir(root.path().join("4.txt")).expect("made");

        let limits = AssetLimits {
            file: 4,
            total: 100,
        };
        let found = find(root.path(), &wanted(&[4, 10, 6, 1, 1]), limits);
        assert!(matches!(&found[0], Ok(Stored::Memory(body)) if body == "zero"));
        assert!(matches!(&found[1], Ok(Stored::File(file)) if file.path().ends_with("1.txt")));
        assert!(matches!(
            found[2],
            Err(MissingReason::Changed {
                expected: 6,
                found: 5
            })
        ));
        assert!(
            matches!(&found[3], Err(MissingReason::Io(e)) if e.kind() == io::ErrorKind::NotFound)
        );
        assert!(matches!(&found[4], Err(MissingReason::Io(_))));
    }

    #[test]
    fn many_files_keep_their_order() {
        let root = tempfile::tempdir().expect("a directory");
        let sizes: Vec<u64> = (0..300).collect();
        let files = wanted(&sizes);
        for file in &files {
            fs::write(root.path().join(&file.file), vec![b'x'; file.size as usize])
                .expect("written");
        }
        let found = find(
            root.path(),
            &files,
            AssetLimits {
                file: 300,
                total: 1 << 20,
            },
        );
        for (file, stored) in files.iter().zip(found) {
            assert!(matches!(stored, Ok(Stored::Memory(body)) if body.len() as u64 == file.size));
        }
    }
}
