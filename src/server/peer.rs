//! A connection that has become a WebSocket or a stream of events: the hub serves it, in the task
//! that served its requests. To the listener it stays the connection that it was.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use futures_util::future::Either;

use super::App;
use super::admission::Admitted;
use super::connection::{Connection, Phase, Verdict};
use crate::telemetry::counters;
use crate::ws;

/// Serves the peer until it is gone, or the connection is to close. `early` are bytes that came
/// behind its handshake. Boxed, so that no other connection's task holds room for it.
pub(super) fn serve(
    app: &Arc<App>,
    connection: &Rc<Connection>,
    admitted: Admitted,
    early: Bytes,
) -> Pin<Box<impl Future<Output = ()> + use<>>> {
    connection.enter(Phase::Peer);
    let Admitted {
        joined,
        home,
        stream: events,
    } = admitted;
    // hooks know of a stream since they were asked for its topics
    if let Some(sockets) = app.sockets.as_ref().filter(|_| events.is_none()) {
        sockets.opened(joined.id(), home);
    }
    let heartbeat = app.config.websocket.as_ref().map(|it| it.limits.heartbeat);
    let open = counters().ws_open.raise();
    let stream = connection.take_stream();
    let connection = connection.clone();
    Box::pin(async move {
        let _open = open;
        let Some(stream) = stream else {
            // It has been closed meanwhile; whoever joined leaves.
            return;
        };
        let serving = match events {
            None => Either::Left(ws::serve(joined, stream, early)),
            Some(head) => {
                if let Some(heartbeat) = heartbeat {
                    // as long as a socket that answers no ping
                    stream.give_up_after(heartbeat.saturating_mul(2));
                }
                // what it may have asked behind that is not answered
                Either::Right(ws::serve_stream(joined, stream, head))
            }
        };
        let mut serving = pin!(serving);
        poll_fn(|cx| {
            connection.listen(cx);
            match connection.verdict() {
                Verdict::Continue => serving.as_mut().poll(cx),
                // dropping it ends the peer
                Verdict::Close | Verdict::HeadTimeout => Poll::Ready(()),
            }
        })
        .await;
    })
}
