//! From a wish and what was just read to the question that is asked: what it does, what it stops, what confirms it.

mod replace;

use self::replace::ask_replace;
use crate::app::availability::earlier;
use crate::app::dialog::{Choice, Question};
use crate::app::intent::Intent;
use crate::app::model::Model;
use crate::app::page::Line;
use crate::app::screen::template_diff;
use crate::domain::cell::CellState;
use crate::domain::command::{
    Command, Limits, PauseBy, Proposal, Refusal, ResumeTo, force_delete, forget, pause, restart, resume,
    throttle, undo,
};
use crate::domain::gate::{Gate, gate, stops};
use crate::domain::id::{NodeName, ObjectRef, Uid};
use crate::domain::ownership::ownership;
use crate::domain::preview::rollout::Forecast;
use crate::domain::preview::{Impact, Outcome};
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::Claim;
use crate::domain::rollout::standing;
use crate::domain::strategy;
use crate::domain::text::Text;

/// Why there is no question to ask.
pub(super) enum Trouble {
    /// It cannot be done, in words.
    Words(String),
    /// Nothing would change, in words.
    Nothing(String),
    /// It can be done in more than one way.
    Choose {
        /// What the choice is about.
        words: String,
        /// The ways.
        choices: Vec<Choice>,
    },
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NothingToDo(_) => Self::Nothing(refusal.to_string()),
            refused => Self::Words(refused.to_string()),
        }
    }
}

type Asked = Result<Question, Trouble>;

/// What would be done to the target as it was just read; the others are those of [`Intent::reads`], in that order.
pub(super) fn propose(
    model: &Model,
    intent: &Intent,
    target: &RawObject,
    others: &[Option<RawObject>],
) -> Asked {
    match intent {
        Intent::Pause { reason, .. } => ask_pause(model, target, reason),
        Intent::Resume { daemon_set, to } => ask_resume(model, daemon_set, target, to),
        Intent::Forget { .. } => Ok(question(model, target, forget(target)?, None)),
        Intent::Restart { .. } => {
            let proposal = restart(target, model.now)?;
            let forecast = forecast(model, target, &proposal, None);
            let next = vec![
                "watch it in the row; P pauses it, U takes it back, M changes how many at once".to_owned(),
            ];
            Ok(Question { next, ..question(model, target, proposal, forecast.as_ref()) })
        }
        Intent::Undo { to, .. } => ask_undo(model, target, others, *to),
        Intent::Throttle { limits, .. } => ask_throttle(model, target, limits),
        Intent::Replace { daemon_set, options } => ask_replace(model, daemon_set, target, options),
        Intent::ForceDelete { node, .. } => ask_force_delete(model, target, others, node),
    }
}

fn forecast(
    model: &Model,
    before: &RawObject,
    proposal: &Proposal,
    revision: Option<&Text>,
) -> Option<Forecast> {
    Forecast::of(&model.inventory, before, proposal.after.as_ref()?, revision)
}

/// The question for a write: its change, its notes, what it does to pods, who would revert it.
fn question(model: &Model, before: &RawObject, proposal: Proposal, forecast: Option<&Forecast>) -> Question {
    let command = proposal.command;
    let mut words = vec![Line::fact(format!("from {} to {}", command.from, command.to))];
    let impacts = forecast.map_or(&[][..], |forecast| &forecast.impacts);
    if let Some(forecast) = forecast {
        words.extend(forecast.lines().into_iter().map(|line| Line::fact(format!("it {line}"))));
        words.extend(held_words(forecast).map(Line::problem));
    } else if command.target.kind == crate::domain::id::ObjectKind::DaemonSet {
        words.push(Line::problem("what it does to pods is not known: nodes or pods cannot be read"));
    }
    words.extend(proposal.notes.into_iter().map(Line::fact));
    if model.is_stale() {
        let stale = "what is known of pods and nodes is old: a watch is broken (see the header)";
        words.push(Line::problem(stale));
    }
    if let Some(owner) = ownership(before) {
        words.push(Line::problem(owner.warning()));
    }
    let (disturbed, is_disturbing) = disturbed(model, before, &command);
    words.splice(..0, disturbed);
    let word = match gate(&stops(&model.inventory, impacts)) {
        Gate::Yes if is_disturbing => {
            words.push(Line::problem("somebody is at it: the name has to be typed"));
            Some(command.target.key.name.clone())
        }
        Gate::Yes => None,
        Gate::TypedName { why } => {
            words.push(Line::problem(format!("{why}: the name has to be typed")));
            Some(command.target.key.name.clone())
        }
    };
    let affected: Vec<String> = impacts.iter().map(affected).collect();
    let affected_title = match affected.len() {
        0 => String::new(),
        many => format!("what happens where ({many})"),
    };
    Question {
        words,
        affected_title,
        affected,
        word,
        rehearse: true,
        before: before.clone(),
        after: proposal.after,
        command,
        next: Vec::new(),
        plan: None,
    }
}

