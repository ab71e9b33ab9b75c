//! The few JavaScript conversions whose outcome a client can see: adapter-node reads
//! header values with `trim`, `parseFloat`, `+value` and `decodeURIComponent`, and a
//! drop-in has to agree on odd input. Header values are Latin-1 strings there, bytes here.

/// What `String.prototype.trim` strips, among the characters Latin-1 has.
fn is_space(byte: u8) -> bool {
    matches!(byte, 0x09..=0x0d | 0x20 | 0xa0)
}

/// `value.trim()`.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_space(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_space(*last)
    {
        value = rest;
    }
    value
}

/// The length of the decimal literal `value` starts with, sign included; 0 when none.
fn decimal_len(value: &[u8]) -> usize {
    let digits_from = |at: usize| {
        value[at..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };

    let mut at = usize::from(matches!(value.first(), Some(b'+' | b'-')));
    if value[at..].starts_with(b"Infinity") {
        return at + b"Infinity".len();
    }
    let mut digits = digits_from(at);
    at += digits;
    if value.get(at) == Some(&b'.') {
        let fraction = digits_from(at + 1);
        digits += fraction;
        at += 1 + fraction;
    }
    if digits == 0 {
        return 0;
    }
    if matches!(value.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(value.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits_from(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// `parseFloat(value) || 0`: the leading number, 0 where there is none.
pub(super) fn parse_float_or_zero(value: &[u8]) -> f64 {
    let value = trim(value);
    let number = &value[..decimal_len(value)];
    // Both languages round a decimal literal to the nearest double.
    std::str::from_utf8(number)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}

/// `!isNaN(+value)`.
pub(super) fn is_number(value: &[u8]) -> bool {
    let value = trim(value);
    let radix_digits =
        |digits: &[u8], ok: fn(&u8) -> bool| !digits.is_empty() && digits.iter().all(ok);
    match value {
        [] => true,
        [b'0', b'x' | b'X', digits @ ..] => radix_digits(digits, u8::is_ascii_hexdigit),
        [b'0', b'o' | b'O', digits @ ..] => radix_digits(digits, |b| matches!(b, b'0'..=b'7')),
        [b'0', b'b' | b'B', digits @ ..] => radix_digits(digits, |b| matches!(b, b'0' | b'1')),
        _ => decimal_len(value) == value.len(),
    }
}

/// Which escapes [`decode_escapes`] leaves as they stand.
#[derive(Clone, Copy)]
pub(super) enum Keep {
    /// `decodeURIComponent`: none.
    Nothing,
    /// `decodeURI`, with `%25` kept too: an escape whose decoding would change what the
    /// URL means.
    Reserved,
}

impl Keep {
    fn keeps(self, byte: u8) -> bool {
        matches!(self, Keep::Reserved)
            && matches!(
                byte,
                b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'#' | b'%'
            )
    }
}

/// Decodes `%XX` escapes, which must spell UTF-8; `None` where JavaScript throws.
pub(super) fn decode_escapes(text: &str, keep: Keep) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;

    while let Some(at) = memchr::memchr(b'%', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];

        let first = escaped_byte(rest.as_bytes())?;
        if first.is_ascii() {
            if keep.keeps(first) {
                out.push_str(&rest[..3]);
            } else {
                out.push(char::from(first));
            }
            rest = &rest[3..];
            continue;
        }

        let length = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return None,
        };
        let mut bytes = [0; 4];
        for byte in &mut bytes[..length] {
            *byte = escaped_byte(rest.as_bytes())?;
            rest = &rest[3..];
        }
        // Overlong forms, surrogates and stray bytes are errors in both languages.
        out.push_str(std::str::from_utf8(&bytes[..length]).ok()?);
    }

    out.push_str(rest);
    Some(out)
}

/// The byte that `%XX` at the start of `text` stands for.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parse_float_reads_a_leading_number() {
        let cases: [(&str, f64); 16] = [
            ("1", 1.0),
            ("0.5", 0.5),
            (" .5x", 0.5),
            ("1.", 1.0),
            ("5e-1", 0.5),
            ("5e", 5.0),
            ("1e400", f64::INFINITY),
            ("-1", -1.0),
            ("+0.25", 0.25),
            ("Infinity", f64::INFINITY),
            ("infinity", 0.0),
            ("", 0.0),
            (".", 0.0),
            ("-", 0.0),
            ("abc", 0.0),
            ("0x10", 0.0),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_float_or_zero(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_what_unary_plus_takes() {
        for good in [
            "", "  ", "443", "0x1F", "0b11", "0o17", "1e3", "-1", "Infinity", ".5", "5.", " 8 ",
        ] {
            assert!(is_number(good.as_bytes()), "{good:?}");
        }
        for bad in [
            "80, 81", "80x", "0x", "0xg", "-0x1", ".", "e3", "1_000", "NaN", "1e", "+",
        ] {
            assert!(!is_number(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn trims_what_javascript_trims() {
        assert_eq!(trim(b"\t a\xa0\x0b"), b"a");
        assert_eq!(trim(b" \xa0 "), b"");
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, text: String) {
            let _ = (parse_float_or_zero(&bytes), is_number(&bytes), trim(&bytes));
            let _ = (decode_escapes(&text, Keep::Nothing), decode_escapes(&text, Keep::Reserved));
        }

        #[test]
        fn decodes_what_was_escaped(text: String) {
            let escaped: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
            prop_assert_eq!(decode_escapes(&escaped, Keep::Nothing), Some(text));
        }
    }
}
