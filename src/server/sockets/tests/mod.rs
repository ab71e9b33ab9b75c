//! The boundary from outside.
