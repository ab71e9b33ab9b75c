//! Who the server is, and who asks: the origin of requests and the address of clients.

use crate::config::setting::{Group, Kind, Setting};

/// `ORIGIN`.
pub const ORIGIN: Setting = Setting {
    env: "ORIGIN",
    aliases: &[],
    option: None,
    kind: Kind::Origin,
    default: "",
    group: Group::Origin,
    doc: "The origin the site is reached at. Wins over `paths.origin` of the build. With neither, the three headers below and `host` decide for each request. Form posts from any other origin are refused by SvelteKit.",
};

/// `PROTOCOL_HEADER`.
pub const PROTOCOL_HEADER: Setting = Setting {
    env: "PROTOCOL_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says `http` or `https`, as `x-forwarded-proto`. Without it, requests count as `https`. A value with `:`, or several values: 400.",
};

/// `HOST_HEADER`.
pub const HOST_HEADER: Setting = Setting {
    env: "HOST_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the host, as `x-forwarded-host`; where a request lacks it, `host` is read. Several values: 400.",
};

/// `PORT_HEADER`.
pub const PORT_HEADER: Setting = Setting {
    env: "PORT_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the port, as `x-forwarded-port`. Not a number, or several values: 400.",
};

/// `ADDRESS_HEADER`.
pub const ADDRESS_HEADER: Setting = Setting {
    env: "ADDRESS_HEADER",
    aliases: &[],
    option: None,
    kind: Kind::Header,
    default: "",
    group: Group::Origin,
    doc: "The header in which a proxy says the client's address, for `event.getClientAddress()`, which throws for a request without it. Only name a header that your proxy always sets: clients can send any other themselves.",
};

/// `XFF_DEPTH`.
pub const XFF_DEPTH: Setting = Setting {
    env: "XFF_DEPTH",
    aliases: &[],
    option: None,
    kind: Kind::Integer,
    default: "1",
    group: Group::Origin,
    doc: "With `ADDRESS_HEADER=x-forwarded-for`: how many trusted proxies stand in front. Addresses are counted from the right, because clients can write what is on the left. `event.getClientAddress()` throws when it is below 1 or when there are fewer addresses.",
};
