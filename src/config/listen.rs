//! Which listener the settings ask for. The rules are adapter-node's: a listener that systemd
//! hands over comes first, then `SOCKET_PATH`, then `HOST` and `PORT`.

use std::path::PathBuf;

use super::decided::{Exported, Listen, Timeout};
use super::errors::quoted;
use super::parse;
use super::read;
use super::settings::{HOST, IDLE_TIMEOUT, LISTEN_FDS, LISTEN_PID, PORT, SOCKET_PATH};
use super::source::Source;

/// The first descriptor that systemd hands over (sd_listen_fds(3)).
const SD_LISTEN_FDS_START: i32 = 3;

/// What an empty `HOST` means to Node: all addresses of both families.
const ALL_ADDRESSES: &str = "::";

/// The listener, for the process with this id.
pub(super) fn decide(source: &mut Source<'_>, pid: u32) -> (Listen, Exported) {
    let exported = exported(source);
    let idle_timeout: Timeout = source.take_or_default(&IDLE_TIMEOUT, read::timeout);

    if activated(source, pid) {
        for setting in [SOCKET_PATH, HOST, PORT] {
            source.no_effect(&setting, "the listener comes from socket activation");
        }
        let fd = SD_LISTEN_FDS_START;
        return (Listen::Activated { fd, idle_timeout }, exported);
    }
    if idle_timeout.is_some() {
        source.no_effect(&IDLE_TIMEOUT, "it needs socket activation");
    }

    let listen = match &exported.path {
        Some(path) if !path.is_empty() => {
            let reason = format!("{} is set", source.variable(SOCKET_PATH.env));
            for setting in [HOST, PORT] {
                source.no_effect(&setting, &reason);
            }
            Listen::Unix {
                path: PathBuf::from(path),
            }
        }
        _ => tcp(source, &exported),
    };
    (listen, exported)
}

/// The listener that is not opened because another server has one already; see
/// [`Config::decide_embedded`](super::Config::decide_embedded).
pub(super) fn unused() -> (Listen, Exported) {
    let exported = Exported {
        path: None,
        host: HOST.default.to_owned(),
        port: None,
    };
    let listen = Listen::Tcp {
        host: exported.host.clone(),
        port: 0,
    };
    (listen, exported)
}

fn exported(source: &Source<'_>) -> Exported {
    let path = source.variable_text(&SOCKET_PATH);
    let unix = path.as_deref().is_some_and(|path| !path.is_empty());
    Exported {
        host: (source.variable_text(&HOST)).unwrap_or_else(|| HOST.default.to_owned()),
        port: (source.variable_text(&PORT)).or_else(|| (!unix).then(|| PORT.default.to_owned())),
        path,
    }
}

fn tcp(source: &mut Source<'_>, exported: &Exported) -> Listen {
    let host = match exported.host.as_str() {
        "" => ALL_ADDRESSES,
        host => host,
    };
    Listen::Tcp {
        host: host.to_owned(),
        port: source.take_or_default(&PORT, read::port),
    }
}

/// Whether systemd has handed over a listener. `LISTEN_PID` tells whom it is for: children
/// of the process inherit the variables, but not the socket.
fn activated(source: &mut Source<'_>, pid: u32) -> bool {
    let given = |name: &str| {
        source
            .unprefixed(name)
            .map(|text| (parse::parse_int(&text), text))
    };
    let (listen_pid, listen_fds) = (given(LISTEN_PID), given(LISTEN_FDS));

    let mut wrong = false;
    let for_us = match &listen_pid {
        Some((number, _)) if *number == Some(i64::from(pid)) => true,
        None | Some((Some(0), _)) => false,
        Some((_, text)) => {
            let takes = format!("the id of this process, {pid}: the listener is for another one");
            source.mistake(LISTEN_PID, &quoted(text), &takes);
            wrong = true;
            false
        }
    };
    let one = match &listen_fds {
        Some((Some(1), _)) => true,
        Some((Some(number), text)) if *number > 1 => {
            source.mistake(
                LISTEN_FDS,
                &quoted(text),
                "1: only one socket can be handed over",
            );
            wrong = true;
            false
        }
        _ => false,
    };
    if for_us != one && !wrong {
        source.warn(format!(
            "{LISTEN_PID} and {LISTEN_FDS}=1 have an effect only together: no listener is taken from systemd"
        ));
    }
    for_us && one
}
