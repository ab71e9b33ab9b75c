//! Compression. So far that of the build: every file is measured, hashed and compressed
//! once, on all cores, so that no request ever has to.
//!
//! `precompress` spreads the work and gathers the results, `encode` writes one variant,
//! `digest` hashes one file.

mod digest;
mod encode;
pub mod precompress;
