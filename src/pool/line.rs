//! How a [`Notice`] reads in the log: its level, its message and its fields.

use std::fmt::Display;
use std::time::Duration;

use super::notice::Notice;
use super::words::{Who, Why};
use crate::telemetry::log::Level;

type Fields = Vec<(&'static str, String)>;

impl Notice {
    /// The line for [`telemetry::log`](crate::telemetry::log): how much it matters, its
    /// message and its fields.
    pub fn line(&self) -> (Level, &'static str, Fields) {
        (self.level(), self.message(), self.fields())
    }

    fn level(&self) -> Level {
        match self {
            Notice::Starting { .. } | Notice::Gone { .. } => Level::Debug,
            // One that never was ready has cost nobody an answer.
            Notice::Died { starting: true, .. } => Level::Warn,
            Notice::Died { .. } | Notice::Unready { .. } | Notice::GaveUp { .. } => Level::Error,
            Notice::Terminated { why, .. } => match why {
                Why::Unresponsive | Why::StartTimeout | Why::ShutdownTimeout => Level::Warn,
                Why::Superseded | Why::Unneeded | Why::Stopping => Level::Info,
            },
            Notice::Cut { .. }
            | Notice::Crowded { .. }
            | Notice::RestartFailed { .. }
            | Notice::Refused { .. } => Level::Warn,
            Notice::Stopped { stuck } if *stuck > 0 => Level::Warn,
            Notice::Ready { .. }
            | Notice::Replaced { .. }
            | Notice::Ended { .. }
            | Notice::Scaled { .. }
            | Notice::Restarting { .. }
            | Notice::Restarted { .. }
            | Notice::TakingOver { .. }
            | Notice::Switched { .. }
            | Notice::TakenOver { .. }
            | Notice::ReadyAgain
            | Notice::Stopping { .. }
            | Notice::Stopped { .. } => Level::Info,
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Notice::Starting { .. } => "worker starts",
            Notice::Ready { .. } => "worker ready",
            Notice::Died { starting: true, .. } => "worker failed to start",
            Notice::Died { .. } => "worker died",
            Notice::Replaced { .. } => "worker replaced",
            Notice::Cut { .. } => "worker did not drain in time, its open exchanges are cut",
            Notice::Ended { .. } => "worker ended",
            Notice::Terminated { .. } => "worker terminated",
            Notice::Gone { .. } => "terminated worker has gone",
            Notice::Crowded { .. } => "seat waits for its former workers to go",
            Notice::Scaled { .. } => "pool scaled",
            Notice::Restarting { .. } => "restarting all workers",
            Notice::Restarted { .. } => "all workers restarted",
            Notice::RestartFailed { .. } => "restart failed, the workers that are there stay",
            Notice::TakingOver { .. } => "taking over a new build",
            Notice::Switched { .. } => "new build is current",
            Notice::TakenOver { .. } => "all workers run the new build",
            Notice::Refused { .. } => "new build refused, the old one goes on",
            Notice::Unready { .. } => "pool not ready",
            Notice::ReadyAgain => "pool ready again",
            Notice::GaveUp { .. } => "giving up",
            Notice::Stopping { .. } => "pool stops",
            Notice::Stopped { .. } => "pool stopped",
        }
    }

    fn fields(&self) -> Fields {
        match self {
            Notice::Starting { who } | Notice::Cut { who } => of(who, vec![]),
            Notice::Ready { who, took } => of(who, vec![("took", seconds(took))]),
            Notice::Died {
                who,
                starting: _,
                cause,
                lived,
                restarts,
                retry_in,
            } => {
                let mut fields = vec![
                    ("cause", text(cause)),
                    ("lived", seconds(lived)),
                    ("restarts", text(restarts)),
                ];
                fields.extend(retry_in.iter().map(|wait| ("retry_in", seconds(wait))));
                of(who, fields)
            }
            Notice::Replaced {
                who,
                by,
                why,
                requests,
                memory,
                lived,
            } => of(
                who,
                vec![
                    ("by", text(by.worker)),
                    ("by_build", text(by.build)),
                    ("why", text(why)),
                    ("requests", text(requests)),
                    ("memory", text(memory)),
                    ("lived", seconds(lived)),
                ],
            ),
            Notice::Ended { who, lived } => of(who, vec![("lived", seconds(lived))]),
            Notice::Terminated { who, why } => of(who, vec![("why", text(why.name()))]),
            Notice::Gone { who, why, took } => of(
                who,
                vec![("why", text(why.name())), ("took", seconds(took))],
            ),
            Notice::Crowded { seat, leaving } => {
                vec![("seat", text(seat)), ("leaving", text(leaving))]
            }
            Notice::Scaled { from, to, why } => vec![
                ("from", text(from)),
                ("to", text(to)),
                ("why", text(why.name())),
            ],
            Notice::Restarting { build } => vec![("build", text(build))],
            Notice::Restarted { build, took } | Notice::TakenOver { build, took } => {
                vec![("build", text(build)), ("took", seconds(took))]
            }
            Notice::RestartFailed { failures, cause } => {
                vec![("failures", text(failures)), ("cause", text(cause))]
            }
            Notice::TakingOver { build, from } | Notice::Switched { build, from } => {
                vec![("build", text(build)), ("from", text(from))]
            }
            Notice::Refused {
                build,
                stays,
                reason,
            } => vec![
                ("build", text(build)),
                ("stays", text(stays)),
                ("reason", text(reason)),
            ],
            Notice::Unready { reason } | Notice::GaveUp { reason } => {
                vec![("reason", text(reason))]
            }
            Notice::ReadyAgain => vec![],
            Notice::Stopping { ready } => vec![("ready", text(ready))],
            Notice::Stopped { stuck } => vec![("stuck", text(stuck))],
        }
    }
}

/// A worker's names, then the rest.
fn of(who: &Who, rest: Fields) -> Fields {
    let mut fields = vec![
        ("worker", text(who.worker)),
        ("seat", text(who.seat)),
        ("build", text(who.build)),
    ];
    fields.extend(rest);
    fields
}

fn text(value: impl Display) -> String {
    value.to_string()
}

fn seconds(time: &Duration) -> String {
    format!("{:.3}s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::{BuildId, Cause, Seat, WorkerId};

    fn died(starting: bool) -> Notice {
        Notice::Died {
            who: Who {
                worker: WorkerId(7),
                seat: Seat(2),
                build: BuildId(1),
            },
            starting,
            cause: Cause::Error("no database".to_owned()),
            lived: Duration::from_millis(1500),
            restarts: 3,
            retry_in: Some(Duration::from_millis(100)),
        }
    }

    #[test]
    fn a_death_is_one_line_with_its_cause_and_counts() {
        let (level, message, fields) = died(false).line();
        assert_eq!((level, message), (Level::Error, "worker died"));
        let fields: Vec<String> = fields
            .iter()
            .map(|(key, it)| format!("{key}={it}"))
            .collect();
        assert_eq!(
            fields.join(" "),
            "worker=7 seat=2 build=1 cause=no database lived=1.500s restarts=3 retry_in=0.100s"
        );
    }

    #[test]
    fn a_failed_start_and_stuck_threads_are_told_apart() {
        let (level, message, _) = died(true).line();
        assert_eq!((level, message), (Level::Warn, "worker failed to start"));
        assert_eq!(Notice::Stopped { stuck: 0 }.line().0, Level::Info);
        assert_eq!(Notice::Stopped { stuck: 1 }.line().0, Level::Warn);
    }
}
