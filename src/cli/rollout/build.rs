//! From what a person wants to the write that does it, with what it would do to pods.

use jiff::Timestamp;
use serde_json::Value;

use super::find::Found;
use super::{What, refused};
use crate::cli::args::Global;
use crate::cli::failure::Failure;
use crate::cli::print;
use crate::cli::snapshot::{self, Snapshot};
use crate::cli::write::Writing;
use crate::cluster::{Connection, account};
use crate::domain::command::{
    Limits, PauseBy, Proposal, Refusal, ResumeTo, Verb, force_delete, forget, pause, restart, resume,
    throttle, undo,
};
use crate::domain::event::Scope;
use crate::domain::gate::{Gate, Stops, gate, stops};
use crate::domain::id::{NodeName, ObjectKind, ObjectRef};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::{DaemonSet, Pod, UpdateStrategy};
use crate::domain::preview::rollout::Forecast;
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::Claim;
use crate::domain::strategy::read_limit;
use crate::domain::text::Text;

/// What `--to` of `resume` means.
pub(super) fn resume_to(to: Option<&str>) -> Result<ResumeTo, String> {
    let file = match to {
        None => return Ok(ResumeTo::Untouched),
        Some("saved") => return Ok(ResumeTo::Saved),
        Some(file) => file,
    };
    let wrong = |why: &str| format!("cannot read {file:?}: {why}");
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
    let value: Value = serde_yaml::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
    // A whole manifest, its part under `updateStrategy`, or that part alone.
    let strategy =
        value.pointer("/spec/updateStrategy").or_else(|| value.get("updateStrategy")).unwrap_or(&value);
    if !strategy.get("type").is_some_and(Value::is_string) {
        return Err(wrong("it holds no updateStrategy with a type"));
    }
    Ok(ResumeTo::Strategy(strategy.clone()))
}

/// What the flags of `throttle` mean.
pub(super) fn limits(max_unavailable: Option<&str>, max_surge: Option<&str>) -> Result<Limits, String> {
    let read = |flag: &str, raw: Option<&str>| {
        raw.map(read_limit).transpose().map_err(|why| format!("{flag}: {why}"))
    };
    Ok(Limits {
        max_unavailable: read("--max-unavailable", max_unavailable)?,
        max_surge: read("--max-surge", max_surge)?,
    })
}

/// The write; none where there is nothing to do, which is said.
pub(super) async fn writing(
    global: &Global,
    connection: &Connection,
    found: Found,
    what: &What<'_>,
) -> Result<Option<Writing>, Failure> {
    let Found { key, object } = found;
    let place = key.to_string();
    let writing = match what {
        What::Pause { reason } => {
            let user = global.acts_as(&connection.user);
            // A token or a certificate alone has no name here.
            let by = if user.is_empty() { account() } else { Text::new(user) };
            let who = PauseBy { by: &by, at: Timestamp::now(), reason: &Text::new(reason) };
            pause(&object, &who).map(|proposal| Writing {
                forecast: Vec::new(),
                warnings: Vec::new(),
                gate: Gate::Yes,
                name: key.name.to_string(),
                done: format!("{place} is paused"),
                next: format!(
                    "{}`dsgrid resume {place}` goes on, `dsgrid get --paused` lists what is paused",
                    if is_under_way(&object) {
                        format!("`dsgrid undo {place}` goes back, ")
                    } else {
                        String::new()
                    }
                ),
                proposal,
                before: object,
            })
        }
        What::ForceDelete { node } => return forced(global, connection, &object, node).await.map(Some),
        What::Resume { .. } | What::Restart | What::Undo { .. } | What::Throttle(_) => {
            match spec_change(connection, &object, what).await? {
                Ok(change) => {
                    let snapshot = look(global, connection, &object).await;
                    Ok(foretold(snapshot.as_ref(), object, change, what, &place))
                }
                Err(refusal) => Err(refusal),
            }
        }
    };
    match writing {
        Ok(writing) => Ok(Some(writing)),
        Err(Refusal::NothingToDo(why)) => {
            print::note(&format!("{place}: nothing was changed: {why}"));
            Ok(None)
        }
        Err(refusal) => Err(refused(what.verb(), &key, &refusal)),
    }
}

/// Whether pods of an earlier template run, as far as the controller's status tells: a stop reads nothing more.
fn is_under_way(object: &RawObject) -> bool {
    let read: DaemonSet = object.decode().unwrap_or_default();
    // The annotation counts the templates; the first has no earlier one.
    let templates = read.template_generation.as_ref().and_then(|count| count.parse::<u64>().ok());
    templates.is_none_or(|count| count > 1)
        && (read.status.up_to_date < read.status.desired || !read.is_observed())
}

