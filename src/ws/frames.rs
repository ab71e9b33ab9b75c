//! Where frames begin and end in what a peer sends (RFC 6455 5.2). Whether they are any good is
//! for tungstenite to say; here it is only known when that holds no part of one.

/// A frame from so many bytes on is large: the memory for it is worth giving back.
const LARGE: u64 = 64 * 1024;

/// The bytes of a head that say how long the frame is.
const HEAD: usize = 10;

/// What follows the length: the key of the mask. Clients' frames have one.
const MASK: u64 = 4;

/// What a peer has sent, as far as it has been looked at.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The head that has begun, and how much of it is there.
    head: [u8; HEAD],
    begun: usize,
    /// What is still to come of the frame whose length is known.
    rest: u64,
    /// A message has begun whose last fragment has not.
    fragmented: bool,
    large: bool,
}

impl Frames {
    /// These bytes come next.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = bytes
                .len()
                .min(usize::try_from(self.rest).unwrap_or(usize::MAX));
            self.rest -= skipped as u64;
            let Some((byte, more)) = bytes[skipped..].split_first() else {
                return;
            };
            bytes = more;
            self.head[self.begun] = *byte;
            self.begun += 1;
            if let Some(len) = self.len() {
                self.begin(len);
            }
        }
    }

    /// Whether nothing has begun that is not complete.
    pub fn is_between(&self) -> bool {
        self.begun == 0 && self.rest == 0 && !self.fragmented
    }

    /// Whether a large frame has come.
    pub fn had_large(&self) -> bool {
        self.large
    }

    /// The length of the payload, once the head has told it.
    fn len(&self) -> Option<u64> {
        let [_, len, extended @ ..] = &self.head[..self.begun] else {
            return None;
        };
        match len & 0x7f {
            126 => Some(u16::from_be_bytes(extended.try_into().ok()?).into()),
            127 => Some(u64::from_be_bytes(extended.try_into().ok()?)),
            len => Some(len.into()),
        }
    }

    fn begin(&mut self, len: u64) {
        let (last, control) = (self.head[0] & 0x80 != 0, self.head[0] & 0x08 != 0);
        if !control {
            self.fragmented = !last;
        }
        self.large |= len >= LARGE;
        self.rest = len.saturating_add(MASK);
        self.begun = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `large` may be given back among bytes that come one at a time.
    fn places(stream: &[Vec<u8>]) -> Vec<usize> {
        let mut frames = Frames::default();
        let bytes = stream.concat();
        let mut places = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            frames.pass(&[*byte]);
            if frames.had_large() && frames.is_between() {
                places.push(at + 1);
            }
        }
        let mut at_once = Frames::default();
        at_once.pass(&bytes);
        assert_eq!(at_once.had_large(), frames.had_large());
        assert_eq!(at_once.is_between(), frames.is_between());
        places
    }

    fn frame(head: &[u8], len: usize) -> Vec<u8> {
        [head, &vec![0xff; 4 + len]].concat()
    }

    #[test]
    fn a_large_frame_is_followed_to_its_end_and_all_after_it() {
        let large = frame(b"\x82\xff\0\0\0\0\0\x01\0\0", 65_536);
        let stream = [
            frame(b"\x81\x85", 5),
            frame(b"\x81\xfe\xff\xff", 65_535),
            large.clone(),
            frame(b"\x81\xfe\0\x7e", 126),
            frame(b"\x89\x80", 0),
        ];
        let before = 11 + 65_543 + large.len();
        assert_eq!(places(&stream), [before, before + 134, before + 140]);
    }

    #[test]
    fn a_message_in_fragments_ends_with_its_last() {
        let stream = [
            frame(b"\x02\xff\0\0\0\0\0\x01\0\0", 65_536),
            frame(b"\x89\x81", 1),
            frame(b"\0\x81", 1),
            frame(b"\x80\x81", 1),
        ];
        assert_eq!(places(&stream), [stream.concat().len()]);
    }

    #[test]
    fn a_length_beyond_all_reason_is_followed_as_far_as_it_goes() {
        let mut frames = Frames::default();
        frames.pass(&frame(b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1000));
        assert!(frames.had_large() && !frames.is_between());
    }
}
