//! An action that changes something becomes a wish about what is selected, if it can be taken now.

use super::dialog;
use crate::app::action::Action;
use crate::app::availability::{stuck_pod, subject_row, unavailable};
use crate::app::dialog::{Choice, Dialog, Field, Stage};
use crate::app::intent::{Intent, option_fields};
use crate::app::marks::Mark;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::page::Line;
use crate::app::relabel::selected;
use crate::app::screen::{entries, revision_refs};
use crate::domain::age::age;
use crate::domain::command::{Limits, ResumeTo};
use crate::domain::history::Entry;
use crate::domain::id::{NodeName, ObjectKind, ObjectRef};
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
        Action::ReplacePods => model.dialog = Some(fill_options(model, daemon_set)),
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
    let field = |label, value| Field { label, value };
    let fields = vec![field("maxUnavailable", unavailable), field("maxSurge", surge)];
    Dialog::new(Intent::Throttle { daemon_set, limits: Limits::default() }, Stage::Filling, fields)
}

/// How the replacement is to go: of what is marked of this DaemonSet, else of the selected node, else of all.
fn fill_options(model: &Model, daemon_set: ObjectRef) -> Dialog {
    let marked = model.marks.iter().filter_map(|mark| match mark {
        Mark::Cell(uid, node) => (*uid == daemon_set.uid).then_some(node),
        Mark::Node(node) => Some(node),
        Mark::DaemonSet(_) => None,
    });
    let mut nodes: Vec<Text> = marked.map(|node| node.0.clone()).collect();
    if nodes.is_empty() {
        nodes.extend(selected(model).into_iter().map(|node| node.0));
    }
    // One node is its own canary.
    let canary = u32::from(nodes.len() != 1);
    let options = Options { canary, nodes, ..Options::default() };
    let fields = option_fields(&options);
    Dialog::new(Intent::Replace { daemon_set, options: Box::new(options) }, Stage::Filling, fields)
}

fn force_delete(model: &mut Model) {
    let Ok((pod, node)) = stuck_pod(model) else { return };
    let column = model.inventory.column_of(&node).and_then(|slot| model.inventory.column_at(slot));
    let object = column.and_then(|column| column.node.as_ref());
    let node_object = object.map(|object| reference(ObjectKind::Node, &object.meta));
    dialog::open(model, Intent::ForceDelete { pod, node, node_object });
}
