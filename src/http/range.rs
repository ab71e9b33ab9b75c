//! Byte ranges: `Range` (RFC 9110 section 14.2), one range at a time. Whatever is not a
//! single well-formed `bytes` range is ignored, as section 14.2 allows, and answered
//! with the whole body; that includes lists of ranges.

use http::header::{self, HeaderMap};

use super::header::joined;

/// What a `Range` header asks of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The whole body: no range, or one that is not understood.
    Whole,
    /// The bytes from `start` to `end`, both included.
    Part {
        /// First byte.
        start: u64,
        /// Last byte, always below the size.
        end: u64,
    },
    /// Nothing the body has: answered with 416.
    Unsatisfiable,
}

/// Reads the `Range` header for a body of `size` bytes.
pub fn requested(headers: &HeaderMap, size: u64) -> Range {
    match joined(headers, &header::RANGE) {
        None => Range::Whole,
        Some(value) => parse(&value, size),
    }
}

fn parse(value: &[u8], size: u64) -> Range {
    let Some((first, last)) = value.strip_prefix(b"bytes=").and_then(|spec| {
        let dash = memchr::memchr(b'-', spec)?;
        Some((position(&spec[..dash])?, position(&spec[dash + 1..])?))
    }) else {
        return Range::Whole;
    };

    let final_byte = size.saturating_sub(1);
    let (start, end) = match (first, last) {
        (None, None) => return Range::Whole,
        (Some(start), None) => (start, final_byte),
        (Some(start), Some(end)) => (start, end.min(final_byte)),
        // the last `suffix` bytes
        (None, Some(suffix)) => (size.saturating_sub(suffix), final_byte),
    };
    if start >= size || start > end {
        Range::Unsatisfiable
    } else {
        Range::Part { start, end }
    }
}

/// A byte position: `Some(None)` when left out, `None` when not made of digits. One too
/// large for 64 bits lies beyond any body, and so does the largest that fits.
fn position(digits: &[u8]) -> Option<Option<u64>> {
    if digits.is_empty() {
        return Some(None);
    }
    digits
        .iter()
        .try_fold(0_u64, |sum, byte| {
            byte.is_ascii_digit().then(|| {
                sum.saturating_mul(10)
                    .saturating_add(u64::from(byte - b'0'))
            })
        })
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn part(start: u64, end: u64) -> Range {
        Range::Part { start, end }
    }

    #[test]
    fn single_ranges() {
        let cases = [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-99", part(0, 99)),
            ("bytes=0-100", part(0, 99)),
            ("bytes=10-", part(10, 99)),
            ("bytes=99-99", part(99, 99)),
            ("bytes=-1", part(99, 99)),
            ("bytes=-100", part(0, 99)),
            ("bytes=-500", part(0, 99)),
            ("bytes=-99999999999999999999999999", part(0, 99)),
            ("bytes=5-99999999999999999999999999", part(5, 99)),
            ("bytes=007-08", part(7, 8)),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=100-", Range::Unsatisfiable),
            ("bytes=5-4", Range::Unsatisfiable),
            ("bytes=99999999999999999999999999-", Range::Unsatisfiable),
            ("", Range::Whole),
            ("bytes=-", Range::Whole),
            ("bytes=", Range::Whole),
            ("bytes=1", Range::Whole),
            ("bytes=a-b", Range::Whole),
            ("bytes=0-1,3-4", Range::Whole),
            ("bytes=0-1-2", Range::Whole),
            ("bytes= 0-1", Range::Whole),
            ("bytes=+0-1", Range::Whole),
            ("Bytes=0-1", Range::Whole),
            ("items=0-1", Range::Whole),
        ];
        for (value, expected) in cases {
            assert_eq!(parse(value.as_bytes(), 100), expected, "{value}");
        }
    }

    #[test]
    fn an_empty_body_has_no_ranges() {
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"] {
            assert_eq!(parse(value.as_bytes(), 0), Range::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn two_lines_are_a_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, http::HeaderValue::from_static("bytes=0-1"));
        assert_eq!(requested(&headers, 10), part(0, 1));
        headers.append(header::RANGE, http::HeaderValue::from_static("bytes=2-3"));
        assert_eq!(requested(&headers, 10), Range::Whole);
    }

    proptest! {
        #[test]
        fn parts_lie_inside_the_body(first in "[0-9]{0,30}", last in "[0-9]{0,30}", size: u64) {
            if let Range::Part { start, end } = parse(format!("bytes={first}-{last}").as_bytes(), size) {
                prop_assert!(start <= end && end < size);
            }
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, size: u64) {
            let _ = parse(&bytes, size);
            let mut value = b"bytes=".to_vec();
            value.extend(bytes);
            let _ = parse(&value, size);
        }
    }
}
