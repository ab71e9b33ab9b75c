//! The only room that knows napi: settings in, worker calls, errors out. One addon file
//! serves every JS thread of the process through process-wide state.
//!
//! Every export is `catch_unwind`: a panic in a plain one would abort Node.

#![cfg_attr(test, allow(dead_code))] // In tests the derive registers no exports.

mod allocator;
mod build;
mod hub;
mod middleware;
mod peers;
mod pool;
mod process;
mod status;
mod worker;
