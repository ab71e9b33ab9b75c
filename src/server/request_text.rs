//! The text of a request as it crosses to JS: method, origin, target, address and header
//! lines in one Latin-1 run, so that JS decodes it with a single call and parses headers
//! only when they are read (`dispatch/wire.rs` says how the parts are found again).

use std::borrow::Cow;

use http::HeaderMap;
use http::request::Parts;

use super::App;
use super::connection::Connection;

/// A host longer than this is not one (RFC 1035 allows 253; ports and brackets add a few).
const MAX_ORIGIN: usize = 1024;

/// The text and where its parts end.
#[derive(Debug)]
pub(super) struct RequestText {
    pub text: Vec<u8>,
    pub method_len: u16,
    pub origin_len: u16,
    pub target_len: u32,
    pub address_len: u16,
    pub canonical: bool,
}

impl RequestText {
    /// Whether the client is at an `https` origin.
    pub fn is_secure(&self) -> bool {
        self.text[usize::from(self.method_len)..].starts_with(b"https:")
    }

    /// The origin it was sent to.
    pub fn origin(&self) -> Cow<'_, str> {
        let start = usize::from(self.method_len);
        String::from_utf8_lossy(&self.text[start..start + usize::from(self.origin_len)])
    }
}

/// Fails with the reason when the request has no usable origin.
pub(super) fn write(
    app: &App,
    connection: &Connection,
    head: &Parts,
) -> Result<RequestText, String> {
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    if !target.starts_with('/') {
        return Err(format!("the request target {target} is not a path"));
    }
    let mut text = Vec::with_capacity(target.len() + headers_len(&head.headers) + 96);
    text.extend_from_slice(head.method.as_str().as_bytes());
    let method_len = text.len();
    write_origin(app, head, &mut text)?;
    let origin_len = text.len() - method_len;
    if origin_len > MAX_ORIGIN {
        return Err("the host is longer than any host can be".to_owned());
    }
    text.extend_from_slice(target.as_bytes());
    let address = connection.peer.address.as_bytes();
    text.extend_from_slice(address);
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b'\n');
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    let short =
        |len: usize| u16::try_from(len).map_err(|_| "the request line is too long".to_owned());
    Ok(RequestText {
        method_len: short(method_len)?,
        origin_len: short(origin_len)?,
        target_len: target.len() as u32,
        address_len: short(address.len())?,
        canonical: is_canonical(target.as_bytes()),
        text,
    })
}

fn headers_len(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 2)
        .sum()
}

fn write_origin(app: &App, head: &Parts, text: &mut Vec<u8>) -> Result<(), String> {
    if let Some(origin) = &app.config.origin {
        text.extend_from_slice(origin.as_bytes());
        return Ok(());
    }
    let mut origin = String::with_capacity(64);
    app.config
        .origin_headers
        .write_origin(&head.headers, &mut origin)
        .map_err(|error| error.to_string())?;
    if origin.is_ascii() {
        text.extend_from_slice(origin.as_bytes());
    } else {
        // Header bytes became characters one to one; what a percent-escape added beyond
        // Latin-1 cannot be part of an origin, and `?` makes sure that it is refused.
        text.extend(origin.chars().map(|c| u8::try_from(c).unwrap_or(b'?')));
    }
    Ok(())
}

/// Bytes that the URL parser leaves alone wherever they stand.
static UNTOUCHED: [bool; 256] = {
    let others = b"-_~!$&()*+,;=:@/?";
    let mut untouched = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        untouched[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut other = 0;
    while other < others.len() {
        untouched[others[other] as usize] = true;
        other += 1;
    }
    untouched
};

/// Whether the WHATWG URL parser would leave the target as it is. Errs towards `false`:
/// JS then asks the parser.
fn is_canonical(target: &[u8]) -> bool {
    target.iter().enumerate().all(|(i, &byte)| {
        UNTOUCHED[usize::from(byte)]
            || match byte {
                b'.' => i == 0 || target[i - 1] != b'/',
                // An encoded dot may be part of `.` or `..`.
                b'%' => !matches!(target.get(i + 1..i + 3), Some([b'2', b'e' | b'E']) | None),
                _ => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::is_canonical;

    #[test]
    fn only_what_the_url_parser_leaves_alone_is_canonical() {
        for target in ["/", "/a/b.c?d=e&f", "/blog/a%20b", "/_app/x.js"] {
            assert!(is_canonical(target.as_bytes()), "{target}");
        }
        for target in [
            "/a/../b",
            "/./a",
            "/a b",
            "/%2e%2E/x",
            "/a\\b",
            "/é",
            "/a?q='x'",
            "/%",
        ] {
            assert!(!is_canonical(target.as_bytes()), "{target}");
        }
    }
}
