//! The built-in endpoints. They are answered without JavaScript, so that an orchestrator
//! can tell a busy process from a dead one.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::App;
use crate::assets::{AssetBody, AssetReply};
use crate::router::Endpoint;

/// Liveness is 200 as long as the process can answer at all. Readiness is 200 while new
/// requests are welcome: not before the worker is there, not while draining.
pub fn answer(app: &App, endpoint: Endpoint) -> AssetReply {
    let (status, text) = match endpoint {
        Endpoint::Readiness if app.draining() => {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#)
        }
        Endpoint::Readiness if !app.ready() => {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"starting"}"#)
        }
        Endpoint::Health | Endpoint::Readiness => (StatusCode::OK, r#"{"status":"ok"}"#),
    };
    AssetReply {
        status,
        headers: HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ]),
        body: AssetBody::Memory(Bytes::from_static(text.as_bytes())),
    }
}
