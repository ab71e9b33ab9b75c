//! Text of JS as UTF-8. V8 keeps a string with any character beyond Latin-1 in UTF-16, and
//! encodes it one character at a time; this does it with vector instructions.

use encoding_rs::mem;

/// Writes `text` to the start of `out` and returns how many bytes that took; half a surrogate
/// pair becomes U+FFFD, as the Encoding standard wants it. `None` when there is not room for
/// three bytes a unit.
pub fn encode_utf8(text: &[u16], out: &mut [u8]) -> Option<usize> {
    let most = text.len().checked_mul(3)?;
    let out = out.get_mut(..most)?;
    Some(mem::convert_utf16_to_utf8(text, out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u16]) -> Vec<u8> {
        let mut out = vec![0xff; text.len() * 3];
        let written = encode_utf8(text, &mut out).expect("room");
        out.truncate(written);
        out
    }

    #[test]
    fn halves_of_pairs_are_replaced() {
        assert_eq!(encoded(&[0xd83d, 0xde00]), "😀".as_bytes());
        for broken in [&[0xd83d][..], &[0xde00], &[0xde00, 0xd83d]] {
            assert_eq!(encoded(broken), "\u{fffd}".repeat(broken.len()).as_bytes());
        }
    }

    #[test]
    fn too_little_room_is_refused() {
        assert_eq!(encode_utf8(&[0x61, 0x62], &mut [0; 5]), None);
        assert_eq!(encode_utf8(&[], &mut []), Some(0));
    }

    proptest::proptest! {
        #[test]
        fn as_the_standard_library_does(
            text in proptest::collection::vec(proptest::num::u16::ANY, 0..200),
            ascii in 0usize..100,
        ) {
            let mut text = text;
            text.extend(std::iter::repeat_n(u16::from(b'a'), ascii));
            proptest::prop_assert_eq!(encoded(&text), String::from_utf16_lossy(&text).into_bytes());
        }
    }
}
