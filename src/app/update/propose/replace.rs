//! From the wish to replace pods to the plan that is asked about: who is at it already, what would never be allowed.

use super::{Asked, Trouble};
use crate::app::availability::{denied, missing_right};
use crate::app::dialog::Question;
use crate::app::intent::list_neighbours;
use crate::app::model::Model;
use crate::app::page::Line;
use crate::domain::budget::{Eviction, eviction_of_set};
use crate::domain::command::Verb;
use crate::domain::gate::{Gate, Stops, gate};
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::ownership::ownership;
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::Claim;
use crate::domain::replace::liveness::stale;
use crate::domain::replace::options::Options;
use crate::domain::replace::plan::{Plan, plan};
use crate::domain::replace::run::Replacement;

/// The plan, who is at it already, and what a budget would never allow.
pub(super) fn ask_replace(
    model: &Model,
    daemon_set: &ObjectRef,
    target: &RawObject,
    options: &Options,
) -> Asked {
    let (words, now) = (Trouble::Words, model.now);
    let slot = model.inventory.row_of(&daemon_set.uid);
    let slot = slot.ok_or_else(|| words(format!("{} is gone", daemon_set.key)))?;
    let plan = plan(&model.inventory, slot, options.clone()).map_err(|why| words(why.to_string()))?;
    if plan.candidates.is_empty() {
        let why: Vec<String> =
            plan.apart.iter().map(|apart| format!("{}: {}", apart.node, apart.why)).collect();
        let why = if why.is_empty() { "no pod is outdated".to_owned() } else { why.join("; ") };
        return Err(Trouble::Nothing(format!("nothing to replace: {why}")));
    }
    let missing = rights(model, &plan).map_err(words)?;
    let budget = if options.evict { may_evict(model, daemon_set, target).map_err(words)? } else { None };
    let earlier = Claim::read(target);
    let taken = earlier.as_ref().filter(|claim| claim.is_held(now));
    let mut told: Vec<Line> = match (taken, &earlier) {
        (Some(other), _) => vec![
            Line::problem(format!("{}: talk to them first", other.words(now))),
            Line::problem("confirming takes it over: their dsgrid stops deleting when it sees that"),
        ],
        (None, Some(claim)) => vec![Line::fact(claim.words(now))],
        (None, None) => Vec::new(),
    };
    told.extend(plan.lines(now).into_iter().map(Line::fact));
    told.extend(budget.map(Line::fact));
    told.extend(missing.map(Line::problem));
    told.extend(warnings(model, daemon_set, target));
    let of = model.inventory.pods_of(slot).filter(|pod| !pod.is_deleting()).count();
    let stops = Stops { daemon_set: daemon_set.key.clone(), pods: plan.candidates.len(), of };
    let word = match gate(&[stops]) {
        Gate::Yes => taken.map(|_| daemon_set.key.name.clone()),
        Gate::TypedName { why } => {
            let words = format!("{why}, {} at a time: the name has to be typed", plan.budget);
            told.push(Line::problem(words));
            Some(daemon_set.key.name.clone())
        }
    };
    told.push(Line::fact(
        "to stop it: H on any screen, at once and without a question; Ctrl-c holds it before it leaves; % shows it",
    ));
    let affected = plan
        .candidates
        .iter()
        .map(|one| format!("{}  {}  ({})", one.node, one.pod.key.name, plan.waves[one.wave]));
    let (affected_title, affected) =
        (format!("in this order ({})", plan.candidates.len()), affected.collect());
    let start = Replacement::new(plan, now);
    let claim = Claim::of(&start, model.user(), &model.settings.host, now, now);
    Ok(Question {
        words: told,
        affected_title,
        affected,
        word,
        rehearse: false,
        before: target.clone(),
        after: None,
        command: claim.write(daemon_set, target),
        next: Vec::new(),
        plan: Some(Box::new(start.plan().clone())),
    })
}

/// Who would write over it, and what is not live.
fn warnings(model: &Model, daemon_set: &ObjectRef, target: &RawObject) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(stale) = stale(&model.inventory, &daemon_set.key.namespace) {
        let words =
            format!("{}: it holds until all is live again, then goes on by itself", stale.words(model.now));
        lines.push(Line::problem(words));
    }
    if let Some(owner) = ownership(target) {
        lines.push(Line::problem(owner.warning()));
    }
    lines
}

/// What cannot be told to colleagues; an error where nothing can be deleted, or not with the neighbours looked after.
fn rights(model: &Model, plan: &Plan) -> Result<Option<String>, String> {
    let key = &plan.daemon_set.key;
    let remove = if plan.options.evict { Verb::EvictPod } else { Verb::Replace };
    if let Some(why) = missing_right(model, remove, key) {
        return Err(why);
    }
    if let Some(why) = denied(model, &list_neighbours()).filter(|_| !plan.options.without_neighbours) {
        return Err(format!(
            "{why}: the other pods of a node cannot be looked after; press Tab and say no there to accept that"
        ));
    }
    let same = || plan.command(&model.settings.context);
    Ok(missing_right(model, Verb::Annotate, key).map(|why| {
        format!("{why}: colleagues will not see that this goes on; the same again later: {}", same())
    }))
}

/// Whether budgets allow the set's pods to be evicted, in words; an error where they never do.
fn may_evict(model: &Model, daemon_set: &ObjectRef, target: &RawObject) -> Result<Option<String>, String> {
    let asked = Inquiry::Budgets(daemon_set.key.namespace.clone());
    let Some(Answer::Budgets(budgets)) = model.answers.get(&asked) else { return Ok(None) };
    match eviction_of_set(target, budgets) {
        Eviction::Never(obstacle) => {
            Err(format!("{obstacle}; press Tab and do not evict, or change the budget"))
        }
        eviction => Ok(Some(eviction.to_string())),
    }
}
