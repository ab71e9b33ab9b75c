//! What `build/handler.js` asks when another server owns the socket: the same router and
//! asset table answer, only the bytes are written by Node.

use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use napi::Error;
use napi::bindgen_prelude::{Buffer, Result};
use napi_derive::napi;

use super::process::process;
use crate::assets::{AssetBody, AssetReply, AssetRequest};
use crate::http::path::split_target;
use crate::router::Route;
use crate::server::health;

/// An answer that needs no SvelteKit.
#[napi(object)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values in turn, as `ServerResponse.writeHead` takes them.
    pub headers: Vec<String>,
    /// The body, when it is held in memory.
    pub body: Option<Buffer>,
    /// The file that holds it, when it is not.
    pub file: Option<String>,
    /// Where in the file it starts.
    pub start: f64,
    /// How many bytes of the file it is.
    pub length: f64,
}

/// Answers what the build or the built-in endpoints can answer; `null` is SvelteKit's.
/// `raw_headers` is `IncomingMessage.rawHeaders`.
#[napi(catch_unwind)]
pub fn answer(method: String, url: String, raw_headers: Vec<String>) -> Result<Option<Answer>> {
    let process = process()?;
    let app = &process.app;
    let Ok(method) = Method::from_bytes(method.as_bytes()) else {
        return Ok(None);
    };
    let (path, query) = split_target(&url);
    let build = app.build();
    let site = &build.site;
    let reply = match site.router.route(&method, path) {
        Route::Asset(asset) => {
            let headers = header_map(&raw_headers);
            let request = AssetRequest {
                method: &method,
                headers: &headers,
            };
            site.assets.reply(asset, &request)
        }
        Route::Redirect(redirect) => site.assets.redirect(redirect, &method, query),
        Route::Endpoint(endpoint) => health::answer(app, endpoint),
        Route::Render(_) => return Ok(None),
    };
    Ok(Some(into_answer(reply, &method)))
}

fn into_answer(reply: AssetReply, method: &Method) -> Answer {
    let headers = reply
        .headers
        .iter()
        .flat_map(|(name, value)| [name.as_str().to_owned(), latin1(value.as_bytes())])
        .collect();
    let mut answer = Answer {
        status: reply.status.as_u16(),
        headers,
        body: None,
        file: None,
        start: 0.0,
        length: 0.0,
    };
    match reply.body {
        AssetBody::Memory(bytes) if method != Method::HEAD => {
            answer.body = Some(bytes.to_vec().into());
        }
        AssetBody::File { file, start, len } if method != Method::HEAD => {
            answer.file = Some(file.path().to_string_lossy().into_owned());
            answer.start = start as f64;
            answer.length = len as f64;
        }
        AssetBody::Memory(_) | AssetBody::File { .. } | AssetBody::Empty => {}
    }
    answer
}

/// The origin of a request by the configured headers. Throws with the reason when there
/// is none; the answer to that is 400.
#[napi(catch_unwind)]
pub fn request_origin(raw_headers: Vec<String>) -> Result<String> {
    let process = process()?;
    let config = &process.app.config;
    if let Some(origin) = &config.origin {
        return Ok(origin.clone());
    }
    config
        .origin_headers
        .origin(&header_map(&raw_headers))
        .map_err(|error| Error::from_reason(error.to_string()))
}

/// What Node has accepted and HTTP does not know is left out: nothing here reads it.
fn header_map(raw: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(raw.len() / 2);
    for pair in raw.chunks_exact(2) {
        // Node hands header bytes over as Latin-1 characters.
        let value: Option<Vec<u8>> = pair[1].chars().map(|c| u8::try_from(c).ok()).collect();
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(pair[0].as_bytes()), value)
            && let Ok(value) = HeaderValue::from_bytes(&value)
        {
            headers.append(name, value);
        }
    }
    headers
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
