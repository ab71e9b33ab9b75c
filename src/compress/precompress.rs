//! Build time: one pass over the files of a build that measures, hashes and compresses
//! them on all cores. The unit of work is one variant of one file, the dearest first, so
//! that a single large file does not keep one core busy after the others are done. Files
//! are streamed: memory goes with the number of threads, not with the size of the build.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::digest::measure;
use super::encode::{Job, write_variant};
use crate::http::encoding::Encoding;

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

impl Encodings {
    fn chosen(self) -> impl Iterator<Item = Encoding> {
        let is_chosen = move |encoding: &Encoding| match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Zstd => self.zstd,
            Encoding::Gzip => self.gzip,
        };
        Encoding::ALL.into_iter().filter(is_chosen)
    }
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

/// What is compressed: the formats SvelteKit compresses. Others are compressed by nature,
/// or rare.
fn is_compressible(file: &str) -> bool {
    let extension = Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str());
    matches!(
        extension,
        Some(
            "html" | "js" | "mjs" | "json" | "css" | "svg" | "xml" | "wasm" | "txt" | "md" | "mdx"
        )
    )
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
    let (tasks, gathered) = plan(root, files, encodings)?;
    let gathered = Mutex::new(gathered);
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

/// One piece of work.
struct Task {
    file: usize,
    path: PathBuf,
    size: u64,
    text: bool,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Measure,
    Compress(Encoding),
}

/// What came of a task.
enum Outcome {
    Measured(u64, String),
    Compressed(Encoding, Option<u64>),
}

impl Kind {
    /// How long a byte takes, in parts of what hashing it takes.
    fn cost(self) -> u64 {
        match self {
            Kind::Measure => 1,
            Kind::Compress(Encoding::Gzip) => 20,
            Kind::Compress(Encoding::Zstd) => 200,
            Kind::Compress(Encoding::Brotli) => 600,
        }
    }

    /// What a message adds to the file's name.
    fn suffix(self) -> String {
        match self {
            Kind::Measure => String::new(),
            Kind::Compress(encoding) => format!(".{}", encoding.extension()),
        }
    }
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

/// All tasks, the dearest first, and an empty result for each file.
fn plan(root: &Path, files: &[String], encodings: Encodings) -> io::Result<(Vec<Task>, Gathered)> {
    let own: HashSet<&str> = files.iter().map(String::as_str).collect();
    let mut tasks = Vec::new();
    let mut measured = Vec::with_capacity(files.len());
    let mut left = Vec::with_capacity(files.len());

    for (at, file) in files.iter().enumerate() {
        let path = root.join(file);
        let size = fs::metadata(&path)
            .map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))?
            .len();
        let worth = |encoding: &Encoding| {
            is_compressible(file)
                && !own.contains(format!("{file}.{}", encoding.extension()).as_str())
        };
        let variants = encodings.chosen().filter(worth).map(Kind::Compress);
        let before = tasks.len();
        let text = !file.ends_with(".wasm");
        tasks.extend(
            std::iter::once(Kind::Measure)
                .chain(variants)
                .map(|kind| Task {
                    file: at,
                    path: path.clone(),
                    size,
                    text,
                    kind,
                }),
        );
        left.push(tasks.len() - before);
        measured.push(Measured {
            file: file.clone(),
            ..Measured::default()
        });
    }

    tasks.sort_by_key(|task| std::cmp::Reverse(task.size.saturating_mul(task.kind.cost())));
    Ok((
        tasks,
        Gathered {
            measured,
            left,
            done: 0,
            bytes: 0,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Encodings = Encodings {
        brotli: true,
        gzip: true,
        zstd: true,
    };

    fn build(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<String>) {
        let root = tempfile::tempdir().expect("a directory");
        for (file, content) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, content).expect("written");
        }
        (
            root,
            files.iter().map(|(file, _)| (*file).to_owned()).collect(),
        )
    }

    #[test]
    fn measures_and_compresses_in_order() {
        let script = "let some = 'text'; ".repeat(100);
        let (root, files) = build(&[
            ("client/tiny.txt", "abc"),
            ("client/app.js", &script),
            ("client/photo.png", &script),
            ("client/code.wasm", &script),
        ]);
        let calls = Mutex::new(Vec::new());
        let note = |progress: Progress| calls.lock().push(progress);
        let measured =
            measure_and_compress(root.path(), &files, ALL, Some(3), &note).expect("done");

        let names: Vec<_> = measured
            .iter()
            .map(|measured| measured.file.as_str())
            .collect();
        assert_eq!(names, files);
        let [tiny, app, photo, wasm] = &measured[..] else {
            panic!("one result a file");
        };
        assert_eq!(
            (tiny.size, tiny.br, tiny.gz, tiny.zst),
            (3, None, None, None)
        );
        assert_eq!(tiny.etag, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!((photo.br, photo.gz, photo.zst), (None, None, None));
        for file in [app, wasm] {
            for (size, extension) in [(file.br, "br"), (file.gz, "gz"), (file.zst, "zst")] {
                let path = root.path().join(format!("{}.{extension}", file.file));
                let on_disk = fs::metadata(path).expect("written").len();
                assert_eq!(size, Some(on_disk));
                assert!(on_disk < file.size);
            }
        }

        let calls = calls.into_inner();
        let done: Vec<_> = calls.iter().map(|progress| progress.done).collect();
        assert_eq!(done, [1, 2, 3, 4]);
        let total: u64 = measured.iter().map(|measured| measured.size).sum();
        assert_eq!(
            calls[3],
            Progress {
                done: 4,
                total: 4,
                bytes: total
            }
        );
    }

    #[test]
    fn writes_the_chosen_variants_only() {
        let (root, files) = build(&[("a.css", &"a{b:c}".repeat(100))]);
        let gzip = Encodings {
            gzip: true,
            ..Encodings::default()
        };
        let measured =
            measure_and_compress(root.path(), &files, gzip, None, &|_| {}).expect("done");
        assert!(measured[0].gz.is_some() && measured[0].br.is_none());
        let mut names: Vec<_> = fs::read_dir(root.path())
            .expect("readable")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        assert_eq!(names, ["a.css", "a.css.gz"]);
    }

    #[test]
    fn leaves_variants_of_the_app_alone() {
        let (root, files) = build(&[
            ("a.json", &"[1,2,3],".repeat(100)),
            ("a.json.br", "the app's own"),
        ]);
        let measured = measure_and_compress(root.path(), &files, ALL, None, &|_| {}).expect("done");
        assert_eq!(measured[0].br, None);
        assert!(measured[0].gz.is_some());
        let own = fs::read_to_string(root.path().join("a.json.br")).expect("readable");
        assert_eq!(own, "the app's own");
    }

    #[test]
    fn errors_name_the_file() {
        let (root, mut files) = build(&[("a.txt", "a")]);
        files.push("client/gone.js".to_owned());
        let error =
            measure_and_compress(root.path(), &files, ALL, None, &|_| {}).expect_err("gone");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("client/gone.js: "), "{error}");

        // a directory in the way of a variant
        let (root, files) = build(&[("a.js", &"let a; ".repeat(100)), ("a.js.gz.partial/x", "")]);
        let error = measure_and_compress(root.path(), &files[..1], ALL, None, &|_| {})
            .expect_err("blocked");
        assert!(error.to_string().starts_with("a.js.gz: "), "{error}");
    }

    #[test]
    fn no_files_are_no_work() {
        let root = tempfile::tempdir().expect("a directory");
        assert_eq!(
            measure_and_compress(root.path(), &[], ALL, None, &|_| {}).expect("done"),
            []
        );
    }
}
