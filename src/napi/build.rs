//! Build time.