/// What becomes of a replacement that goes on there, and whether somebody is at it now.
fn disturbed(model: &Model, before: &RawObject, command: &Command) -> (Option<Line>, bool) {
    // This dsgrid's own is told of only once a minute.
    let own = model.replacement.as_ref();
    let own = own.and_then(|replacing| replacing.claim_on(&command.target.uid, model.now));
    let Some(claim) = own.or_else(|| Claim::read(before)) else { return (None, false) };
    let Some(words) = claim.disturbed_by(command.verb, model.now) else { return (None, false) };
    (Some(Line::problem(words)), claim.is_held(model.now))
}

/// A line for a node.
fn affected(impact: &Impact) -> String {
    let pods = impact.pods.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    let fate = match impact.outcome {
        Outcome::Stop => "is deleted, none comes back",
        Outcome::EvictLoop => "is evicted and made again for ever",
        Outcome::KeepMisscheduled => "stays, no longer wanted",
        Outcome::RemoveOnRollout => "is deleted and not replaced",
        Outcome::Replace => "is replaced",
        Outcome::Start => "a pod starts",
    };
    format!("{}  {pods}{}{fate}", impact.node, if pods.is_empty() { "" } else { " " })
}

/// At once: no dry run, nothing to type.
fn ask_pause(model: &Model, target: &RawObject, reason: &Text) -> Asked {
    let who = PauseBy { by: &model.settings.user, at: model.now, reason };
    let proposal = pause(target, &who)?;
    let back = resume_words(model, proposal.after.as_ref());
    let mut asked = question(model, target, proposal, None);
    // Nothing stops by it, so nothing has to be foretold to stop.
    asked.words.retain(|line| !line.text.starts_with("what it does to pods is not known"));
    if let Some(lost) = surging(model, &asked.command.target.uid) {
        asked.words.push(Line::problem(lost));
    }
    asked.words.extend(back);
    let slot = model.inventory.row_of(&asked.command.target.uid);
    let is_under_way = slot
        .and_then(|slot| standing(&model.inventory, slot))
        .is_some_and(|standing| standing.updated < standing.desired);
    let earlier = earlier(&model.inventory, &asked.command.target.uid);
    if let Some(label) = earlier.filter(|_| is_under_way) {
        asked.words.push(Line::fact(format!("instead, U goes back to {label} in one write")));
        asked.next.push(format!("U goes back to {label}; while paused that moves 0 pods"));
    }
    if is_under_way {
        asked.next.push("R replaces the outdated pods one after another, under gates".to_owned());
    }
    asked.next.push("resume is in the menu: a, or :resume".to_owned());
    Ok(Question { word: None, rehearse: false, ..asked })
}

/// What a pause takes from an update that surges right now.
fn surging(model: &Model, daemon_set: &Uid) -> Option<String> {
    let row = model.inventory.row(model.inventory.row_of(daemon_set)?)?;
    let pods = match row.tally.states[CellState::Surging.severity()] {
        0 => return None,
        1 => "1 new pod that stands beside its old one is".to_owned(),
        many => format!("{many} new pods that stand beside their old ones are"),
    };
    Some(format!("{pods} deleted by it at once; the old ones stay"))
}

/// Why nothing would move, and the key that helps.
fn held_words(forecast: &Forecast) -> Option<String> {
    let held = forecast.held.as_ref()?;
    Some(format!("{held}{}", if held.is_dead { " (F)" } else { "" }))
}

/// What resuming would do at once.
fn resume_words(model: &Model, paused: Option<&RawObject>) -> Vec<Line> {
    let Some(paused) = paused else { return Vec::new() };
    let Ok(back) = resume(paused, &ResumeTo::Untouched) else { return Vec::new() };
    let forecast = forecast(model, paused, &back, None);
    let Some(forecast) = forecast else { return Vec::new() };
    let lines = forecast.lines().into_iter().map(|line| format!("it {line}")).chain(held_words(&forecast));
    lines.map(|line| Line::fact(format!("resuming then: {line}"))).collect()
}

