//! A request for a stream of server-sent events (WHATWG HTML, "Server-sent events"): what it asks
//! for in its query and headers, and the head of the answer that begins one.

use std::time::SystemTime;

use http::header::{
    ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName,
    HeaderValue, TRANSFER_ENCODING,
};

use super::header::lines;
use super::js::{Keep, decode_escapes};

/// What a browser sends when it comes again: the id of the last event it has had.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What a query names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The values of `topic`, each once.
    pub topics: Vec<String>,
    /// The value of `lastEventId`, by which clients that cannot set headers say it.
    pub last_event_id: Option<String>,
}

/// Reads a query, with or without its `?` (WHATWG URL, `application/x-www-form-urlencoded`).
/// `None`: it has escapes that are no UTF-8.
pub fn query(text: &str) -> Option<Query> {
    let mut query = Query::default();
    for pair in text.trim_start_matches('?').split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match &*decoded(name)? {
            "topic" => {
                let topic = decoded(value)?;
                if !query.topics.contains(&topic) {
                    query.topics.push(topic);
                }
            }
            "lastEventId" => query.last_event_id = Some(decoded(value)?),
            _ => {}
        }
    }
    Some(query)
}

fn decoded(text: &str) -> Option<String> {
    decode_escapes(&text.replace('+', " "), Keep::Nothing)
}

/// The id of the last event that the client has had: the header says it better than a URL, which
/// stays as it was while a browser comes again. An empty one is none.
pub fn last_event_id(headers: &HeaderMap, query: &Query) -> Option<String> {
    let header = headers
        .get(LAST_EVENT_ID)
        .and_then(|value| value.to_str().ok());
    let said = header.map(str::to_owned).or(query.last_event_id.clone());
    said.filter(|id| !id.is_empty())
}

/// Whether the client takes such a stream (RFC 9110, 12.5.1); one that does not say takes all.
pub fn accepts(headers: &HeaderMap) -> bool {
    let mut any = false;
    let ranges = lines(headers, &ACCEPT).flat_map(|line| line.split(|&byte| byte == b','));
    // the most specific range decides, whatever stands before it
    let mut best: Option<(u8, bool)> = None;
    for range in ranges {
        let mut parts = range.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        any = true;
        let precise = match name {
            b"*/*" => 1,
            name if name.eq_ignore_ascii_case(b"text/*") => 2,
            name if name.eq_ignore_ascii_case(b"text/event-stream") => 3,
            _ => continue,
        };
        let wanted = !parts.any(is_zero);
        if best.is_none_or(|(before, _)| precise > before) {
            best = Some((precise, wanted));
        }
    }
    !any || best.is_some_and(|(_, wanted)| wanted)
}

/// `q=0`, `Q=0.0` and so on (12.4.2).
fn is_zero(parameter: &[u8]) -> bool {
    let Some(value) = parameter
        .strip_prefix(b"q=")
        .or(parameter.strip_prefix(b"Q="))
    else {
        return false;
    };
    let digits = value.strip_prefix(b"0.").unwrap_or(value);
    !digits.is_empty() && digits.iter().all(|&byte| byte == b'0') || value == b"0."
}

/// The head of the answer, with what the app adds. It ends with its connection (RFC 9112, 6.3,
/// rule 8), as nothing can follow it there: so it is the same for proxies that speak HTTP/1.0, and
/// events need no frames around them.
pub fn head(mut headers: HeaderMap) -> Vec<u8> {
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONNECTION, "close"),
        // nginx would keep events back
        (X_ACCEL_BUFFERING, "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let date = httpdate::fmt_http_date(SystemTime::now());
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(DATE, date);
    }
    let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in &headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_query_names_topics_each_once() {
        let read = |text: &str| query(text).map(|query| query.topics);
        let topics = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect());
        for (text, expected) in [
            ("", topics(&[])),
            ("?", topics(&[])),
            ("?topic", topics(&[""])),
            ("?topic=a&topic=b&topic=a&other=c", topics(&["a", "b"])),
            (
                "?topic=room%3A1+2%2b3&to%70ic=%C3%A9",
                topics(&["room:1 2+3", "é"]),
            ),
            ("?topic=a=b", topics(&["a=b"])),
            ("?Topic=a", topics(&[])),
            ("?topic=%", None),
            ("?topic=%ff", None),
            ("?x=%ff", topics(&[])),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn the_header_says_what_was_seen_last() {
        let query = query("?lastEventId=old&topic=a").expect("a good one");
        let none = headers(&[]);
        let last = |headers: &HeaderMap, query: &Query| last_event_id(headers, query);
        assert_eq!(last(&none, &query).as_deref(), Some("old"));
        let header = headers(&[("last-event-id", "new")]);
        assert_eq!(last(&header, &query).as_deref(), Some("new"));
        assert_eq!(last(&none, &Query::default()), None);
        let empty = headers(&[("last-event-id", "")]);
        assert_eq!(last(&empty, &Query::default()), None);
    }

    #[test]
    fn who_does_not_want_a_stream_says_so() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("*/*", true),
            ("text/*;q=0.5", true),
            ("text/html, Text/Event-Stream;q=0.001", true),
            ("", true),
            (" , ", true),
            ("text/html", false),
            ("application/json, text/plain", false),
            ("text/event-stream;q=0", false),
            ("text/event-stream;q=0.000, */*", false),
            ("*/*;q=0, text/event-stream", true),
            ("text/event-streams", false),
        ] {
            assert_eq!(
                accepts(&headers(&[("accept", accept)])),
                expected,
                "{accept}"
            );
        }
        assert!(accepts(&headers(&[])));
        let two = headers(&[("accept", "text/html"), ("accept", "*/*")]);
        assert!(accepts(&two));
    }

    #[test]
    fn a_head_says_what_follows_and_for_how_long() {
        let text = head(headers(&[
            ("x-hooks", "1"),
            ("content-length", "5"),
            ("connection", "x"),
        ]));
        let text = String::from_utf8(text).expect("text");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
        let mut lines: Vec<_> = text.lines().skip(1).collect();
        lines.retain(|line| !line.starts_with("date: ") && !line.is_empty());
        lines.sort_unstable();
        let expected = [
            "cache-control: no-store",
            "connection: close",
            "content-type: text/event-stream; charset=utf-8",
            "x-accel-buffering: no",
            "x-hooks: 1",
        ];
        assert_eq!(lines, expected);
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_not(text: String) {
            let _ = query(&text);
        }
    }
}
