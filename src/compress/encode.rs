//! Writes one variant of one file, if it is worth having. The variant appears under its
//! name only when it is complete and smaller than the identity.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode;
use flate2::{Compression, write::GzEncoder};

use crate::http::encoding::Encoding;

/// The largest of the standard's windows (RFC 7932 section 9.1).
const BROTLI_WINDOW: i32 = 22;

/// A file and the variant to make of it.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub path: &'a Path,
    pub size: u64,
    pub encoding: Encoding,
    /// Natural language or code, for brotli's model of the context.
    pub text: bool,
}

/// Writes the variant next to the file, and gives its size; `None`, and no file, when it
/// would not be smaller.
pub(super) fn write_variant(job: &Job<'_>) -> io::Result<Option<u64>> {
    let target = with_suffix(job.path, job.encoding.extension());
    let partial = with_suffix(&target, "partial");
    match encode(job, &partial) {
        Ok(Some(size)) => {
            fs::rename(&partial, &target)?;
            Ok(Some(size))
        }
        Ok(None) => {
            fs::remove_file(&partial)?;
            Ok(None)
        }
        Err(error) => {
            // the first error tells more than one about its clean-up
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn encode(job: &Job<'_>, partial: &Path) -> io::Result<Option<u64>> {
    let mut source = BufReader::with_capacity(64 << 10, File::open(job.path)?);
    let mut sink = Bounded {
        inner: BufWriter::with_capacity(64 << 10, File::create(partial)?),
        written: 0,
        most: job.size.saturating_sub(1),
        exceeded: false,
    };

    let encoded = match job.encoding {
        Encoding::Brotli => brotli(job, &mut source, &mut sink),
        Encoding::Zstd => zstd(job, &mut source, &mut sink),
        Encoding::Gzip => gzip(&mut source, &mut sink),
    };
    if sink.exceeded {
        return Ok(None);
    }
    encoded?;
    sink.inner.flush()?;
    Ok(Some(sink.written))
}

fn brotli(job: &Job<'_>, source: &mut impl Read, sink: &mut impl Write) -> io::Result<()> {
    // The encoder's memory, which it clears for each file, goes with the window; one that
    // holds the whole file, and the 16 bytes no window reaches, finds as much as any.
    let needed = (job.size + 16).next_power_of_two().ilog2();
    let params = BrotliEncoderParams {
        quality: 11,
        lgwin: BROTLI_WINDOW.min(needed.max(10) as i32),
        size_hint: usize::try_from(job.size).unwrap_or(usize::MAX),
        mode: if job.text {
            BrotliEncoderMode::BROTLI_MODE_TEXT
        } else {
            BrotliEncoderMode::BROTLI_MODE_GENERIC
        },
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(source, sink, &params).map(drop)
}

/// Level 19 keeps within the 8 MiB window that RFC 9659 allows.
fn zstd(job: &Job<'_>, source: &mut impl Read, sink: &mut impl Write) -> io::Result<()> {
    let mut encoder = zstd::stream::write::Encoder::new(sink, 19)?;
    encoder.set_pledged_src_size(Some(job.size))?;
    io::copy(source, &mut encoder)?;
    encoder.finish().map(drop)
}

fn gzip(source: &mut impl Read, sink: &mut impl Write) -> io::Result<()> {
    // no name and no time in the header: the same content makes the same file
    let mut encoder = GzEncoder::new(sink, Compression::best());
    io::copy(source, &mut encoder)?;
    encoder.finish().map(drop)
}

/// A writer that refuses more than `most` bytes, which ends an encoder that gains nothing.
struct Bounded<W> {
    inner: W,
    written: u64,
    most: u64,
    exceeded: bool,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written + bytes.len() as u64 > self.most {
            self.exceeded = true;
            return Err(io::Error::other("the variant is not smaller"));
        }
        let written = self.inner.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match encoding {
            Encoding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
            Encoding::Zstd => zstd::stream::read::Decoder::new(bytes)
                .expect("a stream")
                .read_to_end(&mut out),
            Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
        }
        .expect("decodable");
        out
    }

    /// Writes all variants; those that came to be have to hold the content.
    fn check(content: &[u8], text: bool) -> [Option<u64>; 3] {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file.js");
        fs::write(&path, content).expect("written");
        let sizes = Encoding::ALL.map(|encoding| {
            let job = Job {
                path: &path,
                size: content.len() as u64,
                encoding,
                text,
            };
            let size = write_variant(&job).expect("written");
            let variant = fs::read(with_suffix(&path, encoding.extension())).ok();
            assert_eq!(
                variant.as_ref().map(|bytes| bytes.len() as u64),
                size,
                "{encoding:?}"
            );
            if let Some(bytes) = variant {
                assert!(bytes.len() < content.len());
                assert!(decode(encoding, &bytes) == content, "{encoding:?}");
            }
            size
        });
        let left = fs::read_dir(root.path()).expect("readable").count();
        assert_eq!(
            left,
            1 + sizes.iter().flatten().count(),
            "nothing else is left"
        );
        sizes
    }

    #[test]
    fn writes_what_is_smaller() {
        let script = "export const answer = (question) => question.length;\n".repeat(200);
        assert!(check(script.as_bytes(), true).iter().all(Option::is_some));
        assert!(check(&vec![0; 300_000], false).iter().all(Option::is_some));
    }

    #[test]
    fn writes_nothing_that_gains_nothing() {
        assert_eq!(check(b"", true), [None; 3]);
        assert_eq!(check(b"x", true), [None; 3]);
        assert_eq!(check(b"{}", true), [None; 3]);
    }

    #[test]
    fn a_source_that_cannot_be_read_leaves_nothing() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("gone.js");
        let job = Job {
            path: &path,
            size: 5,
            encoding: Encoding::Gzip,
            text: true,
        };
        let error = write_variant(&job).expect_err("gone");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read_dir(root.path()).expect("readable").count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn variants_hold_the_content(bytes in proptest::collection::vec(0_u8..8, 0..3_000), text: bool) {
            check(&bytes, text);
        }
    }
}
