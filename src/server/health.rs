//! The built-in endpoints. They are answered without JavaScript, so that an orchestrator
//! can tell a busy process from a dead one.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::App;
use crate::assets::{AssetBody, AssetReply};
use crate::router::Endpoint;

/// Liveness is 200 as long as the process can answer at all. Readiness is 200 while new
/// requests are welcome: not before a worker is there, not while none starts, not while draining.
pub fn answer(app: &App, endpoint: Endpoint) -> AssetReply {
    let no = |text: &'static str| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            Bytes::from_static(text.as_bytes()),
        )
    };
    let (status, text) = match endpoint {
        Endpoint::Readiness if app.draining() => no(r#"{"status":"draining"}"#),
        Endpoint::Readiness if !app.ready() => match app.unready() {
            None => no(r#"{"status":"starting"}"#),
            Some(reason) => {
                let body = serde_json::json!({ "status": "failing", "reason": reason });
                (StatusCode::SERVICE_UNAVAILABLE, body.to_string().into())
            }
        },
        Endpoint::Health | Endpoint::Readiness => {
            (StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#))
        }
    };
    AssetReply {
        status,
        headers: HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ]),
        body: AssetBody::Memory(text),
    }
}
