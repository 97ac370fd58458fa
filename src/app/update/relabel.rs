//! A change of nodes from wish to outcome: edited, read afresh, reviewed, sent a few at a time, followed until known.

mod edit;

use std::collections::{BTreeMap, BTreeSet};

use super::expect;
use crate::app::action::Action;
use crate::app::availability::unavailable;
use crate::app::effect::Effect;
use crate::app::layout::Mode;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::relabel::{Editor, FRESH, Relabel, Stage, chosen, chosen_group, edits, relabel_page};
use crate::app::screen::node_ref;
use crate::app::typing::erase;
use crate::app::viewport::step;
use crate::domain::change::Trace;
use crate::domain::command::{Outcome, Ticket};
use crate::domain::gate::Gate;
use crate::domain::id::NodeName;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::Node;
use crate::domain::preview::{Impact, NodeChange};
use crate::domain::relabel::batch::{Batch, Item, NodeEdit, NodeResult, OnError};
use crate::domain::relabel::harm::Harm;
use crate::domain::text::{Text, sanitize};
use edit::{editing, foretell, typing};

/// So many nodes are read at once.
const READS: usize = 8;

/// Opens the editor, or the review of a cordon; or says why not.
pub(super) fn open(model: &mut Model, action: Action) {
    if let Some(why) = unavailable(model, action) {
        model.notice = Some(Notice::refused(why, model.now));
        return;
    }
    if action == Action::TakeBack {
        let back = model.last_change.as_ref().map(Batch::inverse).unwrap_or_default();
        let edits = edits(&model.inventory, back.into_iter());
        return review(model, edits, None);
    }
    let nodes = chosen(model);
    let group = chosen_group(model).map(|group| group.name().to_owned());
    let change = match action {
        Action::CordonNodes => Some(true),
        Action::UncordonNodes => Some(false),
        _ => None,
    };
    if change.is_some() {
        let change = NodeChange { unschedulable: change, ..NodeChange::default() };
        let edits = edits(&model.inventory, nodes.into_iter().map(|node| (node, change.clone())));
        review(model, edits, None);
    } else {
        let editor = Editor::new(&model.inventory, nodes);
        model.relabel = Some(Relabel::new(Stage::Editing(editor), None, model.now));
    }
    if let Some(relabel) = &mut model.relabel {
        relabel.group = group;
    }
}

/// Reads the nodes afresh, to show what would be sent.
fn review(model: &mut Model, edits: Vec<NodeEdit>, editor: Option<Editor>) {
    for edit in &edits {
        model.answers.forget(&asked(&edit.shown));
    }
    let stage = Stage::Reading { edits, read: BTreeMap::new(), since: model.now };
    match &mut model.relabel {
        Some(relabel) => {
            relabel.editor = editor;
            relabel.go_to(stage);
        }
        None => model.relabel = Some(Relabel::new(stage, editor, model.now)),
    }
}

fn asked(node: &Node) -> Inquiry {
    Inquiry::Object(node_ref(node))
}

/// The nodes that have still to be read, a few at a time.
pub(super) fn needed(model: &Model, needed: &mut BTreeSet<Inquiry>) {
    if let Some(Relabel { stage: Stage::Reading { edits, read, .. }, .. }) = &model.relabel {
        let missing = edits.iter().filter(|edit| !read.contains_key(&edit.shown.name()));
        needed.extend(missing.take(READS).map(|edit| asked(&edit.shown)));
    }
    // Only the whole object tells who changed a node.
    if let Some(Relabel { stage: Stage::Ready { batch, .. }, changed: Some(_), .. }) = &model.relabel {
        needed.extend(batch.conflicts().take(READS).map(|item| asked(&item.edit.shown)));
    }
}

/// A node was read, or could not be.
pub(super) fn answered(model: &mut Model, inquiry: &Inquiry) {
    if let Some(Relabel { stage: Stage::Ready { batch, .. }, .. }) = &mut model.relabel {
        let known = batch.conflicts().find(|item| asked(&item.edit.shown) == *inquiry).map(Item::node);
        if let (Some(node), Some(Answer::Object(Some(fresh)))) = (known, model.answers.get(inquiry)) {
            batch.blame(&node, fresh);
        }
        return;
    }
    let Some(Relabel { stage: Stage::Reading { edits, read, .. }, .. }) = &mut model.relabel else { return };
    let Some(edit) = edits.iter().find(|edit| asked(&edit.shown) == *inquiry) else { return };
    let outcome = match (model.answers.failure(inquiry), model.answers.get(inquiry)) {
        (Some(why), _) => Err(Text::new(&format!("it cannot be read: {why}"))),
        (None, Some(Answer::Object(object))) => Ok(object.clone()),
        _ => return,
    };
    read.insert(edit.shown.name(), outcome);
    if read.len() < edits.len() {
        return;
    }
    let (edits, mut read) = (std::mem::take(edits), std::mem::take(read));
    let with = |edit: NodeEdit| {
        let fresh = read.remove(&edit.shown.name()).unwrap_or(Ok(None));
        (edit, fresh)
    };
    let batch = Batch::new(edits.into_iter().map(with).collect());
    let harm = batch.harm(&model.inventory);
    let gate = harm.gate(&model.inventory);
    if let Some(relabel) = &mut model.relabel {
        relabel.harm = harm;
        relabel.go_to(Stage::Ready { batch, gate, typed: String::new() });
    }
}

