//! An action that changes something becomes a wish about what is selected, if it can be taken now.

use super::dialog;
use crate::app::action::Action;
use crate::app::availability::{stuck_pod, subject_row, unavailable};
use crate::app::dialog::{Choice, Dialog, Field, Stage};
use crate::app::intent::Intent;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::page::Line;
use crate::app::replace::{aims, fields};
use crate::app::screen::{entries, revision_refs};
use crate::domain::age::age;
use crate::domain::command::{Limits, ResumeTo};
use crate::domain::history::Entry;
use crate::domain::id::{NodeName, ObjectKind, ObjectRef};
use crate::domain::inventory::Row;
use crate::domain::object::{ControllerRevision, DaemonSet, Meta, UpdateStrategy};
use crate::domain::replace::options::Options;
use crate::domain::text::Text;

/// So many nodes are named of each revision.
const NAMED: usize = 3;

/// Opens the dialog of an action, or says why not.
pub(super) fn make(model: &mut Model, action: Action) {
    if let Some(why) = unavailable(model, action) {
        model.notice = Some(Notice::refused(why, model.now));
        return;
    }
    if action == Action::ReplacePods {
        model.dialog = replace(model);
        return;
    }
    let Some(object) = subject_row(model).map(|row| row.daemon_set.clone()) else { return };
    let daemon_set = reference(ObjectKind::DaemonSet, &object.meta);
    match action {
        Action::PauseRollout => dialog::open(model, Intent::Pause { daemon_set, reason: Text::default() }),
        Action::ResumeRollout if object.strategy == UpdateStrategy::OnDelete => {
            dialog::open(model, Intent::Resume { daemon_set, to: ResumeTo::Untouched });
        }
        Action::ResumeRollout => dialog::open(model, Intent::Forget { daemon_set }),
        Action::RestartRollout => dialog::open(model, Intent::Restart { daemon_set }),
        Action::UndoRollout => model.dialog = Some(choose_revision(model, &daemon_set)),
        Action::ThrottleRollout => model.dialog = Some(fill_limits(&object, daemon_set)),
        Action::ForceDeletePod => force_delete(model),
        _ => {}
    }
}

fn reference(kind: ObjectKind, meta: &Meta) -> ObjectRef {
    ObjectRef { kind, key: meta.key.clone(), uid: meta.uid.clone() }
}

/// Every earlier revision, newest first.
fn choose_revision(model: &Model, daemon_set: &ObjectRef) -> Dialog {
    let (words, choices) = revisions(model, daemon_set);
    let all = revision_refs(model, &daemon_set.uid);
    let intent = Intent::Undo { daemon_set: daemon_set.clone(), revisions: all, to: 0 };
    Dialog::new(intent, Stage::Choosing { words, choices, at: 0 }, Vec::new())
}

/// What one can go back to: what it ran, how old it is, how many pods still run it; once it was read whole, also why it
/// was made and on which nodes it is.
pub(super) fn revisions(model: &Model, daemon_set: &ObjectRef) -> (Vec<Line>, Vec<Choice>) {
    let mut known: Vec<&ControllerRevision> = model.inventory.revisions(&daemon_set.uid).iter().collect();
    known.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    let all = revision_refs(model, &daemon_set.uid);
    let read = entries(model, &daemon_set.uid);
    let told = |revision: &ControllerRevision| {
        let entry = read.iter().find(|entry| entry.hash == revision.hash);
        describe(model, daemon_set, revision, entry)
    };
    let undo = |to| Intent::Undo { daemon_set: daemon_set.clone(), revisions: all.clone(), to };
    let choice = |revision: &&ControllerRevision| Choice {
        label: format!("{:<20} {}", revision.label(), told(revision)),
        intent: undo(revision.revision),
    };
    let choices = known.iter().skip(1).map(choice).collect();
    let current = known.first().map(|revision| format!("now: {}  {}", revision.label(), told(revision)));
    (vec![Line::fact(current.unwrap_or_default()), Line::heading("go back to")], choices)
}

