//! What is wrong is told, all of it, and nothing that stands in a setting makes it panic.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn all_mistakes_are_told_at_once() {
    let errors = run(
        handoff(
            "",
            json!({ "bodyLimit": null, "nope": 1, "maxHeaders": "many" }),
        ),
        &[
            ("PORT", "http"),
            ("ORIGIN", "my.site"),
            ("ADDRESS_HEADER", "x real ip"),
            ("KEEP_ALIVE_TIMEOUT", "1.5"),
            ("MAX_HEADER_SIZE", "4K"),
            ("LISTEN_FDS", "2"),
        ],
    )
    .expect_err("mistakes");
    let message = errors.to_string();
    let expected = "The configuration has 9 mistakes:
  option nope: no such option. Known are ";
    assert!(message.starts_with(expected), "{message}");
    for line in [
        "LISTEN_FDS: got \"2\", takes 1: only one socket can be handed over",
        "PORT: got \"http\", takes a port from 0 to 65535",
        "ORIGIN: got \"my.site\", takes an origin like https://my.site: the protocol must be http:// or https://",
        "ADDRESS_HEADER: got \"x real ip\", takes the name of a header",
        "KEEP_ALIVE_TIMEOUT: got \"1.5\", takes whole seconds, or a number with a unit (500ms, 30s, 2m, 1h)",
        "option bodyLimit: got null, takes a size in bytes (524288, 512K, 10mb) or Infinity",
        "option maxHeaders: got \"many\", takes a whole number from 1 to 4096",
        "MAX_HEADER_SIZE: got \"4K\", takes a size from 8K to 1M (524288, 512K, 10mb)",
    ] {
        assert!(
            message.lines().any(|l| l.trim() == line),
            "{line}\n{message}"
        );
    }
}

#[test]
fn an_option_that_is_overridden_is_still_checked() {
    let result = run(
        handoff("", json!({ "bodyLimit": "x" })),
        &[("BODY_SIZE_LIMIT", "1M")],
    );
    assert!(only(result).starts_with("option bodyLimit: got \"x\""));
}

#[test]
fn unknown_prefixed_variables_are_mistakes() {
    let pairs = [
        ("MY_PROT", "1"),
        ("MY_LISTEN_PID", "1"),
        ("OTHER", "1"),
        ("MY_PORT", "1"),
    ];
    let message = only(run(handoff("MY_", json!({})), &pairs));
    assert!(
        message.starts_with("MY_LISTEN_PID, MY_PROT: no setting"),
        "{message}"
    );
    assert!(message.contains("envPrefix \"MY_\""), "{message}");
    assert!(message.contains("SOCKET_PATH, HOST, PORT"), "{message}");
    assert!(message.contains("BODY_LIMIT"), "{message}");
    // Without a prefix, a variable may be anyone's.
    with(&pairs);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("liveness|readiness|x", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_setting_panics(
        text in prop_oneof![".{0,20}", "[-+0-9.a-zA-Z:/\\[\\]]{0,20}"],
        option in any_value(),
        chosen in 0..SETTINGS.len(),
    ) {
        let setting = &SETTINGS[chosen];
        let mut options = serde_json::Map::new();
        if let Some(known) = setting.option {
            options.insert(known.name.to_owned(), option);
        }
        let pairs = [
            (setting.env, text.as_str()), ("LISTEN_PID", text.as_str()), ("LISTEN_FDS", text.as_str()),
        ];
        if let Err(errors) = run(handoff("", Value::Object(options)), &pairs) {
            // One line each, whatever was in the value.
            prop_assert_eq!(errors.to_string().lines().count(), errors.mistakes().len() + 1);
        }
    }
}
