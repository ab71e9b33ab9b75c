//! For those who run it.

use crate::config::setting::{Alias, Group, Kind, Setting};

/// `HEALTH_CHECK`.
pub const HEALTH_CHECK: Setting = Setting {
    env: "HEALTH_CHECK",
    aliases: &[],
    option: Some(Alias {
        name: "healthCheck",
        kind: Kind::HealthCheck,
    }),
    kind: Kind::Switch,
    default: "true",
    group: Group::Operation,
    doc: "Answer `/health` (200 as long as the process lives) and `/readiness` (503 while draining) without JavaScript. The option can name other paths. Unless it is switched on explicitly, an app that has a route or a file at one of the paths keeps them.",
};

/// `LOG_LEVEL`.
pub const LOG_LEVEL: Setting = Setting {
    env: "LOG_LEVEL",
    aliases: &[],
    option: None,
    kind: Kind::Level,
    default: "info",
    group: Group::Operation,
    doc: "The least important lines that the server logs. Names that other loggers use (`fatal`, `silent`, `notice`, `http`, `verbose`, `trace`, …) are read as the nearest.",
};

/// `WEB_OBJECTS`.
pub const WEB_OBJECTS: Setting = Setting {
    env: "WEB_OBJECTS",
    aliases: &[],
    option: Some(Alias {
        name: "webObjects",
        kind: Kind::WebObjects,
    }),
    kind: Kind::WebObjects,
    default: "light",
    group: Group::Operation,
    doc: "What routes see as `Request`, `Response` and `Headers`: `light` ones, which cost a fraction and behave the same, or the platform's own with `native`. Should something of yours only work with `native`, please report it.",
};

/// `IO_THREADS`.
pub const IO_THREADS: Setting = Setting {
    env: "IO_THREADS",
    aliases: &[],
    option: None,
    kind: Kind::Count { min: 1, max: 1024 },
    default: "",
    group: Group::Operation,
    doc: "Native threads for connections, static files and compression. By default one for every four cores, at least one; JavaScript has its own thread.",
};