fn ask_resume(model: &Model, daemon_set: &ObjectRef, target: &RawObject, to: &ResumeTo) -> Asked {
    let proposal = match resume(target, to) {
        Err(Refusal::StrategyEdited { saved, now }) => {
            return Err(edited(daemon_set, target, &saved, &now));
        }
        proposal => proposal?,
    };
    let forecast = forecast(model, target, &proposal, None);
    let mut asked = question(model, target, proposal, forecast.as_ref());
    if asked.word.is_none() {
        asked.words.push(Line::problem(
            "the controller replaces old pods by itself again: the name has to be typed",
        ));
    }
    let next = vec!["watch it in the row; P pauses it again, M changes how many at once".to_owned()];
    Ok(Question { word: Some(daemon_set.key.name.clone()), next, ..asked })
}

/// Somebody edited the limits while it was paused: both are shown, and the person decides.
fn edited(daemon_set: &ObjectRef, target: &RawObject, saved: &str, now: &str) -> Trouble {
    let choice =
        |label: String, to| Choice { label, intent: Intent::Resume { daemon_set: daemon_set.clone(), to } };
    let mut choices = vec![choice(format!("what the pause saved: {saved}"), ResumeTo::Saved)];
    if let Some(limits) = target.at("/spec/updateStrategy/rollingUpdate") {
        let kept = serde_json::json!({"type": "RollingUpdate", "rollingUpdate": limits});
        let label = format!("with the limits it has now: {}", strategy::words(&kept));
        choices.push(choice(label, ResumeTo::Strategy(kept)));
    }
    let words = format!("its strategy was edited while it was paused: saved was {saved}, now it is {now}");
    Trouble::Choose { words, choices }
}

fn ask_undo(model: &Model, target: &RawObject, others: &[Option<RawObject>], to: i64) -> Asked {
    let revisions: Vec<RawObject> = others.iter().flatten().cloned().collect();
    let undone = undo(target, &revisions, Some(to))?;
    let differs = templates(target, undone.proposal.after.as_ref());
    let forecast = forecast(model, target, &undone.proposal, Some(&undone.hash));
    let rolls = forecast.as_ref().is_none_or(|forecast| forecast.limit.is_some());
    let mut asked = question(model, target, undone.proposal, forecast.as_ref());
    asked.words.extend(differs);
    let next = if rolls {
        "watch it in the row; P pauses it, M changes how many at once"
    } else {
        "it moved 0 pods: resume (a, or :resume) lets them follow, or R replaces them under gates"
    };
    Ok(Question { next: vec![next.to_owned()], ..asked })
}

/// What changes in the pod template.
fn templates(before: &RawObject, after: Option<&RawObject>) -> Vec<Line> {
    let template = |object: &RawObject| object.at("/spec/template").cloned().map(RawObject::new);
    let Some((old, new)) = template(before).zip(after.and_then(template)) else { return Vec::new() };
    let mut lines = vec![Line::heading("the pod template: - as it is, + as it will be")];
    lines.extend(template_diff(&old, &new));
    lines
}

fn ask_throttle(model: &Model, target: &RawObject, limits: &Limits) -> Asked {
    let proposal = throttle(target, limits)?;
    let forecast = forecast(model, target, &proposal, None);
    let next = vec!["the controller keeps to it from now on; P pauses".to_owned()];
    Ok(Question { next, ..question(model, target, proposal, forecast.as_ref()) })
}

fn ask_force_delete(
    model: &Model,
    target: &RawObject,
    others: &[Option<RawObject>],
    node: &NodeName,
) -> Asked {
    let known = model.inventory.column_of(node).and_then(|slot| model.inventory.column_at(slot));
    if known.is_some_and(|column| column.node.as_ref().is_some_and(crate::domain::object::Node::is_ready)) {
        return Err(Trouble::Words(format!("{node} is Ready again: its kubelet ends the pod")));
    }
    let proposal = force_delete(target, others.iter().flatten().next(), model.now)?;
    let asked = question(model, target, proposal, None);
    let next = vec!["the slot it held is free: the rollout goes on by itself".to_owned()];
    Ok(Question { word: Some(Text::new(node.as_str())), next, ..asked })
}
