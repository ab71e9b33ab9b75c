//! Frames as clients have them, for tests of the hub and of what is built on it: raw bytes in, raw
//! bytes out (RFC 6455 5.2).

/// A masked frame, as clients send them (RFC 6455 5.3). `first` is its first byte.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// The payloads of unmasked frames.
pub fn payloads(mut bytes: &[u8]) -> Vec<String> {
    let mut payloads = Vec::new();
    while let [_, len, rest @ ..] = bytes {
        let (len, rest) = match (*len, rest) {
            (126, [a, b, rest @ ..]) => (usize::from(*a) << 8 | usize::from(*b), rest),
            (127, rest) => {
                let len: [u8; 8] = rest[..8].try_into().expect("eight bytes");
                (u64::from_be_bytes(len) as usize, &rest[8..])
            }
            (len, rest) => (usize::from(len), rest),
        };
        payloads.push(String::from_utf8_lossy(&rest[..len]).into_owned());
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "a frame was cut");
    payloads
}
