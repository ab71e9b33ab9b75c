//! Serving one client from accept to close: hyper is there while there is something to do,
//! and only the socket between two requests. A WebSocket or a stream of events is handed to `peer.rs`.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;

use super::App;
use super::admission::Admitted;
use super::connection::{Connection, Phase, Verdict};
use super::exchange;
use super::peer;
use super::socket::Socket;
use super::stream::Stream;
use super::sweep::Registry;

/// hyper reads at least this much at a time when there is so much to read.
const READ_BUFFER: usize = 64 * 1024;

const HEAD_TIMEOUT_REPLY: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves one client until it or we close. The connection counts from this call on, not
/// from the future's first poll, so that the sweep knows of it at once.
pub fn serve(
    app: Arc<App>,
    stream: Stream,
    registry: &Rc<Registry>,
) -> impl Future<Output = ()> + use<> {
    let connection = Rc::new(Connection::new(app.clone(), stream, registry));
    let entry = registry.enter(connection.clone());
    async move {
        drive(app, connection.clone()).await;
        // Others may hold the connection a little longer; the client shall not wait for them.
        connection.close();
        drop(entry);
    }
}

/// Most connections spend most of their time between two requests. hyper would keep two
/// buffers of 8 KiB and its own state all that while, so it is there only as long as
/// there is something to do; a connection at rest is its socket and a few cells.
async fn drive(app: Arc<App>, connection: Rc<Connection>) {
    let mut socket = Socket::new(connection.clone());
    let verdict = loop {
        let verdict = socket.readable().await;
        if verdict != Verdict::Continue {
            break verdict;
        }
        match converse(&app, &connection, socket).await {
            Next::Rest(resting) => socket = resting,
            Next::Peer(admitted, early) => {
                return peer::serve(&app, &connection, *admitted, early).await;
            }
            Next::End(verdict) => break verdict,
        }
    };
    if verdict == Verdict::HeadTimeout {
        // The head never reached hyper's service, so nothing else is being written.
        connection.with_stream(|stream| stream.try_write(HEAD_TIMEOUT_REPLY));
    }
}

/// What becomes of a connection that hyper is done with.
enum Next {
    /// It rests until there is more to read.
    Rest(Socket),
    /// It is a WebSocket, of which these bytes have come already.
    Peer(Box<Admitted>, Bytes),
    /// It closes.
    End(Verdict),
}

/// Why hyper is done.
enum Done {
    Resting,
    Finished,
    Broken,
    Judged(Verdict),
}

/// Serves requests until the connection ends, rests or becomes something else. Boxed,
/// so that the task of a connection at rest does not hold room for it.
fn converse(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    socket: Socket,
) -> Pin<Box<impl Future<Output = Next> + use<>>> {
    let limits = &app.config.limits;
    let mut builder = http1::Builder::new();
    builder
        .max_headers(limits.max_headers)
        .max_header_size(limits.max_header_size)
        // A head must fit; bodies are read in pieces of at most this.
        .max_buf_size(limits.max_header_size.max(READ_BUFFER))
        // A client may finish sending before it reads; the sweep ends one that never reads.
        .half_close(true);
    let service = {
        let (app, connection) = (app.clone(), connection.clone());
        service_fn(move |request| exchange::serve(app.clone(), connection.clone(), request))
    };
    let mut http = builder.serve_connection(TokioIo::new(socket), service);
    let connection = connection.clone();
    Box::pin(async move {
        let done = poll_fn(|cx| {
            connection.listen(cx);
            match connection.verdict() {
                Verdict::Continue => {}
                verdict => return Poll::Ready(Done::Judged(verdict)),
            }
            let resting = connection.phase().0 == Phase::Rest;
            if resting {
                // Between two messages this ends hyper at once, and the socket, which knows
                // the phase, stays open. Within one it only means that no other follows.
                Pin::new(&mut http).graceful_shutdown();
            }
            match Pin::new(&mut http).poll(cx) {
                Poll::Ready(Ok(())) if resting => Poll::Ready(Done::Resting),
                Poll::Ready(Ok(())) => Poll::Ready(Done::Finished),
                Poll::Ready(Err(error)) => {
                    exchange::log_connection_error(&connection, &error);
                    Poll::Ready(Done::Broken)
                }
                Poll::Pending => {
                    connection.end_rest();
                    connection.settle(cx);
                    if connection.is_handed_over() {
                        return Poll::Ready(Done::Finished);
                    }
                    connection.watch_for_hangup(cx);
                    Poll::Pending
                }
            }
        })
        .await;
        match done {
            Done::Judged(verdict) => Next::End(verdict),
            Done::Broken => Next::End(Verdict::Continue),
            Done::Resting => {
                let parts = http.into_parts();
                let mut socket = parts.io.into_inner();
                // The beginning of a head that came along with the request before it.
                socket.unread(parts.read_buf);
                Next::Rest(socket)
            }
            Done::Finished => {
                let parts = http.into_parts();
                finish(&connection, parts.io.into_inner(), parts.read_buf).await
            }
        }
    })
}

/// hyper has written its last response. One that was a 101, or came before a stream of events, may still be kept back, as any
/// response is when more seems to follow.
async fn finish(connection: &Connection, mut socket: Socket, read: Bytes) -> Next {
    let ended = poll_fn(|cx| {
        connection.listen(cx);
        match connection.verdict() {
            Verdict::Continue => {}
            verdict => return Poll::Ready(Err(verdict)),
        }
        if connection.is_admitted() {
            return connection.poll_flush(cx).map_err(|_| Verdict::Continue);
        }
        // Once a request has offered an upgrade, hyper leaves it to others to close.
        Pin::new(&mut socket)
            .poll_shutdown(cx)
            .map_err(|_| Verdict::Continue)
    })
    .await;
    match ended {
        Err(verdict) => Next::End(verdict),
        Ok(()) => match connection.take_admitted() {
            Some(admitted) => {
                // Copied, or a few bytes would hold all of hyper's buffer.
                let early = [read, socket.take_unread()].concat().into();
                Next::Peer(admitted, early)
            }
            None => Next::End(Verdict::Continue),
        },
    }
}
