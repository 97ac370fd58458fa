//! Restart: kubectl's annotation on the pod template, which makes a new revision.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::patch::annotation;
use super::refusal::Refusal;
use super::subject::{Subject, TEMPLATE};
use super::{Proposal, Verb};
use crate::domain::raw::RawObject;

/// kubectl's annotation (`objectrestarter.go`).
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Restarts all pods by a rollout.
///
/// kubectl sends a merge patch; a JSON patch makes the same change and can test the generation.
///
/// # Errors
/// It was restarted within the same second.
pub fn restart(object: &RawObject, at: Timestamp) -> Result<Proposal, Refusal> {
    let subject = Subject::read(object)?;
    let metadata = format!("{TEMPLATE}/metadata");
    let place = annotation(&metadata, RESTARTED_AT);
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at).to_string();
    let before = object.at(&place).and_then(Value::as_str);
    if before == Some(at.as_str()) {
        return Err(Refusal::RestartedJustNow);
    }
    // The generation keeps the template as it was read, so what is absent is still absent.
    let is_map = |pointer: &str| object.at(pointer).is_some_and(Value::is_object);
    let patch = match () {
        () if is_map(&format!("{metadata}/annotations")) => subject.guarded().add(&place, at.as_str().into()),
        () if is_map(&metadata) => {
            subject.guarded().add(&format!("{metadata}/annotations"), json!({RESTARTED_AT: at}))
        }
        () => subject.guarded().add(&metadata, json!({"annotations": {RESTARTED_AT: at}})),
    };
    let from = before.map_or_else(|| "never restarted".to_owned(), |before| format!("restarted at {before}"));
    subject.propose(Verb::Restart, &patch, &from, &format!("restarted at {at}"))
}
