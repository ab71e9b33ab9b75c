//! Where to listen.

use super::*;

fn pid() -> String {
    std::process::id().to_string()
}

#[test]
fn host_and_port() {
    let config = with(&[("HOST", "localhost"), ("PORT", "0")]);
    let host = "localhost".to_owned();
    assert_eq!(config.listen, Listen::Tcp { host, port: 0 });
    assert_eq!(config.exported.port.as_deref(), Some("0"));

    let config = with(&[("HOST", "")]);
    let host = "::".to_owned();
    assert_eq!(config.listen, Listen::Tcp { host, port: 3000 });
    assert_eq!(config.exported.host, "");

    assert!(mistake(&[("PORT", "")]).starts_with("PORT: got \"\""));
    assert!(mistake(&[("PORT", "70000")]).starts_with("PORT: got \"70000\""));
}

#[test]
fn a_socket_path_replaces_host_and_port() {
    let config = with(&[("SOCKET_PATH", "/run/app.sock")]);
    let path = PathBuf::from("/run/app.sock");
    assert_eq!(config.listen, Listen::Unix { path });
    assert_eq!(config.exported.path.as_deref(), Some("/run/app.sock"));
    assert_eq!(config.exported.port, None);
    assert_eq!(config.warnings(), &[] as &[String]);

    let config = with(&[("SOCKET_PATH", "/run/app.sock"), ("PORT", "x")]);
    assert!(matches!(config.listen, Listen::Unix { .. }));
    assert_eq!(config.exported.port.as_deref(), Some("x"));
    assert_eq!(
        config.warnings(),
        ["PORT has no effect: SOCKET_PATH is set"]
    );

    let config = with(&[("SOCKET_PATH", "")]);
    assert!(matches!(config.listen, Listen::Tcp { port: 3000, .. }));
    assert_eq!(config.exported.path.as_deref(), Some(""));
    assert_eq!(config.exported.port.as_deref(), Some("3000"));
}

#[test]
fn socket_activation() {
    let pid = pid();
    let ours = [("LISTEN_PID", pid.as_str()), ("LISTEN_FDS", "1")];
    let activated = |idle_timeout| Listen::Activated {
        fd: 3,
        idle_timeout,
    };

    assert_eq!(with(&ours).listen, activated(None));
    let idle = [ours[0], ours[1], ("IDLE_TIMEOUT", "30")];
    assert_eq!(with(&idle).listen, activated(seconds(30)));
    assert_eq!(with(&idle).warnings(), &[] as &[String]);

    // Never prefixed.
    let prefixed = run(handoff("MY_", json!({})), &ours).expect("no mistake");
    assert_eq!(prefixed.listen, activated(None));

    let config = with(&[ours[0], ours[1], ("PORT", "4000")]);
    assert_eq!(config.listen, activated(None));
    assert_eq!(config.exported.port.as_deref(), Some("4000"));
    assert_eq!(config.warnings().len(), 1);
}

#[test]
fn sockets_for_others_are_refused() {
    let pid = pid();
    let message = mistake(&[("LISTEN_PID", "1"), ("LISTEN_FDS", "1")]);
    assert!(
        message.contains(&format!("the id of this process, {pid}")),
        "{message}"
    );
    mistake(&[("LISTEN_PID", "")]);
    mistake(&[("LISTEN_PID", "abc")]);
    mistake(&[("LISTEN_PID", &pid), ("LISTEN_FDS", "2")]);
    mistake(&[("LISTEN_FDS", "2")]);
    let both = run(
        handoff("", json!({})),
        &[("LISTEN_PID", "1"), ("LISTEN_FDS", "2")],
    );
    assert_eq!(both.expect_err("both").mistakes().len(), 2);

    for half in [[("LISTEN_FDS", "1")], [("LISTEN_PID", pid.as_str())]] {
        let config = with(&half);
        assert!(matches!(config.listen, Listen::Tcp { .. }));
        assert_eq!(config.warnings().len(), 1);
    }
    assert!(
        with(&[("LISTEN_PID", "0"), ("LISTEN_FDS", "0")])
            .warnings()
            .is_empty()
    );
}

#[test]
fn idle_timeout_needs_socket_activation() {
    let config = with(&[("IDLE_TIMEOUT", "30")]);
    assert_eq!(
        config.warnings(),
        ["IDLE_TIMEOUT has no effect: it needs socket activation"]
    );
    assert!(with(&[("IDLE_TIMEOUT", "0")]).warnings().is_empty());
    mistake(&[("IDLE_TIMEOUT", "soon")]);
}

#[test]
fn an_embedded_handler_leaves_the_listener_to_others() {
    let theirs = env(&[
        ("PORT", "pipe"),
        ("LISTEN_PID", "1"),
        ("LISTEN_FDS", "5"),
        ("IDLE_TIMEOUT", "x"),
    ]);
    let decide = |env| Config::decide_embedded(handoff("", json!({})), PathBuf::new(), env);
    assert!(decide(&theirs).expect("no mistake").warnings().is_empty());
    assert!(decide(&env(&[("BODY_SIZE_LIMIT", "x")])).is_err());
}
