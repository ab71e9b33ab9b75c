//! Build time: one pass over the files of a build that measures, hashes and precompresses
//! them on all cores, off the JS thread.

use std::path::PathBuf;

use napi::bindgen_prelude::{AsyncTask, FnArgs, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Error, Status, Task};
use napi_derive::napi;

use crate::compress::precompress::{self, Encodings, Measured, Progress};

/// Which variants to write.
#[napi(object)]
pub struct EncodingChoice {
    /// Brotli, level 11: `file.br`.
    pub brotli: bool,
    /// gzip, level 9: `file.gz`.
    pub gzip: bool,
    /// Zstandard, level 19: `file.zst`.
    pub zstd: bool,
}

/// One file of the build.
#[napi(object)]
pub struct MeasuredFile {
    /// As it was passed in.
    pub file: String,
    /// Bytes.
    pub size: f64,
    /// SHA-256 of its content in base64url, without padding.
    pub etag: String,
    /// Bytes of the Brotli variant, where one was worth writing.
    pub br: Option<f64>,
    /// Bytes of the gzip variant, where one was worth writing.
    pub gz: Option<f64>,
    /// Bytes of the Zstandard variant, where one was worth writing.
    pub zst: Option<f64>,
}

impl From<Measured> for MeasuredFile {
    fn from(measured: Measured) -> Self {
        let bytes = |size: Option<u64>| size.map(|size| size as f64);
        Self {
            file: measured.file,
            size: measured.size as f64,
            etag: measured.etag,
            br: bytes(measured.br),
            gz: bytes(measured.gz),
            zst: bytes(measured.zst),
        }
    }
}

type Tell = ThreadsafeFunction<FnArgs<(u32, u32, f64)>, (), FnArgs<(u32, u32, f64)>, Status, false>;

/// The pass, run on libuv's thread pool.
pub struct MeasureTask {
    root: PathBuf,
    files: Vec<String>,
    encodings: Encodings,
    tell: Tell,
}

impl Task for MeasureTask {
    type Output = Vec<Measured>;
    type JsValue = Vec<MeasuredFile>;

    fn compute(&mut self) -> Result<Self::Output> {
        let tell = |progress: Progress| {
            let values = (
                progress.done as u32,
                progress.total as u32,
                progress.bytes as f64,
            );
            // A closing environment refuses; then nobody is watching.
            self.tell
                .call(values.into(), ThreadsafeFunctionCallMode::NonBlocking);
        };
        precompress::measure_and_compress(&self.root, &self.files, self.encodings, None, &tell)
            .map_err(|error| Error::from_reason(error.to_string()))
    }

    fn resolve(&mut self, _: Env, measured: Self::Output) -> Result<Self::JsValue> {
        Ok(measured.into_iter().map(MeasuredFile::from).collect())
    }
}

/// Measures and hashes `files` (relative to `root`, with `/`) and writes the chosen variants
/// next to them where they are smaller. `progress` gets files done, files in all, and bytes
/// read so far. Rejects with the name of the file that could not be read or written.
#[napi(catch_unwind, ts_return_type = "Promise<Array<MeasuredFile>>")]
pub fn measure_and_compress(
    root: String,
    files: Vec<String>,
    encodings: EncodingChoice,
    progress: Function<'_, FnArgs<(u32, u32, f64)>, ()>,
) -> Result<AsyncTask<MeasureTask>> {
    let tell = progress
        .build_threadsafe_function::<FnArgs<(u32, u32, f64)>>()
        .callee_handled::<false>()
        .build()?;
    Ok(AsyncTask::new(MeasureTask {
        root: PathBuf::from(root),
        files,
        encodings: Encodings {
            brotli: encodings.brotli,
            gzip: encodings.gzip,
            zstd: encodings.zstd,
        },
        tell,
    }))
}