/// The frame on the screen shows the model as it is.
pub(super) fn drawn(model: &mut Model) {
    if model.layout.mode != Mode::TooSmall
        && let Some(relabel) = &mut model.relabel
    {
        relabel.was_drawn();
    }
}

/// What is there now, and what a change of it would do; whether anything reads differently.
pub(super) fn refresh(model: &mut Model) -> bool {
    let now = model.now;
    let Some(relabel) = &mut model.relabel else { return false };
    if now.duration_since(relabel.foretold) < FRESH {
        return false;
    }
    relabel.foretold = now;
    let Stage::Editing(editor) = &mut relabel.stage else {
        return look_again(model);
    };
    editor.refresh(&model.inventory);
    relabel.harm = Harm::of(&model.inventory, &editor.nodes, &editor.pending());
    true
}

/// Looks again at what waits to be confirmed; whether it is otherwise.
fn look_again(model: &mut Model) -> bool {
    let Some(relabel) = &mut model.relabel else { return false };
    if !relabel.look_again(&model.inventory, model.now) {
        return false;
    }
    if let Stage::Ready { batch, .. } = &relabel.stage {
        batch.conflicts().for_each(|item| model.answers.forget(&asked(&item.edit.shown)));
    }
    true
}

/// A key.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(relabel) = &mut model.relabel else { return Vec::new() };
    relabel.hint.clear();
    match &mut relabel.stage {
        Stage::Editing(editor) if editor.entry.is_some() => typing(model, action),
        Stage::Editing(_) => editing(model, action),
        Stage::Reading { .. } => {
            if matches!(action, Action::Back | Action::Leave) {
                close(model);
            }
        }
        Stage::Ready { .. } => return reviewing(model, action),
        Stage::Sent { .. } => return following(model, action),
    }
    foretell(model);
    Vec::new()
}

/// Back to the editor, where it came from one; else it is over.
fn close(model: &mut Model) {
    let Some(mut relabel) = model.relabel.take() else { return };
    if let Some(mut editor) = relabel.editor.take() {
        editor.refresh(&model.inventory);
        relabel.go_to(Stage::Editing(editor));
        model.relabel = Some(relabel);
    }
}

/// A letter that is no key.
pub(super) fn typed(model: &mut Model, character: char) {
    let Some(relabel) = &mut model.relabel else { return };
    relabel.hint.clear();
    let is_drawn = relabel.is_drawn();
    let character = character.to_string();
    let letter = sanitize(&character);
    match &mut relabel.stage {
        Stage::Editing(Editor { entry: Some(entry), .. }) => entry.push(&letter),
        Stage::Ready { typed, .. } if is_drawn => typed.push_str(&letter),
        _ => return,
    }
    foretell(model);
}

/// A key while it is to be confirmed.
fn reviewing(model: &mut Model, action: Action) -> Vec<Effect> {
    // What is confirmed is what would happen now, not what would have happened when it was drawn.
    if matches!(action, Action::Confirm | Action::Submit)
        && (look_again(model)
            || model.relabel.as_ref().is_some_and(|relabel| relabel.is_startling(model.now)))
    {
        let Some(relabel) = &mut model.relabel else { return Vec::new() };
        "it changed a moment ago: read it first".clone_into(&mut relabel.hint);
        return Vec::new();
    }
    let Some(relabel) = &mut model.relabel else { return Vec::new() };
    let is_drawn = relabel.is_drawn();
    let Stage::Ready { batch, gate, typed } = &mut relabel.stage else { return Vec::new() };
    match action {
        Action::Back | Action::Leave => close(model),
        Action::TryAgain if batch.left_out().next().is_some() => try_again(model),
        Action::NextField => batch.set_on_error(match batch.on_error() {
            OnError::Stop => OnError::Continue,
            OnError::Continue => OnError::Stop,
        }),
        _ if erase(typed, action) => {}
        Action::Confirm if is_drawn && *gate == Gate::Yes => return send(model),
        Action::Submit if is_drawn => {
            let word = batch.word();
            if *typed == word {
                return send(model);
            }
            relabel.hint = format!("type {word} to send it");
        }
        _ => scroll(model, action),
    }
    Vec::new()
}

fn scroll(model: &mut Model, action: Action) {
    let Some(page) = relabel_page(model) else { return };
    let Some(relabel) = &mut model.relabel else { return };
    let Some(delta) = action.lines(page.visible) else { return };
    relabel.top = step(page.top, delta, page.lines.len().saturating_sub(page.visible) + 1);
}

