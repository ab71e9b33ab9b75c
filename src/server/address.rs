//! Whom a request comes from. What the app calls the client's address is read as
//! `runtime/address.js` reads it, which tells of mistakes; here a request that does not say
//! comes from whoever is at the other end of its connection.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use http::header::{HeaderMap, HeaderName};

use crate::config::ClientAddress;
use crate::http::header::joined;

/// The header whose entries are counted.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address; `peer` is the other end of the connection.
pub(super) fn client<'a>(
    config: &ClientAddress,
    headers: &'a HeaderMap,
    peer: &'a str,
) -> Cow<'a, str> {
    told(config, headers)
        .filter(|address| !address.is_empty())
        .unwrap_or(Cow::Borrowed(peer))
}

fn told<'a>(config: &ClientAddress, headers: &'a HeaderMap) -> Option<Cow<'a, str>> {
    let name = config.header.as_deref()?;
    let header = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let value = match joined(headers, &header)? {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    };
    if name != FORWARDED_FOR {
        return Some(value);
    }
    let from_the_right = usize::try_from(config.xff_depth).ok()?.checked_sub(1)?;
    match value {
        Cow::Borrowed(value) => entry(value, from_the_right).map(Cow::Borrowed),
        Cow::Owned(value) => entry(&value, from_the_right).map(|it| it.to_owned().into()),
    }
}

fn entry(list: &str, from_the_right: usize) -> Option<&str> {
    Some(list.rsplit(',').nth(from_the_right)?.trim())
}

/// The address without what else proxies write with it: a port, which differs with each
/// connection, so that nobody would come from the same place twice.
pub(super) fn host(address: &str) -> Cow<'_, str> {
    match ip(address) {
        Some(ip) => ip.to_string().into(),
        None => Cow::Borrowed(address),
    }
}

/// Whom an address counts as where addresses are counted: whoever has an IPv6 address has all
/// of its network. `None` on a Unix socket, whose clients have none.
pub(super) fn counted(address: &str) -> Option<Cow<'_, str>> {
    match ip(address) {
        Some(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
            Some(format!("{network}/64").into())
        }
        Some(address) => Some(address.to_string().into()),
        // whatever a proxy calls it
        None => (!address.is_empty()).then_some(Cow::Borrowed(address)),
    }
}

/// `203.0.113.7`, `203.0.113.7:51234`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`, and
/// an IPv6 address with a zone (RFC 4007, 11), which says nothing outside its machine.
fn ip(address: &str) -> Option<IpAddr> {
    let ip = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
                return None;
            }
            IpAddr::V6(ipv6(host)?)
        }
        None => match address.split_once(':') {
            // an IPv6 address has a second colon, which no port has
            Some((host, port)) if is_port(port) => IpAddr::V4(host.parse().ok()?),
            Some(_) => IpAddr::V6(ipv6(address)?),
            None => IpAddr::V4(address.parse().ok()?),
        },
    };
    Some(ip.to_canonical())
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    address.parse().ok()
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn config(header: Option<&str>, xff_depth: i64) -> ClientAddress {
        ClientAddress {
            header: header.map(str::to_owned),
            xff_depth,
            header_variable: String::new(),
            xff_depth_variable: String::new(),
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_header_may_tell_it() {
        let headers = headers(&[("x-real-ip", "198.51.100.1"), ("x-empty", "")]);
        for (header, address) in [
            (None, "peer"),
            (Some("x-none"), "peer"),
            (Some("x-empty"), "peer"),
            (Some("x-real-ip"), "198.51.100.1"),
        ] {
            assert_eq!(client(&config(header, 1), &headers, "peer"), address);
        }
    }

    #[test]
    fn entries_of_x_forwarded_for_count_from_the_right_over_all_lines() {
        let headers = headers(&[
            (FORWARDED_FOR, "192.0.2.1, 192.0.2.2"),
            (FORWARDED_FOR, "192.0.2.3"),
        ]);
        for (depth, address) in [
            (1, "192.0.2.3"),
            (2, "192.0.2.2"),
            (3, "192.0.2.1"),
            (4, "peer"),
            (0, "peer"),
            (-1, "peer"),
            (i64::MAX, "peer"),
        ] {
            let config = config(Some(FORWARDED_FOR), depth);
            assert_eq!(client(&config, &headers, "peer"), address, "{depth}");
        }
        assert_eq!(client(&config(None, 1), &headers, "peer"), "peer");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        for (address, as_what) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("2001:DB8:1:2::", Some("2001:db8:1:2::/64")),
            ("unknown", Some("unknown")),
            ("", None),
        ] {
            assert_eq!(counted(address).as_deref(), as_what);
        }
    }

    #[test]
    fn ports_brackets_and_zones_make_nobody_another() {
        for (address, as_what) in [
            ("203.0.113.7:51234", "203.0.113.7"),
            ("203.0.113.7:0", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::/64"),
            ("[2001:db8::1]", "2001:db8::/64"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("fe80::1%eth0", "fe80::/64"),
            ("[fe80::1%25eth0]:443", "fe80::/64"),
            // an address of its own, not one with a port
            ("2001:db8::1:443", "2001:db8::/64"),
            // nothing that anyone means by an address
            ("203.0.113.7:", "203.0.113.7:"),
            ("203.0.113.7:+80", "203.0.113.7:+80"),
            ("203.0.113.7:65536", "203.0.113.7:65536"),
            ("203.0.113.7:80:80", "203.0.113.7:80:80"),
            ("203.0.113.7%1", "203.0.113.7%1"),
            ("[203.0.113.7]:80", "[203.0.113.7]:80"),
            ("[2001:db8::1]443", "[2001:db8::1]443"),
            ("[2001:db8::1", "[2001:db8::1"),
            ("unknown:80", "unknown:80"),
        ] {
            assert_eq!(counted(address).as_deref(), Some(as_what), "{address}");
        }
        for (address, same) in [
            ("203.0.113.7:51234", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("unknown:80", "unknown:80"),
        ] {
            assert_eq!(host(address), same);
        }
    }
}
