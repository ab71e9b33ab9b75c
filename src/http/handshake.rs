//! The opening handshake of a WebSocket (RFC 6455, 4.2): which requests are one, whether it
//! may be accepted, and the proof that it was understood. Whether it shall be is decided
//! elsewhere, and so is what a faulty one is told.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Version};
use sha1::{Digest, Sha1};
use thiserror::Error;

use super::base64::{ALPHABET, base64};
use super::header::lines;

/// What is hashed behind the client's key (RFC 6455, 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// 16 bytes in base64.
const KEY_LEN: usize = 24;

/// Why a handshake cannot be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// Not version 13, the only one there is (4.4).
    #[error("the version of the protocol is not 13")]
    Version,
    /// No key, two, or one that is not 16 bytes in base64 (4.2.1).
    #[error("Sec-WebSocket-Key is not 16 bytes in base64")]
    Key,
    /// It brings a body, and the frames would begin somewhere behind it.
    #[error("a handshake has no body")]
    Body,
    /// It wants the connection closed and kept.
    #[error("Connection says both upgrade and close")]
    Close,
}

/// A request that wants to become a WebSocket: what `Sec-WebSocket-Accept` has to say, or
/// what is wrong with it. `None`: it is a request like any other.
pub fn handshake(
    method: &Method,
    version: Version,
    headers: &HeaderMap,
) -> Option<Result<HeaderValue, Fault>> {
    // Only HTTP/1.1 upgrades (RFC 9110, 7.8), and only a GET is a handshake (4.2.1). Nearly all
    // requests have no Upgrade at all.
    let wanted = method == Method::GET
        && version == Version::HTTP_11
        && names(headers, &UPGRADE, "websocket")
        && names(headers, &CONNECTION, "upgrade");
    wanted.then(|| accept(headers))
}

fn accept(headers: &HeaderMap) -> Result<HeaderValue, Fault> {
    if only(headers, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(Fault::Version);
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key));
    let key = key.ok_or(Fault::Key)?;
    let length = headers.get(CONTENT_LENGTH);
    if headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0") {
        return Err(Fault::Body);
    }
    if names(headers, &CONNECTION, "close") {
        return Err(Fault::Close);
    }
    let proof = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::from_str(&base64(&proof)).map_err(|_| Fault::Key)
}

/// Whether a list of tokens holds `token`, in any case.
fn names(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    lines(headers, name)
        .flat_map(|line| line.split(|&byte| byte == b','))
        .any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = lines(headers, name);
    let line = lines.next()?.trim_ascii();
    lines.next().is_none().then_some(line)
}

fn is_key(key: &[u8]) -> bool {
    key.len() == KEY_LEN
        && key.ends_with(b"==")
        && (key[..KEY_LEN - 2].iter()).all(|byte| ALPHABET.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn headers(changes: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in changes {
            match *value {
                "" => drop(headers.remove(*name)),
                value => drop(headers.insert(*name, HeaderValue::from_static(value))),
            }
        }
        headers
    }

    fn check(changes: &[(&'static str, &'static str)]) -> Option<Result<HeaderValue, Fault>> {
        handshake(&Method::GET, Version::HTTP_11, &headers(changes))
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_as_it_says() {
        let accept = check(&[]).expect("a handshake").expect("a good one");
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_does_not_ask_for_it_is_a_request_like_any_other() {
        for changes in [
            [("connection", "keep-alive")],
            [("connection", "")],
            [("connection", "upgrades")],
            [("upgrade", "h2c")],
            [("upgrade", "")],
        ] {
            assert_eq!(check(&changes), None, "{changes:?}");
        }
        let good = headers(&[]);
        assert_eq!(handshake(&Method::POST, Version::HTTP_11, &good), None);
        assert_eq!(handshake(&Method::HEAD, Version::HTTP_11, &good), None);
        assert_eq!(handshake(&Method::GET, Version::HTTP_10, &good), None);
    }

    #[test]
    fn tokens_are_found_in_any_case_place_and_line() {
        let mut spread = headers(&[("connection", "x,\tUPGRADE ,y"), ("upgrade", "h2c")]);
        spread.append(UPGRADE, HeaderValue::from_static("foo, websocket"));
        let found = handshake(&Method::GET, Version::HTTP_11, &spread);
        assert!(found.is_some_and(|found| found.is_ok()));
    }

    #[test]
    fn faults_have_names() {
        for (change, fault) in [
            (("sec-websocket-version", "8"), Fault::Version),
            (("sec-websocket-version", "13, 8"), Fault::Version),
            (("sec-websocket-version", ""), Fault::Version),
            (("sec-websocket-key", ""), Fault::Key),
            (("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ="), Fault::Key),
            (
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQaa"),
                Fault::Key,
            ),
            (
                ("sec-websocket-key", "dGhlIHNhbXBs\"SBub25jZQ=="),
                Fault::Key,
            ),
            (("content-length", "5"), Fault::Body),
            (("transfer-encoding", "chunked"), Fault::Body),
            (("connection", "Close, Upgrade"), Fault::Close),
        ] {
            assert_eq!(check(&[change]), Some(Err(fault)), "{change:?}");
        }
        assert!(check(&[("content-length", "0")]).is_some_and(|found| found.is_ok()));
        let mut twice = headers(&[]);
        twice.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static(KEY));
        let found = handshake(&Method::GET, Version::HTTP_11, &twice);
        assert_eq!(found, Some(Err(Fault::Key)));
    }
}
