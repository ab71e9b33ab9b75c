//! The state machine, driven event by event.
