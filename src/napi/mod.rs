//! The only room that knows napi: settings in, worker calls, errors out. One addon file
//! serves every JS thread of the process through process-wide state.
//!
//! Every export is `catch_unwind`: a panic in a plain one would abort Node.

#![cfg_attr(test, allow(dead_code))] // In tests the derive registers no exports.

mod build;
mod middleware;
mod process;
mod worker;

use mimalloc::MiMalloc;

/// The system's allocator hands memory back and forth between the I/O threads and the JS
/// threads slowly; request texts and replies cross that border all the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
