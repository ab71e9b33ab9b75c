//! What the hub says to clients about their wishes, in JSON. That a topic was given to a peer
//! is said by the hub itself, in its place among the topic's messages.

use crate::ws::{Message, Roll, SubscribeError};

/// A wish that is not granted, or a frame that is none.
pub(super) fn error(id: Option<u64>, code: &str, reason: &str) -> Message {
    let id = id.map_or_else(String::new, |id| format!("\"id\":{id},"));
    let reason = quoted(reason);
    Message::text(format!(
        "{{\"type\":\"__error\",{id}\"code\":\"{code}\",\"reason\":{reason}}}"
    ))
}

/// A topic that a stream cannot have, or all of them.
pub(super) fn no_topic(topic: Option<&str>, code: &str, reason: &str) -> String {
    let topic = topic.map_or_else(String::new, |topic| format!("\"topic\":{},", quoted(topic)));
    let reason = quoted(reason);
    format!("{{\"type\":\"__error\",{topic}\"code\":\"{code}\",\"reason\":{reason}}}")
}

/// Why a peer may not subscribe, in the words of the frame. `None`: it is not there to be told.
pub(super) fn refusal(error: SubscribeError) -> Option<(&'static str, String)> {
    let code = match error {
        SubscribeError::Gone => return None,
        SubscribeError::Subscriptions => "subscriptions",
        SubscribeError::Topics | SubscribeError::Share => "topics",
        SubscribeError::Overloaded => "too-many",
    };
    Some((code, error.to_string()))
}

pub(super) fn unsubscribed(id: u64, topic: &str) -> Message {
    let topic = quoted(topic);
    Message::text(format!(
        "{{\"type\":\"__unsubscribed\",\"id\":{id},\"topic\":{topic}}}"
    ))
}

pub(super) fn count(id: u64, topic: &str, count: usize) -> Message {
    let topic = quoted(topic);
    Message::text(format!(
        "{{\"type\":\"__count\",\"id\":{id},\"topic\":{topic},\"count\":{count}}}"
    ))
}

pub(super) fn presence(id: u64, topic: &str, roll: &Roll) -> Message {
    let (topic, members) = (quoted(topic), members(roll));
    Message::text(format!(
        "{{\"type\":\"__presence\",\"id\":{id},\"topic\":{topic},{members}}}"
    ))
}

/// Who is in a topic, as JSON: `{"seq":…,"users":[…]}`.
pub(super) fn roll(roll: &Roll) -> String {
    format!("{{{}}}", members(roll))
}

fn members(roll: &Roll) -> String {
    let mut json = format!("\"seq\":{},\"users\":[", roll.seq);
    for (i, user) in roll.users.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        json.push_str("{\"id\":");
        json.push_str(&quoted(&user.id));
        if let Some(info) = &user.info {
            json.push_str(",\"info\":");
            json.push_str(info);
        }
        json.push('}');
    }
    json.push(']');
    json
}

/// The answer to a request that no hook has answered.
pub(super) fn failed(id: u32, error: &str) -> Message {
    let error = quoted(error);
    Message::text(format!(
        "{{\"type\":\"__reply\",\"id\":{id},\"error\":{error}}}"
    ))
}

pub(super) fn pong() -> Message {
    Message::text("{\"type\":\"__pong\"}".to_owned())
}

/// A request to a client; `data` is a JSON text.
pub(super) fn request(id: u32, data: &str) -> Message {
    Message::text(format!(
        "{{\"type\":\"__request\",\"id\":{id},\"data\":{data}}}"
    ))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::User;

    #[test]
    fn a_roll_in_json() {
        let users = vec![User::of("a\"b", None), User::of("c", Some("{\"x\":1}"))];
        assert_eq!(
            roll(&Roll { seq: 3, users }),
            r#"{"seq":3,"users":[{"id":"a\"b"},{"id":"c","info":{"x":1}}]}"#
        );
        let users = Vec::new();
        assert_eq!(roll(&Roll { seq: 0, users }), r#"{"seq":0,"users":[]}"#);
    }
}
