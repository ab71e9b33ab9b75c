//! The origin of one request where none was configured: protocol, host and port from the
//! headers a trusted proxy sets (`PROTOCOL_HEADER`, `HOST_HEADER`, `PORT_HEADER`), with
//! adapter-node's outcome for each odd value. `url.origin` drives SvelteKit's CSRF check,
//! so a value that cannot be trusted to mean one thing is an error, answered with 400.
//!
//! What is written here is not yet a checked URL: [`is_plain`] tells the origins that
//! every URL parser takes unchanged from those JavaScript still has to look at.

use std::borrow::Cow;

use http::header::{self, HeaderMap, HeaderName};
use thiserror::Error;

use super::header::joined;
use super::js::{Keep, decode_escapes, is_number};

/// The headers that decide the origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginHeaders {
    /// Names the header that holds the protocol; `https` without one.
    pub protocol: Option<HeaderName>,
    /// Names the header that holds the host; `host` without one.
    pub host: Option<HeaderName>,
    /// Names the header that holds the port; part of the host without one.
    pub port: Option<HeaderName>,
}

/// Why a request has no origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// The protocol's escapes are not UTF-8.
    #[error("The {header} header is not decodable: {value}")]
    ProtocolEscapes {
        /// The configured header.
        header: HeaderName,
        /// What it held.
        value: String,
    },
    /// The protocol could inject a host.
    #[error(
        "The {header} header holds {value}, which includes `:`; it should be the scheme alone, such as `https`"
    )]
    ProtocolColon {
        /// The configured header.
        header: HeaderName,
        /// What it held, decoded.
        value: String,
    },
    /// Neither the configured header nor `host` has a value.
    #[error("Could not determine host: the request must have a value in the {}", host_names(.header))]
    NoHost {
        /// The configured header.
        header: Option<HeaderName>,
    },
    /// The port is no number.
    #[error(
        "The {header} header holds {value}, which is not a number; it should be the port alone, such as 443"
    )]
    Port {
        /// The configured header.
        header: HeaderName,
        /// What it held.
        value: String,
    },
    /// A header that has one meaning came several times.
    #[error("Multiple values for the {header} header where one is expected")]
    Multiple {
        /// The configured header.
        header: HeaderName,
    },
}

fn host_names(header: &Option<HeaderName>) -> String {
    match header {
        Some(name) => format!("{name} or host headers"),
        None => "host header".to_owned(),
    }
}

impl OriginHeaders {
    /// The origin of a request with these headers: `https://example.com`.
    pub fn origin(&self, headers: &HeaderMap) -> Result<String, OriginError> {
        let mut out = String::new();
        self.write_origin(headers, &mut out)?;
        Ok(out)
    }

    /// Appends the origin to `out`, which is left as it was on an error.
    pub fn write_origin(&self, headers: &HeaderMap, out: &mut String) -> Result<(), OriginError> {
        let start = out.len();
        let written = self.try_write(headers, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn try_write(&self, headers: &HeaderMap, out: &mut String) -> Result<(), OriginError> {
        match value(headers, self.protocol.as_ref())? {
            Some((header, value)) => push_protocol(out, header, &value)?,
            None => out.push_str("https"),
        }
        out.push_str("://");

        let host = match value(headers, self.host.as_ref())? {
            Some(found) => Some(found),
            None => value(headers, Some(&header::HOST))?,
        };
        let Some((_, host)) = host else {
            return Err(OriginError::NoHost {
                header: self.host.clone(),
            });
        };
        push_latin1(out, &host);

        if let Some((header, port)) = value(headers, self.port.as_ref())? {
            if !is_number(&port) {
                return Err(OriginError::Port {
                    header: header.clone(),
                    value: latin1(&port),
                });
            }
            out.push(':');
            push_latin1(out, &port);
        }
        Ok(())
    }
}

type Found<'a> = (&'a HeaderName, Cow<'a, [u8]>);

/// The value of a configured header; an empty one counts as absent.
fn value<'a>(
    headers: &'a HeaderMap,
    name: Option<&'a HeaderName>,
) -> Result<Option<Found<'a>>, OriginError> {
    let Some(name) = name else {
        return Ok(None);
    };
    // the one header Node gives as a list
    if *name == header::SET_COOKIE && headers.get_all(name).iter().nth(1).is_some() {
        return Err(OriginError::Multiple {
            header: name.clone(),
        });
    }
    Ok(joined(headers, name)
        .filter(|value| !value.is_empty())
        .map(|value| (name, value)))
}

fn push_protocol(out: &mut String, header: &HeaderName, value: &[u8]) -> Result<(), OriginError> {
    let colon = |value| OriginError::ProtocolColon {
        header: header.clone(),
        value,
    };
    if memchr::memchr2(b':', b'%', value).is_none() {
        push_latin1(out, value);
        return Ok(());
    }

    let value = latin1(value);
    let Some(decoded) = decode_escapes(&value, Keep::Nothing) else {
        return Err(OriginError::ProtocolEscapes {
            header: header.clone(),
            value,
        });
    };
    if decoded.contains(':') {
        return Err(colon(decoded));
    }
    out.push_str(&decoded);
    Ok(())
}

/// A header value is Latin-1 to JavaScript: each byte is one character.
fn push_latin1(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => out.push_str(text),
        _ => out.extend(bytes.iter().copied().map(char::from)),
    }
}

fn latin1(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    push_latin1(&mut text, bytes);
    text
}

/// Whether an `Origin` header, as browsers write it (RFC 6454, 7), names the origin `own`. Where
/// nobody has said with which scheme clients come, `own` only guesses it, and it is not compared.
pub fn is_same(origin: &str, own: &str, scheme_known: bool) -> bool {
    let (Some((scheme, host)), Some((own_scheme, own_host))) =
        (origin.split_once("://"), own.split_once("://"))
    else {
        // `null`, which sandboxed pages and local files send
        return false;
    };
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |host: &str| {
        host.strip_suffix(own_port)
            .unwrap_or(host)
            .to_ascii_lowercase()
    };
    (!scheme_known || scheme.eq_ignore_ascii_case(own_scheme))
        && !host.is_empty()
        && bare(host) == bare(own_host)
}

/// Whether every URL parser takes `origin` as it stands: `http` or `https`, a lower-case
/// DNS name whose last label is no number and none of whose labels is punycode, a port
/// from 1 to 65535 that is not the scheme's own. JavaScript's `new URL` decides about all
/// others (IP addresses among them): it may rewrite them or refuse them.
pub fn is_plain(origin: &str) -> bool {
    let (own_port, authority) = match origin.split_once("://") {
        Some(("https", authority)) => ("443", authority),
        Some(("http", authority)) => ("80", authority),
        _ => return false,
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };

    let plain_port = port.is_none_or(|port| {
        port != own_port
            && port.bytes().all(|b| b.is_ascii_digit())
            && !port.starts_with('0')
            && port.parse::<u16>().is_ok()
    });
    plain_port
        && host.len() <= 253
        && host.split('.').all(is_plain_label)
        && host
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn is_plain_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with("xn--")
        && label
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

#[cfg(test)]
mod tests;
