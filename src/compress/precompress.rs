//! Build time: one pass over the files of a build that measures, hashes and compresses
//! them on all cores. The unit of work is one variant of one file, the dearest first, so
//! that a single large file does not keep one core busy after the others are done. Files
//! are streamed: memory goes with the number of threads, not with the size of the build.

mod plan;

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::digest::measure;
use super::encode::{Job, write_variant};
use crate::http::encoding::Encoding;
use plan::{Kind, Task, plan};

/// Which variants to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encodings {
    /// Brotli at level 11: `file.br`.
    pub brotli: bool,
    /// gzip at level 9: `file.gz`.
    pub gzip: bool,
    /// Zstandard at level 19: `file.zst`.
    pub zstd: bool,
}

/// How far the pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Files that are finished.
    pub done: usize,
    /// Files in all.
    pub total: usize,
    /// Bytes of the finished files.
    pub bytes: u64,
}

/// What is known of one file after the pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// As it was passed in.
    pub file: String,
    /// Bytes of the identity.
    pub size: u64,
    /// SHA-256 of the identity, base64url without padding.
    pub etag: String,
    /// Bytes of `file.br`, where it was worth writing.
    pub br: Option<u64>,
    /// Bytes of `file.gz`, where it was worth writing.
    pub gz: Option<u64>,
    /// Bytes of `file.zst`, where it was worth writing.
    pub zst: Option<u64>,
}

/// Measures and hashes `files` (relative to `root`, with `/`), and writes the chosen
/// variants next to them where they are smaller. A variant that is itself among the files
/// is the app's own and is left alone. The results stand in the order of `files`.
///
/// `threads` is the number of cores unless given. `progress` is called after each file, by
/// one thread at a time. The first error ends the pass, and names its file.
pub fn measure_and_compress(
    root: &Path,
    files: &[String],
    encodings: Encodings,
    threads: Option<usize>,
    progress: &(dyn Fn(Progress) + Sync),
) -> io::Result<Vec<Measured>> {
    let tasks = plan(root, files, encodings)?;
    let gathered = Mutex::new(Gathered::new(files, &tasks));
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);

    let work = || -> io::Result<()> {
        while !stop.load(Ordering::Relaxed) {
            let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let outcome = task.run().map_err(|error| {
                stop.store(true, Ordering::Relaxed);
                let file = &files[task.file];
                io::Error::new(
                    error.kind(),
                    format!("{file}{}: {error}", task.kind.suffix()),
                )
            })?;
            let mut gathered = gathered.lock();
            if let Some(now) = gathered.note(task.file, outcome) {
                progress(now);
            }
        }
        Ok(())
    };

    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.unwrap_or_else(cores).clamp(1, tasks.len().max(1));
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut result = work();
        for other in others {
            match other.join() {
                Ok(theirs) => result = result.and(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        result
    })?;
    Ok(gathered.into_inner().measured)
}

/// What came of a task.
enum Outcome {
    Measured(u64, String),
    Compressed(Encoding, Option<u64>),
}

impl Task {
    fn run(&self) -> io::Result<Outcome> {
        match self.kind {
            Kind::Measure => {
                let (size, etag) = measure(&self.path)?;
                Ok(Outcome::Measured(size, etag))
            }
            Kind::Compress(encoding) => {
                let job = Job {
                    path: &self.path,
                    size: self.size,
                    encoding,
                    text: self.text,
                };
                Ok(Outcome::Compressed(encoding, write_variant(&job)?))
            }
        }
    }
}

/// The results as they come in.
struct Gathered {
    measured: Vec<Measured>,
    /// Tasks left of each file.
    left: Vec<usize>,
    done: usize,
    bytes: u64,
}

impl Gathered {
    fn new(files: &[String], tasks: &[Task]) -> Self {
        let measured = files.iter().map(|file| Measured {
            file: file.clone(),
            ..Measured::default()
        });
        let mut left = vec![0; files.len()];
        for task in tasks {
            left[task.file] += 1;
        }
        Self {
            measured: measured.collect(),
            left,
            done: 0,
            bytes: 0,
        }
    }

    /// Notes what came of a task; the progress, when it was the last of its file.
    fn note(&mut self, file: usize, outcome: Outcome) -> Option<Progress> {
        let measured = &mut self.measured[file];
        match outcome {
            Outcome::Measured(size, etag) => {
                measured.size = size;
                measured.etag = etag;
            }
            Outcome::Compressed(Encoding::Brotli, size) => measured.br = size,
            Outcome::Compressed(Encoding::Zstd, size) => measured.zst = size,
            Outcome::Compressed(Encoding::Gzip, size) => measured.gz = size,
        }
        self.left[file] -= 1;
        if self.left[file] > 0 {
            return None;
        }
        self.done += 1;
        self.bytes += self.measured[file].size;
        Some(Progress {
            done: self.done,
            total: self.measured.len(),
            bytes: self.bytes,
        })
    }
}

#[cfg(test)]
mod tests;