/// A change to a spec, and the revision that comes back with it.
struct Change {
    proposal: Proposal,
    hash: Option<Text>,
    done: String,
}

async fn spec_change(
    connection: &Connection,
    object: &RawObject,
    what: &What<'_>,
) -> Result<Result<Change, Refusal>, Failure> {
    let plain = |done: &str| {
        let done = done.to_owned();
        move |proposal| Change { proposal, hash: None, done }
    };
    Ok(match what {
        What::Resume { to, reason } => {
            let resumed = match resume(object, to) {
                // What a pause left beside another strategy is all that can be taken back.
                Err(Refusal::NotPaused(strategy)) => match forget(object) {
                    Ok(proposal) => return Ok(Ok(plain("is rid of what a pause left")(proposal))),
                    Err(_) => Err(Refusal::NotPaused(strategy)),
                },
                resumed => resumed,
            };
            resumed.map(|mut proposal| {
                if !reason.is_empty() {
                    let to = format!("{}; {reason}", proposal.command.to);
                    proposal.command.to = Text::new(&to);
                }
                plain("goes on")(proposal)
            })
        }
        What::Restart => restart(object, Timestamp::now()).map(plain("is restarted")),
        What::Throttle(limits) => throttle(object, limits).map(plain("has other limits")),
        What::Undo { to } => {
            let read: DaemonSet = object.decode().unwrap_or_default();
            let revisions = connection.revisions_json(&read.meta.key, &read.selector.to_string()).await?;
            let revisions: Vec<RawObject> = revisions.into_iter().map(RawObject::new).collect();
            undo(object, &revisions, *to).map(|undone| Change {
                done: format!("goes back from {} to {}", undone.from, undone.to),
                hash: Some(undone.hash),
                proposal: undone.proposal,
            })
        }
        What::Pause { .. } | What::ForceDelete { .. } => Err(Refusal::NothingToDo(String::new())),
    })
}

/// The namespace of a DaemonSet and the nodes; none where they cannot be read.
async fn look(global: &Global, connection: &Connection, object: &RawObject) -> Option<Snapshot> {
    let read: DaemonSet = object.decode().ok()?;
    let scope = Scope::Namespace(read.meta.key.namespace);
    match snapshot::take(connection, &scope, global.request_timeout).await {
        Ok(snapshot) => {
            snapshot.warnings.iter().for_each(|warning| print::note(&format!("warning: {warning}")));
            Some(snapshot)
        }
        Err(failure) => {
            print::note(&format!("warning: {failure}"));
            None
        }
    }
}

/// Adds what it does to pods, and how hard that is to confirm.
fn foretold(
    snapshot: Option<&Snapshot>,
    before: RawObject,
    change: Change,
    what: &What<'_>,
    place: &str,
) -> Writing {
    let after = change.proposal.after.clone().unwrap_or_default();
    let forecast = snapshot.and_then(|snapshot| {
        let inventory = &snapshot.inventory;
        Some((inventory, Forecast::of(inventory, &before, &after, change.hash.as_ref())?))
    });
    let command = &change.proposal.command;
    let now = snapshot.map_or_else(Timestamp::now, |snapshot| snapshot.inventory.now());
    let (disturbed, is_at_it) = disturbed(&before, command.verb, now);
    let gate = match (&forecast, what) {
        _ if command.verb == Verb::Annotate => Gate::Yes,
        (None, _) => Gate::TypedName { why: "what it does to pods cannot be foretold".to_owned() },
        (Some((_, forecast)), What::Throttle(_)) => {
            let (nodes, of) = forecast.limit.as_ref().map_or((0, 0), |limit| (limit.nodes, limit.desired));
            let pods = usize::try_from(nodes).unwrap_or(usize::MAX).min(forecast.under_way);
            let of = usize::try_from(of).unwrap_or(usize::MAX);
            gate(&[Stops { daemon_set: command.target.key.clone(), pods, of }])
        }
        (Some(_), What::Resume { .. }) => {
            Gate::TypedName { why: "a resume sets the rollout going".to_owned() }
        }
        (Some(_), _) if is_at_it => Gate::TypedName { why: "somebody is at it".to_owned() },
        (Some((inventory, forecast)), _) => gate(&stops(inventory, &forecast.impacts)),
    };
    let lines = lines(forecast.as_ref().map(|(_, forecast)| forecast), place);
    let waits = after.decode().is_ok_and(|read: DaemonSet| read.strategy == UpdateStrategy::OnDelete);
    let paused = after.decode().is_ok_and(|read: DaemonSet| read.is_paused());
    let next = match (waits, paused) {
        (true, true) => format!(
            "it is paused, so this moves no pod: `dsgrid resume {place}` lets the controller replace them, \
             `dsgrid replace {place}` does it under gates"
        ),
        (true, false) => {
            format!("its strategy is OnDelete: `dsgrid replace {place}` replaces pods under gates")
        }
        (false, _) => format!("`dsgrid status {place} --watch` follows it, `dsgrid pause {place}` stops it"),
    };
    Writing {
        name: command.target.key.name.to_string(),
        done: format!("{place} {}", change.done),
        forecast: lines,
        warnings: disturbed.into_iter().collect(),
        proposal: change.proposal,
        before,
        gate,
        next,
    }
}

