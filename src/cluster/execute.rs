//! Writes: sent once, never again by themselves, each with its lines in the journal.

use serde_json::{Value, json};

use super::connect::Connection;
use super::error::Error;
use super::journal::Journal;
use super::wire::{Replied, Status, Unanswered, Write};
use crate::domain::command::{Command, Method, Outcome};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// Who writes, in the fields that a patch changes.
const FIELD_MANAGER: &str = "dsgrid";
/// The most that is shown of what a server says, in characters.
const LONGEST: usize = 600;

/// What came of a write, and of its lines in the journal.
#[derive(Debug)]
pub struct Executed {
    /// What came of the write.
    pub outcome: Outcome,
    /// Why the journal does not tell of it; it is written nevertheless.
    pub unjournalled: Option<String>,
}

impl Connection {
    /// Sends a write, once, and journals it: before it is sent, and when its outcome is known.
    ///
    /// Nothing else writes to a cluster, so nothing is written that the journal does not tell of; but a journal that
    /// cannot be written does not stop a write: a full disk must not keep anybody from pausing a rollout.
    pub async fn execute(&self, command: &Command, journal: &Journal) -> Executed {
        let line = journal.begin(self, command).await;
        let outcome = self.send(command, false).await;
        tracing::info!(verb = command.verb.name(), target = %command.target, outcome = outcome.name(), "write");
        let unjournalled = line.end(&outcome).await;
        Executed { outcome, unjournalled }
    }

    /// Lets the server check a write (`dryRun=All`): nothing is written.
    pub async fn rehearse(&self, command: &Command) -> Outcome {
        self.send(command, true).await
    }

    async fn send(&self, command: &Command, dry_run: bool) -> Outcome {
        let body = match body(command, dry_run) {
            Ok(body) => body,
            Err(error) => {
                return Outcome::NotSent(Text::new(&format!("the request makes no sense: {error}")));
            }
        };
        let write = Write {
            method: command.method.http(),
            path: path(command, dry_run),
            content_type: command.method.media_type(),
            body: &body,
            doing: format!("{} the {}", command.verb.name(), command.target),
        };
        match self.wire.write(&write).await {
            Ok(Replied::Good(body)) => match serde_json::from_slice(&body) {
                Ok(object) => Outcome::Done(RawObject::new(object)),
                Err(_) if dry_run => Outcome::Refused(Text::new("its answer to the dry run cannot be read")),
                Err(error) => Outcome::Unknown(Text::new(&format!("the answer cannot be read ({error})"))),
            },
            Ok(Replied::Unauthorized(renewed)) => self.unauthorized(renewed),
            Ok(Replied::Bad(status)) => self.refused(command, &status, dry_run).await,
            Err(Unanswered::NotSent(error)) => Outcome::NotSent(words(&error.to_string())),
            // A dry run that got lost has written nothing either.
            Err(Unanswered::Unknown(error)) if dry_run => Outcome::NotSent(words(&error.to_string())),
            Err(Unanswered::Unknown(error)) => Outcome::Unknown(words(&error.to_string())),
        }
    }

    /// The credentials had run out: nothing was written, and nothing is sent again that nobody confirmed again.
    fn unauthorized(&self, renewed: Result<bool, Error>) -> Outcome {
        let server = self.server.to_string();
        Outcome::Refused(match renewed {
            Ok(true) => Text::new("the credentials had run out and were renewed: try again"),
            Ok(false) => words(&Error::Unauthorized { server }.to_string()),
            Err(error) => words(&error.to_string()),
        })
    }

    /// What an answer that is no success means.
    async fn refused(&self, command: &Command, status: &Status, dry_run: bool) -> Outcome {
        let said = words(&status.message);
        match status.code {
            403 => Outcome::Denied(said),
            404 if !is_no_such_path(&status.message) => Outcome::Gone,
            // The uid or version in a precondition, or another write in between.
            409 => self.lost(command).await,
            422 if is_failed_test(&status.message) => self.lost(command).await,
            // A server that is busy says 429 as well, but names no budget.
            429 if command.method == Method::Evict && is_budget(status) => {
                let why = status.cause("DisruptionBudget").map_or("", Text::as_str).trim();
                Outcome::Budget(words(format!("{said} {why}").trim()))
            }
            500.. if !dry_run && may_be_done(status) => Outcome::Unknown(said),
            _ => Outcome::Refused(said),
        }
    }

    /// The object is not as it was when the write was decided on: how it is now.
    async fn lost(&self, command: &Command) -> Outcome {
        match self.object(&command.target).await {
            Ok(None) => Outcome::Gone,
            Ok(Some(now)) => Outcome::LostRace(Some(now)),
            Err(error) => {
                tracing::warn!(%error, "what a write was lost to cannot be read");
                Outcome::LostRace(None)
            }
        }
    }
}

fn path(command: &Command, dry_run: bool) -> String {
    let path = command.target.path();
    let dry = if dry_run { "dryRun=All" } else { "" };
    match (command.method, dry_run) {
        (Method::JsonPatch | Method::MergePatch | Method::StrategicMergePatch, false) => {
            format!("{path}?fieldManager={FIELD_MANAGER}")
        }
        (Method::JsonPatch | Method::MergePatch | Method::StrategicMergePatch, true) => {
            format!("{path}?fieldManager={FIELD_MANAGER}&{dry}")
        }
        (Method::Delete, _) => path,
        (Method::Evict, false) => format!("{path}/eviction"),
        (Method::Evict, true) => format!("{path}/eviction?{dry}"),
    }
}

/// The body that is sent: the command's own, byte for byte. Only the dry run of a DELETE has to say in its body that it
/// is one: the API server does not look at the query of a DELETE with a body, and would delete.
fn body(command: &Command, dry_run: bool) -> Result<String, serde_json::Error> {
    if !dry_run || command.method != Method::Delete {
        return Ok(command.body.clone());
    }
    let mut options: serde_json::Map<String, Value> = serde_json::from_str(&command.body)?;
    options.insert("dryRun".to_owned(), json!(["All"]));
    serde_json::to_string(&options)
}

/// A path the server does not serve; the object itself may well exist.
fn is_no_such_path(message: &str) -> bool {
    message.contains("could not find the requested resource")
}

/// A JSON patch whose `test` does not hold, or a uid that is another one (both as seen on 1.36).
fn is_failed_test(message: &str) -> bool {
    message.contains("rejected our request due to an error in our request")
        || (message.contains("metadata.uid") && message.contains("field is immutable"))
}

/// A refusal by a `PodDisruptionBudget` (`pkg/registry/core/pod/storage/eviction.go`).
fn is_budget(status: &Status) -> bool {
    status.cause("DisruptionBudget").is_some() || status.message.contains("disruption budget")
}

/// Whether the server may have written although it says that it failed: etcd's answer got lost, or a proxy gave up. Not
/// so where something refused before anything was stored.
fn may_be_done(status: &Status) -> bool {
    let before = ["failed calling webhook", "more than one PodDisruptionBudget"];
    !before.iter().any(|words| status.message.contains(words))
}

fn words(raw: &str) -> Text {
    let mut words: String = raw.chars().take(LONGEST).collect();
    if words.len() < raw.len() {
        words.push('…');
    }
    Text::new(&words)
}

#[cfg(test)]
mod tests;
