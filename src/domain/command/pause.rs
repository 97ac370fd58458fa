//! Pause: the strategy becomes `OnDelete`, and what it was is kept in the annotation.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::patch::annotation;
use super::refusal::Refusal;
use super::subject::{STRATEGY, Subject};
use super::{Proposal, Verb};
use crate::domain::pause::{self, Pause, SavedPause};
use crate::domain::raw::RawObject;
use crate::domain::strategy::{is_zero, words};
use crate::domain::text::Text;

/// Who pauses, when and why.
#[derive(Clone, Debug)]
pub struct PauseBy<'a> {
    /// Who.
    pub by: &'a Text,
    /// When; the server's time.
    pub at: Timestamp,
    /// Why; can be empty.
    pub reason: &'a Text,
}

/// Pauses a rollout. The patch tests the uid and the whole former strategy, and not the generation: an edit of the
/// template must not refuse a stop. Only `type` is replaced: `OnDelete` does not look at the limits, and whoever
/// switches back by hand finds them as they were.
///
/// # Errors
/// It is paused already, has no rollout to pause, or dsgrid's annotation cannot be read.
pub fn pause(object: &RawObject, who: &PauseBy<'_>) -> Result<Proposal, Refusal> {
    let subject = Subject::read(object)?;
    let leftover = match (subject.is_on_delete(), subject.pause()) {
        (true, Some(Pause::Saved(saved))) => return Err(Refusal::PausedAlready(saved)),
        (true, None) => return Err(Refusal::OnDelete),
        (_, Some(Pause::Unreadable)) => return Err(Refusal::UnreadablePause),
        (false, leftover) => leftover,
    };
    let saved = SavedPause::new(who.by, who.at, who.reason);
    let note = saved.write(subject.strategy).ok_or(Refusal::Malformed("spec.updateStrategy"))?;
    let place = annotation("/metadata", pause::ANNOTATION);
    let mut patch = subject.guarded_by_uid().test(STRATEGY, subject.strategy);
    patch = match (subject.annotation, object.at("/metadata/annotations").is_some_and(Value::is_object)) {
        (Some(old), _) => patch.test(&place, &Value::from(old)).replace(&place, note.into()),
        (None, true) => patch.add(&place, note.into()),
        // A patch cannot test that something is absent. Every served DaemonSet has the annotation of its template
        // generation; where none is there, only the resourceVersion keeps another's new annotations from being lost.
        (None, false) => {
            let version =
                object.at("/metadata/resourceVersion").ok_or(Refusal::Malformed("resourceVersion"))?;
            patch
                .test("/metadata/resourceVersion", version)
                .add("/metadata/annotations", json!({pause::ANNOTATION: note}))
        }
    };
    patch = patch.replace("/spec/updateStrategy/type", "OnDelete".into());
    let from = words(subject.strategy);
    let mut proposal = subject.propose(Verb::Pause, &patch, &from, "OnDelete, paused")?;
    if let Some(Pause::Saved(left)) = leftover {
        let left = left.words();
        proposal
            .notes
            .push(format!("what an earlier pause left ({left}; something reverted it) is replaced"));
    }
    proposal.notes.extend(does(subject.strategy).map(str::to_owned));
    Ok(proposal)
}

/// What a pause does and does not do (semantics §3.8).
fn does(strategy: &Value) -> impl Iterator<Item = &'static str> {
    let surge = strategy.pointer("/rollingUpdate/maxSurge");
    let surges = surge.is_some_and(|surge| !is_zero(surge));
    let always = [
        "no further pod is replaced; deletes already sent finish, and those nodes get the new template",
        "new nodes still get pods, and failed or deleted pods still come back: with the newest template",
        "labels, taints and placement still start and stop pods",
    ];
    let surge = "the update surges: where an old and a new pod stand side by side, the new one is deleted";
    always.into_iter().chain(surges.then_some(surge))
}
