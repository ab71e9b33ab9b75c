//! Raw settings in, one decided Config out; all mistakes reported at once.
pub mod handoff;
