//! Reads what stands in a frame, with an error where it does not.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::*;

/// What is left of a frame.
pub(super) struct Reader(pub Bytes);

impl Reader {
    pub fn take(&mut self, len: usize) -> Result<Bytes> {
        if self.0.len() < len {
            return Err(WireError::Malformed);
        }
        Ok(self.0.split_to(len))
    }

    pub fn u8(&mut self) -> Result<u8> {
        self.0.try_get_u8().map_err(|_| WireError::Malformed)
    }

    pub fn u16(&mut self) -> Result<u16> {
        self.0.try_get_u16_le().map_err(|_| WireError::Malformed)
    }

    pub fn u32(&mut self) -> Result<u32> {
        self.0.try_get_u32_le().map_err(|_| WireError::Malformed)
    }

    pub fn u64(&mut self) -> Result<u64> {
        self.0.try_get_u64_le().map_err(|_| WireError::Malformed)
    }

    pub fn flag(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Malformed),
        }
    }

    pub fn lane(&mut self) -> Result<u8> {
        let lane = self.u8()?;
        if usize::from(lane) < LANES {
            Ok(lane)
        } else {
            Err(WireError::Malformed)
        }
    }

    pub fn stream(&mut self) -> Result<Stream> {
        if self.0.first() == Some(&u8::MAX) {
            self.u8()?;
            return Ok(Stream::To(self.u64()?));
        }
        let lane = self.lane()?;
        self.u64()?;
        Ok(Stream::Lane(lane))
    }

    /// As many as are said to be there, each of at least so many bytes: a number that the bytes
    /// cannot hold reserves nothing.
    pub fn many<T>(
        &mut self,
        least: usize,
        mut one: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.u32()? as usize;
        if count > self.0.len() / least {
            return Err(WireError::Malformed);
        }
        (0..count).map(|_| one(self)).collect()
    }

    pub fn bytes(&mut self) -> Result<Bytes> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    pub fn text(&mut self, most: usize) -> Result<Arc<str>> {
        let bytes = self.bytes()?;
        if bytes.len() > most {
            return Err(WireError::Malformed);
        }
        let text = str::from_utf8(&bytes).map_err(|_| WireError::Malformed)?;
        Ok(text.into())
    }

    pub fn topic(&mut self) -> Result<Arc<str>> {
        self.text(NAME_BYTES)
    }

    pub fn optional(&mut self) -> Result<Option<Arc<str>>> {
        Ok(if self.flag()? {
            Some(self.text(USER_BYTES)?)
        } else {
            None
        })
    }

    pub fn user(&mut self) -> Result<User> {
        let id = self.text(USER_BYTES)?;
        let info = self.optional()?;
        // clients are told it as a part of a JSON text
        if let Some(info) = &info {
            serde_json::from_str::<serde::de::IgnoredAny>(info)
                .map_err(|_| WireError::Malformed)?;
        }
        Ok(User { id, info })
    }

    pub fn topic_state(&mut self) -> Result<(Arc<str>, TopicState)> {
        let topic = self.topic()?;
        let count = self.u32()?;
        let users = self.many(5, Reader::user)?;
        Ok((topic, TopicState { count, users }))
    }

    pub fn peer(&mut self) -> Result<PeerId> {
        Ok(PeerId::from_bits(self.u64()?))
    }

    pub fn letter(&mut self) -> Result<Letter> {
        let kind = match self.u8()? {
            0 => Kind::Text,
            1 => Kind::Binary,
            2 => Kind::Event,
            _ => return Err(WireError::Malformed),
        };
        let key = self.optional()?;
        let except = if self.flag()? {
            let epoch = self.u64()?;
            let peer = self.peer()?;
            Some(FarPeer { epoch, peer })
        } else {
            None
        };
        let data = self.bytes()?;
        Ok(Letter {
            kind,
            data,
            key,
            except,
        })
    }

    pub fn body(&mut self) -> Result<Body> {
        Ok(match self.u8()? {
            PUBLISH => Body::Publish(self.topic()?, self.letter()?),
            BROADCAST => Body::Broadcast(self.letter()?),
            COUNT => Body::Count(self.topic()?, self.u32()?),
            PRESENT => Body::Present(self.topic()?, self.user()?),
            ABSENT => Body::Absent(self.topic()?, self.text(USER_BYTES)?),
            RESET => Body::Reset,
            SEND => Body::Send(self.peer()?, self.letter()?),
            CLOSE => {
                let (peer, code) = (self.peer()?, self.u16()?);
                let reason = self.text(NAME_BYTES)?;
                Body::Close(peer, code, String::from(&*reason))
            }
            ASK => Body::Ask(self.u32()?, self.peer()?, self.bytes()?),
            FORGET => Body::Forget(self.u32()?),
            REPLY => {
                let id = self.u32()?;
                let kind = self.u8()?;
                let data = self.bytes()?;
                let outcome = match kind {
                    0 => Outcome::Data(data),
                    1 => Outcome::Error(data),
                    2 => Outcome::Gone,
                    _ => return Err(WireError::Malformed),
                };
                Body::Reply(id, outcome)
            }
            SURVEY => Body::Survey(self.u32()?, self.u32()?),
            _ => return Err(WireError::Malformed),
        })
    }
}
