//! Resume: the strategy becomes exactly what it was, and the annotation goes.

use serde_json::Value;

use super::patch::annotation;
use super::refusal::Refusal;
use super::subject::{STRATEGY, Subject};
use super::{Proposal, Verb};
use crate::domain::pause::{self, Pause, saved_strategy};
use crate::domain::raw::RawObject;
use crate::domain::strategy::{check, words};

/// What is restored.
#[derive(Clone, Debug, PartialEq)]
pub enum ResumeTo {
    /// What the pause saved, unless somebody edited the strategy meanwhile.
    Untouched,
    /// What the pause saved, whatever it is now.
    Saved,
    /// This strategy.
    Strategy(Value),
}

/// Resumes a paused rollout, whoever paused it. The patch tests the uid, the generation, the annotation and the present
/// strategy: what was looked at is what goes on.
///
/// # Errors
/// It is not paused, the annotation cannot be read, the strategy was edited meanwhile, or the server would refuse it.
pub fn resume(object: &RawObject, to: &ResumeTo) -> Result<Proposal, Refusal> {
    let subject = Subject::read(object)?;
    let now = subject.strategy;
    let Some(raw) = subject.annotation.filter(|_| subject.is_on_delete()) else {
        return Err(Refusal::NotPaused(words(now)));
    };
    let saved = saved_strategy(raw);
    let restored = match (to, saved) {
        (ResumeTo::Strategy(strategy), _) => strategy.clone(),
        (_, None) => return Err(Refusal::UnreadablePause),
        (ResumeTo::Untouched, Some(saved)) if !is_paused_form(now, &saved) => {
            return Err(Refusal::StrategyEdited { saved: words(&saved), now: edited_words(now) });
        }
        (_, Some(saved)) => saved,
    };
    let wrong = check(&restored);
    if !wrong.is_empty() {
        return Err(Refusal::InvalidStrategy(wrong.join("; ")));
    }
    let place = annotation("/metadata", pause::ANNOTATION);
    let patch = subject
        .guarded()
        .test(&place, &Value::from(raw))
        .test(STRATEGY, now)
        .replace(STRATEGY, restored.clone())
        .remove(&place);
    let mut proposal = subject.propose(Verb::Resume, &patch, "OnDelete, paused", &words(&restored))?;
    if let Some(Pause::Saved(saved)) = subject.pause() {
        proposal.notes.push(format!("it was paused {}", saved.words()));
    }
    Ok(proposal)
}

/// Removes what a pause left behind after something reverted the strategy to `RollingUpdate`.
///
/// # Errors
/// There is nothing to remove, or it is in use.
pub fn forget(object: &RawObject) -> Result<Proposal, Refusal> {
    let subject = Subject::read(object)?;
    let Some(raw) = subject.annotation else {
        return Err(Refusal::NotPaused(words(subject.strategy)));
    };
    if let (true, Some(Pause::Saved(saved))) = (subject.is_on_delete(), subject.pause()) {
        return Err(Refusal::PausedAlready(saved));
    }
    let place = annotation("/metadata", pause::ANNOTATION);
    let patch = subject
        .guarded_by_uid()
        .test(&place, &Value::from(raw))
        .test(STRATEGY, subject.strategy)
        .remove(&place);
    let from = match Pause::read(raw) {
        Pause::Saved(saved) => format!("what a pause left, {}", saved.words()),
        Pause::Unreadable => "an unreadable annotation dsgrid.dev/paused".to_owned(),
    };
    let mut proposal = subject.propose(Verb::Annotate, &patch, &from, "no annotation dsgrid.dev/paused")?;
    proposal.notes.push(format!("it is not paused: its strategy is {}", words(subject.strategy)));
    Ok(proposal)
}

/// Whether the strategy is as a pause leaves it; a tool may have dropped the limits, which `OnDelete` does not use.
fn is_paused_form(now: &Value, saved: &Value) -> bool {
    let limits = now.get("rollingUpdate").filter(|limits| !limits.is_null());
    limits.is_none() || limits == saved.get("rollingUpdate")
}

/// An edit of a paused strategy is one of its limits, which its plain words leave out.
fn edited_words(now: &Value) -> String {
    let limits = now.get("rollingUpdate").map(Value::to_string).unwrap_or_default();
    format!("{} with the limits {}", words(now), crate::domain::text::sanitize(&limits))
}
