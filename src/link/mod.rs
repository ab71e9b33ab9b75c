//! The link: joins this process's hub with those of other processes through Redis.
//!
//! ```text
//! Hub ── Relay ──> intake ──┐                                   ┌──> Hub, Desk
//!  (any thread, no waiting) ├─> driver (a thread) <──> node ────┤
//! Redis ── arrivals ────────┘        │   (a state machine)      └──> batches ──> Redis
//!                                    └─ reads how topics stand from the hub
//! ```
//!
//! - `words`, `wire`: what instances tell each other, and how it stands in bytes.
//! - `outgoing`, `incoming`: numbers: a ring of what may be asked for again; each once, in order.
//! - `table`, `remote`: counts and presence of a lane, and another instance as a whole.
//! - `node`: one instance among others, without clock, I/O or hub: where the rules are.
//! - `intake`, `redis`, `driver`: the thread around it.
//!
//! Left out: what hubs do with what they are told, and requests to peers, which the [`Desk`] keeps.
//! The hub knows of a [`Relay`](crate::ws::Relay) and nothing of this.

mod driver;
mod incoming;
mod intake;
mod node;
mod outgoing;
mod redis;
mod remote;
mod table;
#[cfg(test)]
mod tests;
mod wire;
mod words;

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;

use crate::ws::{FarPeer, Goodbye, Hub, Message, PeerId};
use driver::Driver;
use intake::{Intake, letter};
use node::Bounds;
use words::Body;

pub use words::{Instance, Outcome};

/// Bytes that are kept to be sent, or sent again to those that missed them; and again as many may
/// wait for the thread.
pub const KEPT_BYTES: usize = 32 << 20;

/// How long what was sent is kept.
pub const KEPT_FOR: Duration = Duration::from_secs(300);

/// Where Redis is, and what this app's channels begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The URL, which may contain a password.
    pub url: String,
    /// What the names of channels begin with.
    pub prefix: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Whoever keeps the requests that cross processes. Called from the link's thread.
pub trait Desk: Send + Sync {
    /// An instance wants a peer here to be asked something under that number; a JSON text.
    fn asked(&self, by: Instance, id: u32, peer: PeerId, data: &Bytes);
    /// It does not wait for the reply any more.
    fn forgotten(&self, by: Instance, id: u32);
    /// An instance has the reply to that number.
    fn answered(&self, by: Instance, id: u32, outcome: Outcome);
    /// An instance wants to know, under that number, what the app keeps with the peers here from that
    /// slot on.
    fn surveyed(&self, by: Instance, id: u32, from: u32);
    /// An instance is gone, and with it whatever was asked of it.
    fn gone(&self, instance: Instance);
}

/// The handle on it, from any thread.
pub struct Link {
    hub: Arc<Hub>,
    settings: Settings,
    intake: Arc<Intake>,
}

impl Link {
    /// Nothing happens yet.
    pub fn new(hub: Arc<Hub>, settings: Settings) -> Self {
        Self {
            hub,
            settings,
            intake: Arc::new(Intake::new(KEPT_BYTES)),
        }
    }

    /// Joins the hub, as soon as Redis is there and as long as it is.
    pub fn start(&self, desk: Weak<dyn Desk>) -> io::Result<()> {
        let bounds = Bounds {
            bytes: KEPT_BYTES,
            age: KEPT_FOR,
        };
        let driver = Driver::new(
            self.hub.clone(),
            self.intake.clone(),
            desk,
            &self.settings,
            bounds,
        );
        driver.map_err(io::Error::other)?.spawn()?;
        self.hub.join_relay(self.intake.clone());
        Ok(())
    }

    /// One that reaches these and that nothing comes of: what is told stays in it.
    #[cfg(test)]
    pub(crate) fn pretend(hub: Arc<Hub>, others: &[Instance]) -> Self {
        let settings = Settings {
            url: String::new(),
            prefix: String::new(),
        };
        let link = Self::new(hub, settings);
        link.intake.set_known(others.iter().copied().collect());
        link
    }

    /// What has been told since this was last asked, in words.
    #[cfg(test)]
    pub(crate) fn told(&self) -> Vec<String> {
        let words = self.intake.take(true).words.into_iter();
        words.map(|word| format!("{word:?}")).collect()
    }

    /// Says goodbye, once everything has been said, and waits for that, but not for long.
    pub fn leave(&self, patience: Duration) {
        self.intake.end(patience);
    }

    /// Instances that are there.
    pub fn instances(&self) -> Vec<Instance> {
        self.intake.instances()
    }

    /// To one peer. Whether its process is there.
    pub fn send(&self, to: FarPeer, message: &Message) -> bool {
        let body = Body::Send(to.peer, letter(message, None));
        self.intake.direct(to.epoch, body, message.len())
    }

    /// Closes a peer. Whether its process is there.
    pub fn disconnect(&self, to: FarPeer, goodbye: &Goodbye) -> bool {
        let code = goodbye.code.value();
        let body = Body::Close(to.peer, code, goodbye.reason().to_owned());
        self.intake.direct(to.epoch, body, 0)
    }

    /// Has a peer asked something; the desk is told the reply under that number. Whether its process
    /// is there.
    pub fn ask(&self, to: FarPeer, id: u32, data: Bytes) -> bool {
        let len = data.len();
        self.intake
            .direct(to.epoch, Body::Ask(id, to.peer, data), len)
    }

    /// The reply is not waited for any more.
    pub fn forget(&self, at: Instance, id: u32) {
        self.intake.direct(at, Body::Forget(id), 0);
    }

    /// Has an instance say what its app keeps with its peers from that slot on; the desk is told under
    /// that number. Whether it is there.
    pub fn survey(&self, of: Instance, id: u32, from: u32) -> bool {
        self.intake.direct(of, Body::Survey(id, from), 0)
    }

    /// Tells an instance the reply that it waits for.
    pub fn answer(&self, to: Instance, id: u32, outcome: Outcome) {
        let len = match &outcome {
            Outcome::Data(data) | Outcome::Error(data) => data.len(),
            Outcome::Gone => 0,
        };
        self.intake.direct(to, Body::Reply(id, outcome), len);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