/// What is known of a revision, in one line.
fn describe(
    model: &Model,
    daemon_set: &ObjectRef,
    revision: &ControllerRevision,
    entry: Option<&Entry>,
) -> String {
    let mut parts = Vec::new();
    parts.extend(revision.meta.created.map(|at| format!("made {} ago", age(Some(at), model.now))));
    let Some(entry) = entry else {
        let slot = model.inventory.row_of(&daemon_set.uid);
        let pods = slot.into_iter().flat_map(|slot| model.inventory.pods_of(slot));
        let count = pods.filter(|pod| pod.revision.as_ref() == Some(&revision.hash)).count();
        parts.push(format!("{count} pod{}", if count == 1 { "" } else { "s" }));
        return parts.join(", ");
    };
    let node_names: Vec<&str> = entry.nodes.iter().take(NAMED).map(NodeName::as_str).collect();
    parts.push(match entry.nodes.len() {
        0 => "on no node".to_owned(),
        1 => format!("on 1 node: {}", node_names.join(", ")),
        many if many > NAMED => format!("on {many} nodes: {} and more", node_names.join(", ")),
        many => format!("on {many} nodes: {}", node_names.join(", ")),
    });
    parts.extend((!entry.change_cause.is_empty()).then(|| format!("cause: {}", entry.change_cause)));
    let images: Vec<&str> = entry.images.iter().map(Text::as_str).collect();
    parts.push(format!("images: {}", images.join(", ")));
    parts.join("; ")
}

/// The limits as they are, to be changed.
fn fill_limits(object: &DaemonSet, daemon_set: ObjectRef) -> Dialog {
    let (unavailable, surge) = match &object.strategy {
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            (max_unavailable.to_string(), max_surge.to_string())
        }
        UpdateStrategy::OnDelete => (String::new(), String::new()),
    };
    let fields = vec![
        Field::value("maxUnavailable", unavailable, "like 1 or 10%"),
        Field::value("maxSurge", surge, "like 1 or 10%"),
    ];
    Dialog::new(Intent::Throttle { daemon_set, limits: Limits::default() }, Stage::Filling, fields)
}

/// How a replacement is to go; first whose, where more than one DaemonSet can be meant.
fn replace(model: &Model) -> Option<Dialog> {
    let aims = aims(model).ok()?;
    let wishes = aims.into_iter().filter_map(|aim| {
        let row = model.inventory.row(model.inventory.row_of(&aim.daemon_set)?)?;
        Some((reference(ObjectKind::DaemonSet, &row.daemon_set.meta), options(row, &aim.nodes)))
    });
    let wishes: Vec<(ObjectRef, Options)> = wishes.collect();
    let intent = |(daemon_set, options): (ObjectRef, Options)| Intent::Replace {
        daemon_set,
        options: Box::new(options),
    };
    match wishes.as_slice() {
        [] => None,
        [(_, options)] => {
            let fields = fields(options);
            Some(Dialog::new(intent(wishes.into_iter().next()?), Stage::Filling, fields))
        }
        [first, ..] => {
            let words = vec![Line::fact("one DaemonSet after another: whose pods first?"), Line::fact("")];
            let first = intent(first.clone());
            let label = |wish: &(ObjectRef, Options)| wish.0.key.to_string();
            let choices = wishes.into_iter().map(|wish| Choice { label: label(&wish), intent: intent(wish) });
            let stage = Stage::Choosing { words, choices: choices.collect(), at: 0 };
            Some(Dialog::new(first, stage, Vec::new()))
        }
    }
}

/// As it was begun by whoever left it, else as usual; of these nodes.
fn options(row: &Row, nodes: &[NodeName]) -> Options {
    let nodes: Vec<Text> = nodes.iter().map(|node| node.0.clone()).collect();
    match &row.daemon_set.replacing {
        Some(claim) if nodes.is_empty() => claim.options.clone(),
        // One node is its own canary.
        _ => Options { canary: u32::from(nodes.len() != 1), nodes, ..Options::default() },
    }
}

fn force_delete(model: &mut Model) {
    let Ok((pod, node)) = stuck_pod(model) else { return };
    let column = model.inventory.column_of(&node).and_then(|slot| model.inventory.column_at(slot));
    let object = column.and_then(|column| column.node.as_ref());
    let node_object = object.map(|object| reference(ObjectKind::Node, &object.meta));
    dialog::open(model, Intent::ForceDelete { pod, node, node_object });
}
