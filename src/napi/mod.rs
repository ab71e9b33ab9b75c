//! The only room that knows napi.
