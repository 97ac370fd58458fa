//! Whether an action that changes the cluster can be taken now, and why not.

use std::collections::BTreeSet;

use super::action::Action;
use super::intent::permission;
use super::model::Model;
use super::relabel::{chosen, node_of};
use super::replace::{Replacing, aims};
use super::screen::{Subject, subject};
use crate::domain::command::Verb;
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef, Uid};
use crate::domain::inquiry::{Answer, Inquiry, Permission};
use crate::domain::inventory::{CellView, Inventory, Row};
use crate::domain::object::{Pod, UpdateStrategy};
use crate::domain::relabel::batch::Batch;
use crate::domain::rights::denied_revisions;
use crate::domain::text::Text;

/// What an action writes, in the words of the journal; none for actions that change nothing.
#[must_use]
pub fn verb_of(action: Action) -> Option<Verb> {
    Some(match action {
        Action::PauseRollout => Verb::Pause,
        Action::ResumeRollout => Verb::Resume,
        Action::RestartRollout => Verb::Restart,
        Action::UndoRollout => Verb::Undo,
        Action::ThrottleRollout => Verb::Throttle,
        Action::ForceDeletePod => Verb::ForceDeletePod,
        Action::ReplacePods => Verb::Replace,
        Action::EditNodes | Action::TakeBack => Verb::Label,
        Action::CordonNodes => Verb::Cordon,
        Action::UncordonNodes => Verb::Uncordon,
        _ => return None,
    })
}

/// Why an action cannot be taken now; none where it can, or where only the server knows.
#[must_use]
pub fn unavailable(model: &Model, action: Action) -> Option<String> {
    let verb = verb_of(action)?;
    if model.settings.read_only {
        return Some("read-only: this dsgrid changes nothing (--read-only or the configuration)".to_owned());
    }
    if action == Action::TakeBack {
        return of_last_change(model);
    }
    if matches!(verb, Verb::Label | Verb::Cordon | Verb::Uncordon) {
        return of_nodes(model, verb);
    }
    if verb == Verb::Replace {
        return of_pods(model);
    }
    let Some(row) = subject_row(model) else {
        return Some("select a DaemonSet first".to_owned());
    };
    state(model, row, verb).or_else(|| missing_right(model, verb, &row.daemon_set.meta.key))
}

/// The DaemonSet that keys are about, on whatever screen.
pub(super) fn subject_row(model: &Model) -> Option<&Row> {
    model.inventory.row(model.inventory.row_of(&subject(model).daemon_set?)?)
}

/// Whether somebody, here or elsewhere, replaces its pods now.
pub(super) fn is_replaced(model: &Model, row: &Row) -> bool {
    let set = &row.daemon_set;
    let own = model.replacement.as_ref();
    own.is_some_and(|replacing| replacing.claim_on(&set.meta.uid, model.now).is_some())
        || set.replacing.as_ref().is_some_and(|claim| claim.is_held(model.now))
}

/// Why the nodes that are meant cannot be changed.
fn of_nodes(model: &Model, verb: Verb) -> Option<String> {
    let nodes = chosen(model);
    let Some(first) = nodes.first() else {
        return Some("select a node, a cell or a group first, or mark some".to_owned());
    };
    let is_cordoned =
        |node: &NodeName| node_of(&model.inventory, node).is_some_and(|node| node.unschedulable);
    match verb {
        Verb::Cordon if nodes.iter().all(is_cordoned) => {
            return Some("cordoned already; uncordon is in the menu (a)".to_owned());
        }
        Verb::Uncordon if !nodes.iter().any(is_cordoned) => return Some("not cordoned".to_owned()),
        _ => {}
    }
    let key = ObjectKey { namespace: Text::default(), name: first.0.clone() };
    missing_right(model, verb, &key)
}

/// Why the last change of nodes cannot be taken back.
fn of_last_change(model: &Model) -> Option<String> {
    let back = model.last_change.as_ref().map(Batch::inverse).unwrap_or_default();
    if back.is_empty() {
        return Some("no node was changed since this dsgrid began".to_owned());
    }
    let Some((name, _)) = back.iter().find(|(name, _)| node_of(&model.inventory, name).is_some()) else {
        return Some("the nodes that were changed are gone".to_owned());
    };
    missing_right(model, Verb::Label, &ObjectKey { namespace: Text::default(), name: name.0.clone() })
}

/// Why the pods that are meant cannot be replaced.
fn of_pods(model: &Model) -> Option<String> {
    let aims = match aims(model) {
        Ok(aims) => aims,
        Err(why) => return Some(why),
    };
    let [aim] = aims.as_slice() else { return None };
    let row = model.inventory.row(model.inventory.row_of(&aim.daemon_set)?)?;
    let key = &row.daemon_set.meta.key;
    // Either way of deleting will do.
    let right = || missing_right(model, Verb::EvictPod, key).and(missing_right(model, Verb::Replace, key));
    state(model, row, Verb::Replace).or_else(right)
}

