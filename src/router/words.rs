//! A path read eight bytes at a time: where its segments end, and whether it holds
//! characters that need a closer look. Paths and their segments are short, and a call of
//! `memchr` for each costs more than these few steps.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first eight bytes as a little-endian number; zero where the text has ended.
#[inline(always)]
pub(super) fn first_word(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word(text),
    }
}

/// [`first_word`] of fewer than eight bytes, put together from parts that may overlap.
fn short_word(text: &[u8]) -> u64 {
    let len = text.len();
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        return half(first) | half(last) << (8 * (len - 4));
    }
    let byte = |at: usize| u64::from(text[at]) << (8 * at);
    if len == 0 {
        0
    } else {
        byte(0) | byte(len / 2) | byte(len - 1)
    }
}

/// The high bit of every byte of `word` that equals `byte`. Bytes after the first one may
/// be marked wrongly; whether there is any, and which is the first, is exact.
#[inline]
fn marks(word: u64, byte: u8) -> u64 {
    let same = word ^ (ONES * u64::from(byte));
    same.wrapping_sub(ONES) & !same & HIGHS
}

/// How long the first segment of a text is, that begins with `first`: up to the next slash,
/// or all of it.
#[inline]
pub(super) fn segment_len(text: &[u8], first: u64) -> usize {
    let mut found = marks(first, b'/');
    let mut at = 0;
    while found == 0 {
        at += 8;
        match text.get(at..) {
            Some(rest) => found = marks(first_word(rest), b'/'),
            None => return text.len(),
        }
    }
    at + found.trailing_zeros() as usize / 8
}

/// Whether every byte is ASCII and none is an escape, a dot or a backslash: such a path is
/// its own decoded form, ends in no suffix of SvelteKit's, and no URL parser rewrites it.
#[inline]
pub(super) fn is_plain(path: &[u8]) -> bool {
    let mut found = [0; 16];
    if let Some(last) = path.last_chunk() {
        look(last, &mut found);
        for chunk in path[..path.len() - 1].as_chunks().0 {
            look(chunk, &mut found);
        }
    } else {
        // the two halves overlap where there are fewer than sixteen bytes
        let rest = &path[path.len().saturating_sub(8)..];
        let short = u128::from(first_word(path)) | u128::from(first_word(rest)) << 64;
        look(&short.to_le_bytes(), &mut found);
    }
    u128::from_le_bytes(found) == 0
}

/// Marks bytes of those that [`is_plain`] looks for. Written so that one vector instruction
/// does each step for all bytes at once.
#[inline]
fn look(bytes: &[u8; 16], found: &mut [u8; 16]) {
    for (found, &byte) in found.iter_mut().zip(bytes) {
        *found |= byte & 0x80;
        *found |= u8::from(byte == b'%') | u8::from(byte == b'.') | u8::from(byte == b'\\');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words(text in proptest::collection::vec(any::<u8>(), 0..20)) {
            let byte = |n: usize| text.get(n).copied().unwrap_or(0);
            prop_assert_eq!(first_word(&text).to_le_bytes(), std::array::from_fn(byte));
        }

        #[test]
        fn segments(text in "[/a.0é]{0,30}") {
            let bytes = text.as_bytes();
            let end = bytes.iter().position(|&byte| byte == b'/');
            let len = segment_len(bytes, first_word(bytes));
            prop_assert_eq!(len, end.unwrap_or(bytes.len()));
        }

        #[test]
        fn plain(path in "[/a-z0$@\\[\\]\u{7f}-]{0,30}[/.%é\\\\a]{0,3}[a-z/]{0,9}") {
            let expected = path.is_ascii() && !path.contains(['%', '.', '\\']);
            prop_assert_eq!(is_plain(path.as_bytes()), expected);
        }
    }
}
