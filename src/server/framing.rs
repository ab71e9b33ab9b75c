//! Watches the raw bytes of a connection for a request that carries both
//! Content-Length and Transfer-Encoding. hyper drops the former silently, but a proxy
//! in front may have believed it, which is how requests are smuggled (RFC 9112, 6.1
//! and 11.2); we answer 400 and close.
//!
//! The watch knows lines, not messages: a body that contains such lines can set it off,
//! but only a request that really is chunked is refused for it. It errs closed.

/// Sees every byte the client sends, in order, in pieces of any size.
#[derive(Debug, Default)]
pub struct FramingWatch {
    /// Where in a line we are: how much of it is in `start`, or past what matters.
    line: Line,
    content_length: bool,
    transfer_encoding: bool,
    conflict: bool,
    blocks: u64,
}

const LONGEST: usize = "transfer-encoding".len() + 1;

#[derive(Debug, Default)]
struct Line {
    start: [u8; LONGEST],
    len: usize,
}

impl FramingWatch {
    /// Takes the next bytes from the socket.
    pub fn observe(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let newline = memchr::memchr(b'\n', bytes);
            let piece = &bytes[..newline.unwrap_or(bytes.len())];
            let room = LONGEST - self.line.len;
            let take = piece.len().min(room);
            self.line.start[self.line.len..self.line.len + take].copy_from_slice(&piece[..take]);
            self.line.len += take;
            let Some(newline) = newline else { return };
            self.end_of_line();
            bytes = &bytes[newline + 1..];
        }
    }

    fn end_of_line(&mut self) {
        let line = &self.line.start[..self.line.len];
        if line.is_empty() || line == b"\r" {
            self.conflict |= self.content_length && self.transfer_encoding;
            self.content_length = false;
            self.transfer_encoding = false;
            self.blocks += 1;
        } else if starts_with(line, b"content-length:") {
            self.content_length = true;
        } else if starts_with(line, b"transfer-encoding:") {
            self.transfer_encoding = true;
        }
        self.line.len = 0;
    }

    /// Empty lines so far: as many as request heads have come, and more where bodies hold some.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Both headers have stood in one block of lines on this connection.
    pub fn conflict(&self) -> bool {
        self.conflict
    }
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(bytes: &[u8], piece: usize) -> bool {
        let mut watch = FramingWatch::default();
        for piece in bytes.chunks(piece) {
            watch.observe(piece);
        }
        watch.conflict()
    }

    #[test]
    fn sees_both_headers_in_either_order_and_in_any_pieces() {
        let cl_te = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTRANSFER-encoding: chunked\r\n\r\n";
        let te_cl = b"POST / HTTP/1.1\nTransfer-Encoding: chunked\nHost: a\ncontent-length:4\n\n";
        for piece in 1..80 {
            assert!(watch(cl_te, piece), "CL, TE in pieces of {piece}");
            assert!(watch(te_cl, piece), "TE, CL in pieces of {piece}");
        }
    }

    #[test]
    fn two_requests_with_one_header_each_are_fine() {
        let bytes = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(!watch(bytes, 7));
    }

    #[test]
    fn a_name_that_only_begins_alike_is_fine() {
        assert!(!watch(
            b"GET / HTTP/1.1\r\nContent-Lengthy: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            64
        ));
    }
}
