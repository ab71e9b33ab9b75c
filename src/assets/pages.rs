//! Large bodies in memory that the kernel can send by itself: all of them stand one behind
//! the other in one anonymous file, so that `sendfile` hands its pages to the socket where a
//! write would copy them. Bodies are ordinary `Bytes` all the same; the socket finds out by
//! their address that it can do better. Linux only; elsewhere nothing is ever found.
//!
//! Unsafe is allowed in `linux::map` alone.

use super::store::Stored;

/// Below this, copying is as cheap as a second system call.
#[cfg(target_os = "linux")]
const MIN: usize = 32 * 1024;

#[cfg(target_os = "linux")]
pub use linux::Pages;

#[cfg(not(target_os = "linux"))]
pub use other::Pages;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::fd::{AsFd, BorrowedFd};

    use bytes::Bytes;
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    use super::{MIN, Stored};

    /// Each body begins with a page, as far as that is this long: one that begins within would take
    /// another page, and the kernel hands over page by page.
    const PAGE: usize = 4096;

    /// The anonymous file and where it stands in memory.
    #[derive(Debug)]
    pub struct Pages {
        file: File,
        /// Keeps the mapping alive for as long as addresses are compared with it.
        all: Bytes,
    }

    impl Pages {
        /// Moves the large ones of `bodies` into pages. `None` when there are none, or when the
        /// system refuses; then they stay where they are.
        pub(in crate::assets) fn hold<'a>(
            bodies: impl Iterator<Item = &'a mut Stored>,
        ) -> Option<Self> {
            let mut large: Vec<&mut Bytes> = bodies
                .filter_map(|body| match body {
                    Stored::Memory(bytes) if bytes.len() >= MIN => Some(bytes),
                    _ => None,
                })
                .collect();
            if large.is_empty() {
                return None;
            }
            let (file, all) = fill(&large).ok()?;
            let mut at = 0;
            for body in &mut large {
                let end = at + body.len();
                **body = all.slice(at..end);
                at = end.next_multiple_of(PAGE);
            }
            Some(Self { file, all })
        }

        /// Where in the file `bytes` stand, if they do and are worth it.
        pub fn locate(&self, bytes: &[u8]) -> Option<(BorrowedFd<'_>, u64)> {
            if bytes.len() < MIN {
                return None;
            }
            let offset = bytes
                .as_ptr()
                .addr()
                .checked_sub(self.all.as_ptr().addr())?;
            let end = offset.checked_add(bytes.len())?;
            (end <= self.all.len()).then(|| (self.file.as_fd(), offset as u64))
        }
    }

    fn fill(bodies: &[&mut Bytes]) -> io::Result<(File, Bytes)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(memfd_create("assets", flags)?);
        for body in bodies {
            file.write_all(body)?;
            file.write_all(&[0; PAGE][..body.len().next_multiple_of(PAGE) - body.len()])?;
        }
        // From here on nothing can change it, this process included.
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        let all = map(&file)?;
        Ok((file, all))
    }

    #[allow(unsafe_code)]
    fn map(file: &File) -> io::Result<Bytes> {
        // SAFETY: the file is anonymous and sealed, so neither its bytes nor its length can
        // change under the mapping. A private one, since a shared one of a sealed file could
        // only be had from Linux 6.7 on.
        let mapped = unsafe { memmap2::MmapOptions::new().map_copy_read_only(file)? };
        Ok(Bytes::from_owner(mapped))
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::Stored;

    /// Nothing, on this system.
    #[derive(Debug)]
    pub enum Pages {}

    impl Pages {
        pub(in crate::assets) fn hold<'a>(_: impl Iterator<Item = &'a mut Stored>) -> Option<Self> {
            None
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::io::Read;
    use std::os::unix::fs::FileExt;

    fn body(len: usize, seed: usize) -> Stored {
        let bytes: Vec<u8> = (0..len).map(|at| (at * 31 + seed) as u8).collect();
        Stored::Memory(bytes.into())
    }

    fn bytes(stored: &Stored) -> &Bytes {
        match stored {
            Stored::Memory(bytes) => bytes,
            Stored::File(_) => panic!("a file"),
        }
    }

    #[test]
    fn bodies_stay_the_same_and_are_found_in_the_file() {
        let sizes = [MIN, 5, MIN + 1, MIN - 1, 3 * MIN];
        let before: Vec<Stored> = sizes.iter().map(|&size| body(size, size)).collect();
        let mut after = before.clone();
        let pages = Pages::hold(after.iter_mut()).expect("large ones");
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(bytes(before), bytes(after));
            let found = pages.locate(bytes(after));
            assert_eq!(found.is_some(), bytes(after).len() >= MIN);
            assert!(pages.locate(bytes(before)).is_none());
            let Some((file, at)) = found else { continue };
            let file = std::fs::File::from(file.try_clone_to_owned().expect("cloned"));
            let mut read = vec![0; bytes(after).len()];
            file.read_exact_at(&mut read, at).expect("read");
            assert_eq!(read, bytes(before)[..]);
            assert_eq!(at % 4096, 0, "a page begins with it");
        }
    }

    #[test]
    fn a_part_is_found_where_it_stands() {
        let mut all = [body(2 * MIN, 0), body(3 * MIN, 1)];
        let pages = Pages::hold(all.iter_mut()).expect("large ones");
        let part = &bytes(&all[1])[7..7 + MIN];
        let (_, at) = pages.locate(part).expect("found");
        assert_eq!(at, 2 * MIN as u64 + 7);
    }

    #[test]
    fn nothing_can_change_the_file() {
        let mut all = [body(MIN, 0)];
        let pages = Pages::hold(all.iter_mut()).expect("large ones");
        let (file, _) = pages.locate(bytes(&all[0])).expect("found");
        let mut file = std::fs::File::from(file.try_clone_to_owned().expect("cloned"));
        assert!(file.write_at(b"x", 0).is_err());
        assert!(file.set_len(1).is_err());
        assert_eq!(file.read(&mut [0; 1]).expect("read"), 0, "it is at its end");
    }

    #[test]
    fn small_ones_need_no_file() {
        assert!(Pages::hold([body(MIN - 1, 0)].iter_mut()).is_none());
    }
}
