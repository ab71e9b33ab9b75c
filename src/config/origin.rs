//! `ORIGIN`: text to the origin of a URL, serialised as WHATWG URL does (`new URL(text).origin`),
//! because SvelteKit's CSRF check compares it with what browsers send.
//!
//! Hosts that a URL parser would have to translate (international names, percent-escapes, octal
//! or short IPv4 addresses) are refused rather than translated; everything else is equal.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What makes text no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginError {
    /// Not `http://` or `https://`.
    Protocol,
    /// No host, or one with characters that no host has.
    Host,
    /// A host that is not ASCII.
    International,
    /// Digits and dots, but no IPv4 address.
    Address,
    /// Not a number up to 65535.
    Port,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OriginError::Protocol => "the protocol must be http:// or https://",
            OriginError::Host => "the host is missing or malformed",
            OriginError::International => {
                "the host must be written in ASCII, international names in their xn-- form"
            }
            OriginError::Address => "the host looks like an IPv4 address but is none",
            OriginError::Port => "the port must be a number from 0 to 65535",
        })
    }
}

/// `https://My.Site:443/path` to `https://my.site`.
pub fn parse(text: &str) -> Result<String, OriginError> {
    let text = text.trim();
    let (protocol, rest) = text.split_once(':').ok_or(OriginError::Protocol)?;
    let (protocol, default_port) = match protocol.to_ascii_lowercase().as_str() {
        "http" => ("http", 80),
        "https" => ("https", 443),
        _ => return Err(OriginError::Protocol),
    };
    // For these protocols a URL parser takes any number of slashes, of either kind.
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or(rest);
    let authority = match authority.rsplit_once('@') {
        Some((_user, authority)) => authority,
        None => authority,
    };
    let (host, port) = split_port(authority)?;
    let host = normal_host(host)?;
    match normal_port(port)? {
        Some(port) if port != default_port => Ok(format!("{protocol}://{host}:{port}")),
        _ => Ok(format!("{protocol}://{host}")),
    }
}

fn split_port(authority: &str) -> Result<(&str, &str), OriginError> {
    // The colons of an IPv6 address are inside the brackets.
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or(OriginError::Host)? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(end);
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None if rest.is_empty() => Ok((host, "")),
        None => Err(OriginError::Host),
    }
}

fn normal_port(port: &str) -> Result<Option<u16>, OriginError> {
    if port.is_empty() {
        return Ok(None);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OriginError::Port);
    }
    port.parse().map(Some).map_err(|_| OriginError::Port)
}

fn normal_host(host: &str) -> Result<String, OriginError> {
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| OriginError::Host)?;
        return Ok(format!("[{}]", whatwg_ipv6(address)));
    }
    if !host.is_ascii() {
        return Err(OriginError::International);
    }
    if host.is_empty() || !host.bytes().all(is_host_byte) {
        return Err(OriginError::Host);
    }
    let bare = host.strip_suffix('.').unwrap_or(host);
    if ends_in_number(bare) {
        let address: Ipv4Addr = bare.parse().map_err(|_| OriginError::Address)?;
        return Ok(address.to_string());
    }
    Ok(host.to_ascii_lowercase())
}

/// Not one of WHATWG URL's forbidden domain code points.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"#/:<>?@[\\]^|%".contains(&byte)
}

/// WHATWG URL's "ends in a number" check: such hosts are IPv4 addresses or nothing.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// URLs write an IPv4-mapped address in hexadecimal like any other.
fn whatwg_ipv6(address: Ipv6Addr) -> String {
    match address.to_ipv4_mapped() {
        Some(_) => {
            let [.., high, low] = address.segments();
            format!("::ffff:{high:x}:{low:x}")
        }
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Expectations are the answers of Node's `new URL(text.trim()).origin`.
    #[test]
    fn as_url_serialises_them() {
        for (text, origin) in [
            (" https://a.b ", "https://a.b"),
            ("HTTP://A.b:80/x?y#z", "http://a.b"),
            ("http:a.b", "http://a.b"),
            ("http:///a.b", "http://a.b"),
            ("http:\\\\a.b\\c", "http://a.b"),
            ("https://u:p@a.b:443", "https://a.b"),
            ("http://@a", "http://a"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://localhost:80", "https://localhost:80"),
            ("http://a.b:0080", "http://a.b"),
            ("http://x:", "http://x"),
            ("http://a.b.:8", "http://a.b.:8"),
            ("https://a_b", "https://a_b"),
            ("http://*", "http://*"),
            ("http://a,b", "http://a,b"),
            ("http://1.2.3.4.", "http://1.2.3.4"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[0:0::1]", "http://[::1]"),
            ("http://[::1.2.3.4]", "http://[::102:304]"),
            ("http://[1::2:0:0:3]", "http://[1::2:0:0:3]"),
            ("http://a{\"`'}..", "http://a{\"`'}.."),
            ("http://[::ffff:1.2.3.4]:80", "http://[::ffff:102:304]"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(origin), "{text:?}");
        }
    }

    #[test]
    fn malformed_ones_say_why() {
        use OriginError::*;
        for (text, error) in [
            ("", Protocol),
            ("null", Protocol),
            ("my.site", Protocol),
            ("my.site:443", Protocol),
            ("ftp://a", Protocol),
            ("http://", Host),
            ("http://a b", Host),
            ("https://a|b", Host),
            ("http://a@", Host),
            ("http://a%41", Host),
            ("http://[::1", Host),
            ("http://[::1]x", Host),
            ("http://[a]", Host),
            ("https://bücher.example", International),
            ("http://1.2.3.256", Address),
            ("http://a.1", Address),
            ("http://127.1", Address),
            ("http://0x7f.1", Address),
            ("https://a.b:70000", Port),
            ("http://a.b:8x", Port),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", other in "https?:[/\\\\]{0,3}[a.:@\\[\\]0-9é%]{0,12}") {
            for text in [text, other] {
                if let Ok(origin) = parse(&text) {
                    // What comes out is an origin already.
                    prop_assert_eq!(parse(&origin), Ok(origin));
                }
            }
        }
    }
}
