//! Throttle: other limits for a rolling update, also for one that is under way.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::subject::{STRATEGY, Subject};
use super::{Proposal, Verb};
use crate::domain::pause::Pause;
use crate::domain::raw::RawObject;
use crate::domain::strategy::{check, is_zero, limit_words, words};

/// The limits to set; what is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// `maxUnavailable`: a number or a percentage.
    pub max_unavailable: Option<Value>,
    /// `maxSurge`: a number or a percentage.
    pub max_surge: Option<Value>,
}

/// Changes `maxUnavailable` or `maxSurge`.
///
/// # Errors
/// Limits do not count, nothing would change, or the server would refuse: exactly one of the two is above zero.
pub fn throttle(object: &RawObject, limits: &Limits) -> Result<Proposal, Refusal> {
    let subject = Subject::read(object)?;
    match (subject.is_on_delete(), subject.pause()) {
        (true, Some(Pause::Saved(saved))) => return Err(Refusal::LimitsWhilePaused(saved)),
        (true, _) => return Err(Refusal::NoLimits),
        (false, _) => {}
    }
    let now = |field: &str, usual: i64| {
        let value = subject.strategy.get("rollingUpdate").and_then(|limits| limits.get(field));
        value.filter(|value| !value.is_null()).cloned().unwrap_or(usual.into())
    };
    let wanted = json!({
        "maxUnavailable": limits.max_unavailable.clone().unwrap_or_else(|| now("maxUnavailable", 1)),
        "maxSurge": limits.max_surge.clone().unwrap_or_else(|| now("maxSurge", 0)),
    });
    let after = json!({"type": "RollingUpdate", "rollingUpdate": wanted});
    let (unavailable, surge) = (&wanted["maxUnavailable"], &wanted["maxSurge"]);
    match (is_zero(unavailable), is_zero(surge)) {
        (true, true) => return Err(Refusal::NoLimitLeft),
        (false, false) => {
            let (unavailable, surge) = (limit_words(unavailable), limit_words(surge));
            return Err(Refusal::TwoLimits { unavailable, surge });
        }
        _ => {}
    }
    let wrong = check(&after);
    if !wrong.is_empty() {
        return Err(Refusal::InvalidStrategy(wrong.join("; ")));
    }
    let before = json!({"maxUnavailable": now("maxUnavailable", 1), "maxSurge": now("maxSurge", 0)});
    if before == wanted {
        return Err(Refusal::NothingToDo(format!("its strategy is {}", words(&after))));
    }
    let patch = subject
        .guarded()
        .test(STRATEGY, subject.strategy)
        .add(&format!("{STRATEGY}/rollingUpdate"), wanted.clone());
    let mut proposal = subject.propose(Verb::Throttle, &patch, &words(subject.strategy), &words(&after))?;
    let surges = |limits: &Value| !is_zero(&limits["maxSurge"]);
    match (surges(&before), surges(&wanted)) {
        (true, false) => proposal.notes.push(
            "the surge ends: where an old and a new pod stand side by side, the new one is deleted"
                .to_owned(),
        ),
        (false, true) => proposal.notes.push(
            "new pods come up beside the old ones: host ports cannot be used twice on a node".to_owned(),
        ),
        _ => {}
    }
    Ok(proposal)
}
