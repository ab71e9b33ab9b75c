//! A part of a file as a response body. Files are read in chunks on tokio's blocking
//! threads, one chunk ahead of the socket and never more: a slow reader costs two chunks
//! of memory, and no tokio thread waits for a disk.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use super::file::{OnDisk, read_at};

/// Large enough that the thread hand-over is small beside the copy to the socket.
const CHUNK: u64 = 128 << 10;

/// Streams `len` bytes of a file from `start` on. The file is opened by the first poll,
/// which must happen on a tokio runtime. A file that ends early is an error: the
/// promised `content-length` can no longer be kept, so the connection has to break.
#[derive(Debug)]
pub struct FileBody {
    state: State,
    /// Where the next chunk begins.
    at: u64,
    /// Bytes not yet asked of the file.
    unread: u64,
    /// Bytes not yet given to the connection.
    unsent: u64,
}

#[derive(Debug)]
enum State {
    Unopened(Arc<OnDisk>),
    Reading(JoinHandle<io::Result<(Arc<File>, Bytes)>>),
    Finished,
}

impl FileBody {
    /// A body of `len` bytes of the file, from `start` on.
    pub fn new(file: Arc<OnDisk>, start: u64, len: u64) -> Self {
        FileBody {
            state: State::Unopened(file),
            at: start,
            unread: len,
            unsent: len,
        }
    }

    /// Where the next chunk is and how long; takes it off what is still to be read.
    fn next_part(&mut self) -> (u64, u64) {
        let (at, len) = (self.at, self.unread.min(CHUNK));
        self.at += len;
        self.unread -= len;
        (at, len)
    }

    fn finish(&mut self) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.state = State::Finished;
        Poll::Ready(None)
    }

    fn fail(&mut self, error: io::Error) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.state = State::Finished;
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.unsent == 0 {
            return self.finish();
        }
        if let State::Unopened(file) = &self.state {
            let file = file.clone();
            let (at, len) = self.next_part();
            self.state = State::Reading(spawn_blocking(move || read_chunk(file.open()?, at, len)));
        }
        let State::Reading(read) = &mut self.state else {
            return Poll::Ready(None);
        };

        let (file, chunk) = match ready!(Pin::new(read).poll(cx)) {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => return self.fail(error),
            // the read panicked, or the runtime is shutting down
            Err(error) => return self.fail(io::Error::other(error)),
        };
        self.unsent = self.unsent.saturating_sub(chunk.len() as u64);
        self.state = match self.next_part() {
            (_, 0) => State::Finished,
            (at, len) => State::Reading(spawn_blocking(move || read_chunk(file, at, len))),
        };
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.unsent == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.unsent)
    }
}

fn read_chunk(file: Arc<File>, at: u64, len: u64) -> io::Result<(Arc<File>, Bytes)> {
    let mut chunk = vec![0; len.min(CHUNK) as usize];
    let mut filled = 0;
    while filled < chunk.len() {
        match read_at(&file, &mut chunk[filled..], at + filled as u64) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file shrank while it was sent",
                ));
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((file, chunk.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 31 % 251) as u8).collect()
    }

    /// One that is opened when it is asked for.
    fn written(content: &[u8]) -> (tempfile::TempDir, Arc<OnDisk>) {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file");
        fs::write(&path, content).expect("written");
        let file = File::open(&path).expect("there");
        let all_open = AtomicUsize::new(usize::MAX / 2);
        (root, Arc::new(OnDisk::new(&path, file, &all_open)))
    }

    async fn next(body: &mut FileBody) -> Option<io::Result<Bytes>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        Some(frame.map(|frame| frame.into_data().expect("a data frame")))
    }

    async fn collect(mut body: FileBody) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(chunk) = next(&mut body).await {
            let before = body.size_hint().exact().expect("exact");
            let chunk = chunk?;
            assert!(!chunk.is_empty() && chunk.len() as u64 <= CHUNK);
            assert_eq!(body.is_end_stream(), before == 0);
            all.extend_from_slice(&chunk);
        }
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(next(&mut body).await.is_none());
        Ok(all)
    }

    #[tokio::test]
    async fn streams_any_part() {
        let chunk = CHUNK as usize;
        let content = content(3 * chunk + 17);
        let (_root, file) = written(&content);
        for (start, len) in [
            (0, content.len()),
            (0, 1),
            (5, chunk),
            (chunk - 1, chunk + 1),
            (content.len() - 1, 1),
            (7, 0),
        ] {
            let body = FileBody::new(file.clone(), start as u64, len as u64);
            assert_eq!(body.size_hint().exact(), Some(len as u64));
            let sent = collect(body).await.expect("readable");
            assert!(sent == content[start..start + len], "{start}+{len}");
        }
    }

    #[tokio::test]
    async fn a_file_that_shrank_is_an_error() {
        let content = content(2 * CHUNK as usize);
        let (_root, file) = written(&content);
        let mut body = FileBody::new(file.clone(), 0, content.len() as u64 + 1);
        assert!(matches!(next(&mut body).await, Some(Ok(_))));
        assert!(matches!(next(&mut body).await, Some(Ok(_))));
        let error = next(&mut body).await.expect("a frame").expect_err("short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(next(&mut body).await.is_none());
    }

    #[tokio::test]
    async fn opens_at_the_first_poll_and_reports_what_fails() {
        let (_root, file) = written(b"abc");
        let mut body = FileBody::new(file.clone(), 0, 3);
        fs::remove_file(file.path()).expect("removed");
        let error = next(&mut body).await.expect("a frame").expect_err("gone");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn reads_one_chunk_ahead_and_no_more() {
        let content = content(4 * CHUNK as usize);
        let (_root, file) = written(&content);
        let mut body = FileBody::new(file, 0, content.len() as u64);
        assert!(matches!(next(&mut body).await, Some(Ok(_))));
        assert_eq!(body.unread, 2 * CHUNK);
        assert_eq!(body.unsent, 3 * CHUNK);
    }
}