/// What the state of what is selected refuses.
fn state(model: &Model, row: &Row, verb: Verb) -> Option<String> {
    let set = &row.daemon_set;
    let is_rolling = matches!(set.strategy, UpdateStrategy::RollingUpdate { .. });
    let words = match verb {
        Verb::Pause if set.is_paused() => "already paused; resume is in the menu (a)",
        Verb::Pause | Verb::Throttle if set.is_paused() => "paused: there is no limit in force",
        Verb::Pause if !is_rolling => "OnDelete: nothing is rolled out by itself, so nothing can be paused",
        Verb::Throttle if !is_rolling => "OnDelete: there is no limit to change",
        Verb::Resume if is_rolling && set.pause.is_none() => "it is not paused",
        Verb::Resume if set.pause.is_none() => {
            "OnDelete, but not paused by dsgrid: there is nothing to restore"
        }
        Verb::Restart if set.is_paused() => "paused: nothing would restart; resume first",
        Verb::Undo if model.inventory.revisions(&set.meta.uid).len() < 2 => {
            match denied_revisions(&model.inventory, &set.meta.key.namespace) {
                Some(why) => return Some(format!("revisions (controllerrevisions) may not be read: {why}")),
                None => "there is no earlier revision to go back to",
            }
        }
        Verb::ForceDeletePod => return stuck_pod(model).err(),
        Verb::Replace if is_rolling => {
            "RollingUpdate: its controller replaces pods by itself; pause it first (P), or set OnDelete"
        }
        Verb::Replace if model.replacement.as_ref().is_some_and(Replacing::is_active) => {
            "a replacement is going on already; % shows it"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// The revision before the current one, in image tags.
pub(super) fn earlier(inventory: &Inventory, daemon_set: &Uid) -> Option<String> {
    let mut known: Vec<_> = inventory.revisions(daemon_set).iter().collect();
    known.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    known.get(1).map(|revision| revision.label())
}

/// The pod of the selected cell that is being deleted on a node that cannot say it ended.
pub(super) fn stuck_pod(model: &Model) -> Result<(ObjectRef, NodeName), String> {
    let Subject { daemon_set, node, .. } = subject(model);
    let row = daemon_set.and_then(|uid| model.inventory.row_of(&uid));
    let cell = row.zip(node.and_then(|name| model.inventory.column_of(&name)));
    let Some(view) = cell.and_then(|(row, column)| model.inventory.view(row, column)) else {
        return Err("select the pod's cell first (b goes to what blocks)".to_owned());
    };
    let deleting = |pod: &&&Pod| pod.is_deleting();
    let Some(pod) = view.pods.iter().find(deleting) else {
        return Err("no pod here is Terminating".to_owned());
    };
    if !is_dead(&view) {
        return Err("the node answers: its kubelet ends the pod".to_owned());
    }
    let object = ObjectRef { kind: ObjectKind::Pod, key: pod.meta.key.clone(), uid: pod.meta.uid.clone() };
    Ok((object, view.column.name.clone()))
}

/// Whether the node is gone or says nothing good of itself.
fn is_dead(view: &CellView<'_>) -> bool {
    view.column.node.as_ref().is_none_or(|node| !node.is_ready())
}

/// What the server said we may not; what is not known counts as allowed, since the server decides.
pub(super) fn missing_right(model: &Model, verb: Verb, object: &ObjectKey) -> Option<String> {
    denied(model, &permission(verb, object))
}

/// What the server said of a right.
pub(super) fn denied(model: &Model, permission: &Permission) -> Option<String> {
    let told = model.answers.get(&Inquiry::Access(permission.clone()))?;
    let Answer::Access { allowed: false, reason } = told else { return None };
    let subresource = match permission.subresource {
        "" => String::new(),
        subresource => format!("/{subresource}"),
    };
    let place = match permission.namespace.as_str() {
        "" => String::new(),
        namespace => format!(" in {namespace}"),
    };
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    Some(format!("you may not {} {}{subresource}{place}{why}", permission.verb, permission.resource))
}

/// The rights that matter for what is selected.
pub(super) fn needed(model: &Model, needed: &mut BTreeSet<Inquiry>) {
    if model.settings.read_only {
        return;
    }
    if !chosen(model).is_empty() {
        needed.insert(Inquiry::Access(permission(Verb::Label, &ObjectKey::default())));
    }
    let aims = aims(model).unwrap_or_default();
    for row in aims.iter().filter_map(|aim| model.inventory.row(model.inventory.row_of(&aim.daemon_set)?)) {
        let ways = [Verb::Replace, Verb::EvictPod].map(|verb| permission(verb, &row.daemon_set.meta.key));
        let by_hand = row.daemon_set.strategy == UpdateStrategy::OnDelete;
        needed.extend(ways.into_iter().filter(|_| by_hand).map(Inquiry::Access));
    }
    let Some(row) = subject_row(model) else { return };
    let key = &row.daemon_set.meta.key;
    needed.insert(Inquiry::Access(permission(Verb::Pause, key)));
    if stuck_pod(model).is_ok() {
        needed.insert(Inquiry::Access(permission(Verb::ForceDeletePod, key)));
    }
}