/// What it does to pods.
fn lines(forecast: Option<&Forecast>, place: &str) -> Vec<String> {
    let Some(forecast) = forecast else {
        return vec!["what it does to pods cannot be foretold: nodes or pods may not be read".to_owned()];
    };
    let mut lines = forecast.lines();
    lines.extend(forecast.held.as_ref().map(|held| match (held.is_dead, held.nodes.first()) {
        (true, Some(node)) => format!("{held} (`dsgrid force-delete {place} {node}`)"),
        _ => held.to_string(),
    }));
    lines
}

/// What becomes of a replacement that goes on there, and whether somebody is at it now.
fn disturbed(before: &RawObject, verb: Verb, now: Timestamp) -> (Option<String>, bool) {
    let Some(claim) = Claim::read(before) else { return (None, false) };
    let words = claim.disturbed_by(verb, now);
    let is_at_it = words.is_some() && claim.is_held(now);
    (words, is_at_it)
}

/// The removal of a pod on a node that is off.
async fn forced(
    global: &Global,
    connection: &Connection,
    object: &RawObject,
    name: &NodeName,
) -> Result<Writing, Failure> {
    let read: DaemonSet = object.decode().unwrap_or_default();
    let key = read.meta.key;
    let scope = Scope::Namespace(key.namespace.clone());
    let snapshot = snapshot::take(connection, &scope, global.request_timeout).await?;
    let inventory = &snapshot.inventory;
    let view = inventory.row_of(&read.meta.uid).zip(inventory.column_of(name));
    let view = view.and_then(|(row, column)| inventory.view(row, column));
    let Some(view) = view else {
        return Err(Failure::Usage(format!("there is no node {name}, and no pod of {key} that targets it")));
    };
    let deleting = |pod: &&&Pod| pod.is_deleting();
    let Some(pod) = view.pods.iter().find(deleting).or(view.pods.first()) else {
        return Err(Failure::Unwritten(format!("cannot force-delete: {key} has no pod on {name}")));
    };
    let pod = ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() };
    let node = view.column.node.as_ref().map(|node| ObjectRef {
        kind: ObjectKind::Node,
        key: node.meta.key.clone(),
        uid: node.meta.uid.clone(),
    });
    let gone = || Failure::Unwritten(format!("{} is gone already; nothing was changed", pod.key));
    let fresh_pod = fresh(connection, &pod).await?.ok_or_else(gone)?;
    let fresh_node = match &node {
        Some(node) => fresh(connection, node).await?,
        None => None,
    };
    let proposal = force_delete(&fresh_pod, fresh_node.as_ref(), inventory.now())
        .map_err(|refusal| refused("force-delete", &pod.key, &refusal))?;
    Ok(Writing {
        proposal,
        before: fresh_pod,
        forecast: vec![format!(
            "a rollout of {key} no longer waits for {name}; no pod starts there until it is Ready"
        )],
        warnings: Vec::new(),
        gate: Gate::TypedName { why: "its containers are not stopped by this".to_owned() },
        name: name.to_string(),
        done: format!("{} is removed", pod.key),
        next: format!("`dsgrid get {key}` shows whether the rollout goes on"),
    })
}

/// An object as it is now.
async fn fresh(connection: &Connection, object: &ObjectRef) -> Result<Option<RawObject>, Failure> {
    match connection.answer(&Inquiry::Object(object.clone())).await? {
        Answer::Object(found) => Ok(found),
        _ => Ok(None),
    }
}