/// The same change once more where it was not made, from the nodes as they are now: what would be sent is shown again.
fn try_again(model: &mut Model) {
    let Some(relabel) = &mut model.relabel else { return };
    let (Stage::Ready { batch, .. } | Stage::Sent { batch, .. }) = &relabel.stage else { return };
    let edits = edits(&model.inventory, batch.not_done().into_iter());
    if edits.is_empty() {
        "nothing is left to try again".clone_into(&mut relabel.hint);
        return;
    }
    let editor = relabel.editor.take();
    review(model, edits, editor);
}

/// Sends it: a few at once, each once.
fn send(model: &mut Model) -> Vec<Effect> {
    let Some(relabel) = &mut model.relabel else { return Vec::new() };
    let Stage::Ready { batch, .. } = &relabel.stage else { return Vec::new() };
    if batch.ready().next().is_none() {
        return Vec::new();
    }
    let batch = batch.clone();
    relabel.go_to(Stage::Sent { batch, tickets: BTreeMap::new() });
    more(model)
}

/// Sends what there is room for.
fn more(model: &mut Model) -> Vec<Effect> {
    let (mut effects, mut nodes) = (Vec::new(), Vec::new());
    let Some(relabel) = &mut model.relabel else { return effects };
    let Stage::Sent { batch, tickets } = &mut relabel.stage else { return effects };
    while let Some((node, command)) = batch.send_next() {
        let ticket = model.writes.ticket();
        model.writes.sent(ticket, command.clone(), model.now);
        tickets.insert(ticket, node.clone());
        nodes.push(node);
        effects.push(Effect::Send { ticket, command: Box::new(command), dry_run: false });
    }
    for node in nodes {
        let foretold = foretold_of(model, &node);
        expect::guard(model, &node, &foretold);
    }
    effects
}

/// What came of a write to a node; none where the write is not one of these.
pub(super) fn sent(model: &mut Model, ticket: Ticket, outcome: &Outcome) -> Option<Vec<Effect>> {
    let node = ticketed(model, ticket)?;
    if let Outcome::Unknown(why) = outcome {
        let target = model.writes.get(ticket).map(|write| Inquiry::Object(write.command.target.clone()));
        model.writes.lost(ticket, why.clone());
        // Only what is read from now on can tell.
        if let Some(target) = target {
            model.answers.forget(&target);
        }
    } else {
        model.writes.settle(ticket);
    }
    ended(model, &node, outcome.clone());
    Some(more(model))
}

/// What was read back says that a write without an answer was done, or was not; whether it was one of these.
pub(super) fn read_back(model: &mut Model, ticket: Ticket, found: Trace) -> bool {
    let Some(node) = ticketed(model, ticket) else { return false };
    model.writes.settle(ticket);
    let result = match found {
        Trace::Seen => NodeResult::Done,
        Trace::Gone => NodeResult::Gone,
        Trace::NotSeen => NodeResult::Refused(Text::new("no answer came, and it was not done: read back")),
    };
    settle(model, &node, result);
    true
}

fn ticketed(model: &Model, ticket: Ticket) -> Option<NodeName> {
    match &model.relabel.as_ref()?.stage {
        Stage::Sent { tickets, .. } => tickets.get(&ticket).cloned(),
        _ => None,
    }
}

fn ended(model: &mut Model, node: &NodeName, outcome: Outcome) {
    let Some(Relabel { stage: Stage::Sent { batch, .. }, .. }) = &model.relabel else { return };
    let Some(item) = batch.items().iter().find(|item| item.node() == *node) else { return };
    let result = NodeResult::of(outcome, &item.edit.shown);
    settle(model, node, result);
}

fn settle(model: &mut Model, node: &NodeName, result: NodeResult) {
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Sent { batch, .. } = &mut relabel.stage else { return };
    let is_done = result == NodeResult::Done;
    batch.ended(node, result);
    if batch.is_over() && batch.done().next().is_some() {
        model.last_change = Some(batch.clone());
    }
    if is_done {
        let foretold = foretold_of(model, node);
        expect::add(model, foretold);
    } else {
        expect::unguard(model, node);
    }
}

fn foretold_of(model: &Model, node: &NodeName) -> Vec<Impact> {
    let impacts = model.relabel.iter().flat_map(|relabel| &relabel.harm.impacts);
    impacts.filter(|impact| impact.node == *node).cloned().collect()
}

/// A key while it is under way, and after.
fn following(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(relabel) = &mut model.relabel else { return Vec::new() };
    let Stage::Sent { batch, .. } = &mut relabel.stage else { return Vec::new() };
    match action {
        Action::Back | Action::Leave if batch.is_over() => {
            let words = batch.words();
            model.relabel = None;
            model.notice = Some(Notice::said(format!("nodes: {words}"), model.now));
        }
        Action::Back | Action::Leave => batch.stop(),
        Action::TryAgain if batch.is_over() => try_again(model),
        Action::TakeBack if batch.is_over() => {
            let back = batch.inverse();
            if back.is_empty() {
                "nothing was changed, so there is nothing to take back".clone_into(&mut relabel.hint);
                return Vec::new();
            }
            let edits = edits(&model.inventory, back.into_iter());
            review(model, edits, None);
        }
        _ => scroll(model, action),
    }
    Vec::new()
}
