//! What there is to do for the files of a build: one task for each file and each of its variants,
//! the dearest first.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Encodings;
use crate::http::encoding::Encoding;

/// One piece of work.
pub struct Task {
    /// Which of the files.
    pub file: usize,
    pub path: PathBuf,
    pub size: u64,
    pub text: bool,
    pub kind: Kind,
}

#[derive(Clone, Copy)]
pub enum Kind {
    Measure,
    Compress(Encoding),
}

/// All tasks, the dearest first.
pub fn plan(root: &Path, files: &[String], encodings: Encodings) -> io::Result<Vec<Task>> {
    let own: HashSet<&str> = files.iter().map(String::as_str).collect();
    let mut tasks = Vec::new();

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
    }

    tasks.sort_by_key(|task| Reverse(task.size.saturating_mul(task.kind.cost())));
    Ok(tasks)
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
    pub fn suffix(self) -> String {
        match self {
            Kind::Measure => String::new(),
            Kind::Compress(encoding) => format!(".{}", encoding.extension()),
        }
    }
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
