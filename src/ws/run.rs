//! Consecutive messages of one topic, encoded once for all its peers of an I/O thread. A peer
//! that is to have all of them, as nearly all are, queues them as one piece.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::id::PeerId;
use super::message::{Head, Message};
use super::sse::{self, Ids};
use super::transport::Transport;

/// Bytes after which a run ends: what one slow peer keeps alive of it stays small.
pub(super) const RUN_BYTES: usize = 64 * 1024;

#[derive(Debug)]
struct Mark {
    end: usize,
    except: Option<PeerId>,
    key: Option<Arc<str>>,
}

/// One frame of a run.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub bytes: Bytes,
    pub rest: Option<&'a Bytes>,
    pub except: Option<PeerId>,
    pub key: Option<&'a Arc<str>>,
}

/// A run that is complete.
#[derive(Debug)]
pub(super) struct Run {
    topic: u64,
    bytes: Bytes,
    /// The payload of a long message that stands alone in its run and is not copied.
    rest: Option<Bytes>,
    marks: Vec<Mark>,
    exceptions: bool,
    keys: bool,
}

/// A run that is being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: BytesMut,
    rest: Option<Bytes>,
    marks: Vec<Mark>,
}

impl Writer {
    /// Appends a message; `from` is its topic and number.
    pub fn add(&mut self, message: &Message, from: Option<(&Head, u64)>, except: Option<PeerId>) {
        debug_assert!(self.rest.is_none(), "a long message stands alone");
        self.rest = message.encode(from, &mut self.out);
        self.mark(message, except);
    }

    /// As [`Writer::add`], for streams; `seen` is the moment up to which they have seen
    /// everything with it.
    pub fn add_event(
        &mut self,
        message: &Message,
        from: Option<(&Head, u64)>,
        seen: Option<(&Ids, u64)>,
        except: Option<PeerId>,
    ) {
        sse::encode(message, from, seen, &mut self.out);
        self.mark(message, except);
    }

    fn mark(&mut self, message: &Message, except: Option<PeerId>) {
        self.marks.push(Mark {
            end: self.out.len(),
            except,
            key: message.key().cloned(),
        });
    }

    /// Whether a message of `len` bytes may still be added.
    pub fn takes(&self, message: &Message) -> bool {
        self.marks.is_empty()
            || self.rest.is_none()
                && !message.is_shared()
                && self.out.len() + message.len() <= RUN_BYTES
    }

    /// The run; the writer can be used for another.
    pub fn finish(&mut self, topic: u64) -> Run {
        let marks = std::mem::take(&mut self.marks);
        Run {
            topic,
            bytes: self.out.split().freeze(),
            rest: self.rest.take(),
            exceptions: marks.iter().any(|mark| mark.except.is_some()),
            keys: marks.iter().any(|mark| mark.key.is_some()),
            marks,
        }
    }
}

impl Run {
    /// A run of one message that belongs to no topic.
    pub fn of(message: &Message, transport: Transport) -> Self {
        let mut writer = Writer::default();
        match transport {
            Transport::Socket => writer.add(message, None, None),
            Transport::Stream => writer.add_event(message, None, None, None),
        }
        writer.finish(0)
    }

    pub fn topic(&self) -> u64 {
        self.topic
    }

    /// All but [`Run::rest`].
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn rest(&self) -> Option<&Bytes> {
        self.rest.as_ref()
    }

    pub fn len(&self) -> usize {
        self.bytes.len() + self.rest.as_ref().map_or(0, Bytes::len)
    }

    pub fn frames(&self) -> usize {
        self.marks.len()
    }

    pub fn has_exception(&self, peer: PeerId) -> bool {
        self.exceptions && self.marks.iter().any(|mark| mark.except == Some(peer))
    }

    pub fn has_keys(&self) -> bool {
        self.keys
    }

    pub fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.marks.iter().map(move |mark| {
            let bytes = self.bytes.slice(start..mark.end);
            start = mark.end;
            Frame {
                bytes,
                rest: self.rest.as_ref(),
                except: mark.except,
                key: mark.key.as_ref(),
            }
        })
    }
}
