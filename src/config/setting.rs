//! What a setting is: its names, what it takes, and the words for it. The settings
//! themselves are in [`settings`](super::settings).

use std::borrow::Cow;
use std::time::Duration;

use super::parse::Unit;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The variable, without prefix.
    pub env: &'static str,
    /// Other names people know it by.
    pub aliases: &'static [Alias],
    /// The adapter's option for the same thing, and how it reads.
    pub option: Option<Alias>,
    /// What the variable takes.
    pub kind: Kind,
    /// The default as one would write it; empty where the default is to have none.
    pub default: &'static str,
    /// Which table of the reference it is in.
    pub group: Group,
    /// What it is for and what happens at its bound; Markdown.
    pub doc: &'static str,
}

/// A further name for a setting, with its own unit.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// What it takes there.
    pub kind: Kind,
}

/// The tables of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where the server listens.
    Listener,
    /// Who the server is, and who asks.
    Origin,
    /// How long things may take.
    Timeouts,
    /// How much there may be of things.
    Limits,
    /// Files of the build.
    Assets,
    /// The threads that run the app.
    Workers,
    /// Who may open sockets, and what bounds them.
    WebSocket,
    /// For those who run it.
    Operation,
}

impl Group {
    /// A setting of the group whose option takes what its variable takes.
    pub const fn setting(
        self,
        env: &'static str,
        option: &'static str,
        kind: Kind,
        default: &'static str,
        doc: &'static str,
    ) -> Setting {
        Setting {
            env,
            aliases: &[],
            option: Some(Alias { name: option, kind }),
            kind,
            default,
            group: self,
            doc,
        }
    }
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A path in the file system.
    Path,
    /// A host name or address.
    Host,
    /// A port.
    Port,
    /// A number that `parseInt` finds.
    Integer,
    /// A header's name.
    Header,
    /// The origin of a URL.
    Origin,
    /// A duration, with the unit of a plain number.
    Duration(Unit),
    /// A duration whose 0 means "never".
    Timeout(Unit),
    /// A duration within bounds, with the unit of a plain number.
    Interval {
        /// What a plain number counts.
        unit: Unit,
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A size that may be `Infinity`.
    BodyLimit,
    /// A size within bounds.
    Bytes {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number within bounds.
    Count {
        /// The smallest.
        min: usize,
        /// The largest.
        max: usize,
    },
    /// An amount of memory within bounds, in MB without a unit; 0 means "never".
    Memory {
        /// The smallest but 0.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A whole number from 1 to 100.
    Percent,
    /// A number of workers, or one for every core.
    Workers {
        /// The largest.
        max: usize,
    },
    /// Which worker gets an exchange.
    Balancing,
    /// On or off.
    Switch,
    /// On or off, or an object with the paths; only as an option.
    HealthCheck,
    /// On or off, or an object with the options of WebSockets; only as an option.
    WebSocket,
    /// A path below the base.
    UrlPath,
    /// Origins of pages, or `*`.
    Origins,
    /// Names of topics, or what they begin with.
    Topics,
    /// Where Redis is, perhaps with a password.
    RedisUrl,
    /// What names of channels begin with.
    Prefix,
    /// How many in which time; 0 means "any number".
    Rate,
    /// What becomes of messages for a peer that reads too slowly.
    Overflow,
    /// A log level.
    Level,
    /// Whose web objects.
    WebObjects,
}

impl Kind {
    /// What it takes, as messages and the reference say it.
    pub fn takes(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Kind::Path => "a path",
            Kind::Host => "a host name or an address",
            Kind::Port => "a port from 0 to 65535",
            Kind::Integer => "a whole number",
            Kind::Header => "the name of a header",
            Kind::Origin => "an origin like https://my.site",
            Kind::Duration(unit) | Kind::Timeout(unit) => duration(unit),
            Kind::Interval { unit, min, max } => {
                return format!("{}, from {min:?} to {max:?}", duration(unit)).into();
            }
            Kind::BodyLimit => "a size in bytes (524288, 512K, 10mb) or Infinity",
            Kind::Bytes { min, max } => {
                return format!(
                    "a size from {} to {} (524288, 512K, 10mb)",
                    size(min),
                    size(max)
                )
                .into();
            }
            Kind::Count { min, max } => {
                return format!("a whole number from {min} to {max}").into();
            }
            Kind::Memory { min, max } => {
                return format!(
                    "a size from {} to {}, in MB without a unit (768, 512mb, 2G), or 0",
                    size(min),
                    size(max)
                )
                .into();
            }
            Kind::Percent => "a whole number from 1 to 100",
            Kind::Workers { max } => {
                return format!("a whole number from 1 to {max}, or auto").into();
            }
            Kind::Balancing => "round-robin, least-connections or cpu-based",
            Kind::Switch => "true or false",
            Kind::HealthCheck => "true, false or { liveness?: string, readiness?: string }",
            Kind::WebSocket => "true, false or an object of options",
            Kind::UrlPath => "a path that starts with / and has no query, fragment or escapes",
            Kind::Origins => "origins like https://my.site, or *",
            Kind::Topics => "names of topics, or their beginning and *",
            Kind::RedisUrl => {
                "a URL like redis://user:password@host:6379, rediss://host or unix:///path"
            }
            Kind::Prefix => "1 to 64 letters, digits and any of - _ . :",
            Kind::Rate => "a whole number in a time, as in 20/10s, or 0",
            Kind::Overflow => "skip, close or coalesce",
            Kind::Level => "error, warn, info or debug",
            Kind::WebObjects => "light or native",
        })
    }

    /// Whether a value is nobody's to read, in messages either.
    pub fn is_secret(self) -> bool {
        self == Kind::RedisUrl
    }

    /// Whether an empty variable is as good as none. The others are read by adapter-node as
    /// they are, and so they are here.
    pub fn empty_is_unset(self) -> bool {
        !matches!(
            self,
            Kind::Path | Kind::Host | Kind::Port | Kind::Origin | Kind::BodyLimit
        )
    }
}

fn duration(plain: Unit) -> &'static str {
    match plain {
        Unit::Seconds => "whole seconds, or a number with a unit (500ms, 30s, 2m, 1h)",
        Unit::Milliseconds => "whole milliseconds, or a number with a unit (500ms, 30s, 2m, 1h)",
    }
}

/// A round number of bytes with its unit.
fn size(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        b if b % (1 << 30) == 0 => format!("{}G", b >> 30),
        b if b % (1 << 20) == 0 => format!("{}M", b >> 20),
        b if b % (1 << 10) == 0 => format!("{}K", b >> 10),
        b => b.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_short() {
        assert_eq!(size(0), "0");
        assert_eq!(size(8192), "8K");
        assert_eq!(size(1 << 40), "1024G");
        assert_eq!(size(1001), "1001");
    }
}
