//! A client of raw bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::house::{House, PATIENCE};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response without its body's framing.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| *found == name).map(|(_, it)| it)
    }
}

/// A handshake for `path` with further header lines.
pub fn handshake(path: &str, lines: &[&str]) -> String {
    let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

/// A frame of a client, under a mask that changes nothing.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend(payload);
    frame
}

pub const PING: u8 = 9;
pub const CLOSE: u8 = 8;

impl Client {
    pub fn of(house: &House) -> Self {
        let stream = TcpStream::connect(house.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Opened, and its 101 read.
    pub fn opened(house: &House) -> Self {
        let mut client = Self::of(house);
        client.send(handshake("/ws", &[]).as_bytes());
        assert_eq!(client.response().status, 101);
        client
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it is open");
    }

    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).expect("it is open");
    }

    /// Reads more; false at the end.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(n) => {
                self.read.extend(&buffer[..n]);
                n > 0
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        while self.read.len() < len {
            assert!(self.more(), "cut after {:?}", self.read);
        }
        self.read.drain(..len).collect()
    }

    /// What comes, up to this text and with it.
    pub fn until(&mut self, text: &str) -> String {
        let end = loop {
            let mut windows = self.read.windows(text.len());
            match windows.position(|it| it == text.as_bytes()) {
                Some(at) => break at + text.len(),
                None => assert!(self.more(), "{text:?} does not come"),
            }
        };
        String::from_utf8(self.take(end)).expect("text")
    }

    pub fn response(&mut self) -> Response {
        let end = loop {
            let found = self.read.windows(4).position(|it| it == b"\r\n\r\n");
            match found {
                Some(end) => break end + 4,
                None => assert!(self.more(), "no response"),
            }
        };
        let head = String::from_utf8(self.take(end)).expect("ASCII");
        let mut response = Response {
            status: head[9..12].parse().expect("a status"),
            head,
            body: String::new(),
        };
        if let Some(len) = response.header("content-length") {
            let len = len.parse().expect("a length");
            response.body = String::from_utf8(self.take(len)).expect("text");
        }
        response
    }

    pub fn asks(&mut self, request: &str) -> Response {
        self.send(request.as_bytes());
        self.response()
    }

    /// The opcode and payload of a frame.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.take(2);
        assert!(head[1] < 126 && head[0] & 0x80 != 0, "{head:?}");
        (head[0] & 0x0f, self.take(usize::from(head[1])))
    }

    /// Nothing comes any more.
    pub fn ends(&mut self) {
        while self.more() {}
        assert!(self.read.is_empty(), "{:?}", self.read);
    }

    /// The server says goodbye with this code; the client says so too.
    pub fn is_closed_with(&mut self, code: u16) {
        let (opcode, payload) = self.frame();
        assert_eq!((opcode, &payload[..2]), (CLOSE, &code.to_be_bytes()[..]));
        self.send(&frame(CLOSE, &code.to_be_bytes()));
        self.ends();
    }
}
