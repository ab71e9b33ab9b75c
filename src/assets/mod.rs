//! The files of the build: one table made at start, every response head prepared then,
//! small bodies in memory, larger ones streamed from disk. A request costs a lookup
//! (the router's), negotiation and the clone of a head; JavaScript never wakes.
//!
//! `table` resolves paths as adapter-node does, `store` finds and reads the files, `head`
//! prepares heads, `reply` decides one answer, `body` streams a `file`, `pages` holds large bodies
//! where the kernel can send them from.

mod body;
mod file;
#[cfg(test)]
mod fixture;
mod head;
mod pages;
mod reply;
mod store;
mod table;

pub use crate::config::AssetLimits;
pub use crate::http::id::{AssetId, RedirectId, Target};
pub use body::FileBody;
pub use file::OnDisk;
pub use pages::Pages;
pub use reply::{AssetBody, AssetReply, AssetRequest};
pub use store::{MissingFile, MissingReason};
pub use table::Table;
