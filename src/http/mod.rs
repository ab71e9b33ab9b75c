//! The shared HTTP vocabulary: how a path is decoded, an encoding chosen, a validator
//! compared, a range read, an origin decided, a handshake understood, a stream of events asked for. Pure functions
//! over header values, each with adapter-node's outcome and the RFC section behind it. No I/O, no state, and
//! nothing here knows a connection or a file.

pub mod base64;
pub mod encoding;
pub mod etag;
pub mod events;
pub mod handshake;
pub mod header;
pub mod id;
pub mod origin;
pub mod path;
pub mod range;

mod js;
