//! The allocator of the addon and when it gives memory back. The one C function it calls
//! has no Rust wrapper, hence the `unsafe`.

#![allow(unsafe_code)]

use mimalloc::MiMalloc;

/// Chosen by measurement; docs/performance.md has the figures.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Gives pages that have been free for a while back to the system. mimalloc looks for them
/// only when a thread allocates, which an idle server does not.
pub(super) fn give_back() {
    // SAFETY: may be called on any thread at any time; it touches the heap of this thread
    // and, under locks of its own, the arenas that all share.
    unsafe { libmimalloc_sys::mi_collect(false) }
}
