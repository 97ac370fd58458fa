//! A change of nodes from wish to outcome: edited, read afresh, reviewed, sent a few at a time, followed until known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::expect;
use crate::app::action::Action;
use crate::app::availability::unavailable;
use crate::app::effect::Effect;
use crate::app::layout::Mode;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::relabel::{EditLine, Editor, Entry, Relabel, Stage, chosen, edits, relabel_page};
use crate::app::screen::node_ref;
use crate::app::viewport::{follow, step};
use crate::domain::change::Trace;
use crate::domain::command::{Outcome, Ticket};
use crate::domain::gate::Gate;
use crate::domain::id::NodeName;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::Node;
use crate::domain::preview::NodeChange;
use crate::domain::relabel::batch::{Batch, NodeEdit, NodeResult, OnError};
use crate::domain::relabel::guard::Guard;
use crate::domain::relabel::harm::Harm;
use crate::domain::text::{Text, sanitize};

/// So many nodes are read at once.
const READS: usize = 8;
/// What is foretold is looked at again after so long, since pods come and go.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// Opens the editor, or the review of a cordon; or says why not.
pub(super) fn open(model: &mut Model, action: Action) {
    if let Some(why) = unavailable(model, action) {
        model.notice = Some(Notice::failed(why, model.now));
        return;
    }
    let nodes = chosen(model);
    let change = match action {
        Action::CordonNodes => Some(true),
        Action::UncordonNodes => Some(false),
        _ => None,
    };
    match change {
        None => {
            let editor = Editor::new(&model.inventory, nodes);
            model.relabel = Some(Relabel::new(Stage::Editing(editor), None, model.now));
        }
        Some(_) => {
            let change = NodeChange { unschedulable: change, ..NodeChange::default() };
            let edits = edits(&model.inventory, nodes.into_iter().map(|node| (node, change.clone())));
            review(model, edits, None);
        }
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
}

/// A node was read, or could not be.
pub(super) fn answered(model: &mut Model, inquiry: &Inquiry) {
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
    let Stage::Editing(editor) = &mut relabel.stage else { return true };
    editor.refresh(&model.inventory);
    relabel.harm = Harm::of(&model.inventory, &editor.nodes, &editor.pending());
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

/// What the change would do, while it is being edited.
fn foretell(model: &mut Model) {
    if let Some(relabel) = &mut model.relabel
        && let Stage::Editing(editor) = &mut relabel.stage
    {
        editor.refresh(&model.inventory);
        relabel.harm = Harm::of(&model.inventory, &editor.nodes, &editor.pending());
        relabel.foretold = model.now;
    }
    let visible = relabel_page(model).map_or(1, |page| page.visible);
    if let Some(relabel) = &mut model.relabel
        && let Stage::Editing(editor) = &relabel.stage
    {
        relabel.top = follow(relabel.top, visible, editor.lines.len(), editor.at);
    }
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

/// A key in the list of lines.
fn editing(model: &mut Model, action: Action) {
    let page = relabel_page(model).map_or(1, |page| page.visible);
    let page = isize::try_from(page.saturating_sub(1).max(1)).unwrap_or(1);
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Editing(editor) = &mut relabel.stage else { return };
    let delta = match action {
        Action::MoveUp => -1,
        Action::MoveDown => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::GoToTop => isize::MIN / 2,
        Action::GoToBottom => isize::MAX / 2,
        _ => 0,
    };
    editor.at = step(editor.at, delta, editor.lines.len());
    match action {
        Action::Back | Action::Leave => model.relabel = None,
        Action::EditLine => relabel.hint = edit_line(editor).err().unwrap_or_default(),
        Action::AddLabel => editor.entry = Some(Entry::new(false, String::new())),
        Action::AddTaint => editor.entry = Some(Entry::new(true, String::new())),
        Action::RemoveLine => relabel.hint = remove_line(editor).err().unwrap_or_default(),
        Action::RestoreLine => restore_line(editor),
        Action::Review => begin_review(model),
        _ => {}
    }
    // The last line is not one to type in.
    if let Some(Relabel { stage: Stage::Editing(editor), .. }) = &model.relabel
        && action == Action::EditLine
        && editor.lines.get(editor.at) == Some(&EditLine::Review)
    {
        begin_review(model);
    }
}

fn refused(line: &EditLine) -> Result<(), String> {
    match line {
        EditLine::Label(label) => match label.guard {
            Guard::Refuse(why) => Err(format!("refused: {why}")),
            Guard::Free | Guard::Warn(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

fn edit_line(editor: &mut Editor) -> Result<(), String> {
    let Some(line) = editor.lines.get(editor.at) else { return Ok(()) };
    refused(line)?;
    let entry = match line {
        EditLine::Label(label) => {
            let chosen = editor.change.labels.get(&label.key).cloned().flatten();
            let value = chosen.or_else(|| label.common().cloned()).unwrap_or_default();
            Entry::new(false, format!("{}={value}", label.key))
        }
        EditLine::Taint(taint, _) => Entry::new(true, taint.to_string()),
        EditLine::NewLabel => Entry::new(false, String::new()),
        EditLine::NewTaint => Entry::new(true, String::new()),
        EditLine::Review => return Ok(()),
    };
    editor.entry = Some(entry);
    Ok(())
}

fn remove_line(editor: &mut Editor) -> Result<(), String> {
    let Some(line) = editor.lines.get(editor.at).cloned() else { return Ok(()) };
    refused(&line)?;
    restore_line(editor);
    match line {
        EditLine::Label(label) if label.missing() < editor.nodes.len() => {
            editor.change.labels.insert(label.key, None);
        }
        EditLine::Taint(taint, 1..) => {
            editor.change.remove_taints.push((taint.key, Some(taint.effect)));
        }
        _ => {}
    }
    Ok(())
}

/// Drops what was to change on the line.
fn restore_line(editor: &mut Editor) {
    match editor.lines.get(editor.at) {
        Some(EditLine::Label(label)) => {
            editor.change.labels.remove(&label.key);
        }
        Some(EditLine::Taint(taint, _)) => {
            let change = &mut editor.change;
            change.add_taints.retain(|known| known.key != taint.key || known.effect != taint.effect);
            change.remove_taints.retain(|(key, effect)| {
                *key != taint.key || effect.as_ref().is_some_and(|effect| *effect != taint.effect)
            });
        }
        _ => {}
    }
}

fn begin_review(model: &mut Model) {
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Editing(editor) = &relabel.stage else { return };
    if editor.change == NodeChange::default() {
        "nothing is to change yet".clone_into(&mut relabel.hint);
        return;
    }
    let (edits, editor) = (editor.edits(&model.inventory), editor.clone());
    if edits.is_empty() {
        "the nodes are gone".clone_into(&mut relabel.hint);
        return;
    }
    review(model, edits, Some(editor));
}

/// A key while a line is typed.
fn typing(model: &mut Model, action: Action) {
    let Some(relabel) = &mut model.relabel else { return };
    let Stage::Editing(editor) = &mut relabel.stage else { return };
    let Some(entry) = &mut editor.entry else { return };
    match action {
        Action::Back => editor.entry = None,
        Action::Complete => entry.complete(&model.inventory, true),
        Action::CompleteBack => entry.complete(&model.inventory, false),
        Action::EraseCharacter => entry.pop(),
        Action::EraseWord => entry.erase_word(),
        Action::EraseLine => *entry = Entry::new(entry.is_taint, String::new()),
        Action::Submit | Action::Review => {
            if let Err(why) = entry.read() {
                relabel.hint = why;
                return;
            }
            let key = entry.text.split(['=', ':', '-']).next().unwrap_or_default().to_owned();
            editor.change = editor.pending();
            editor.entry = None;
            editor.refresh(&model.inventory);
            // On to what was just changed.
            let is_it = |line: &EditLine| matches!(line, EditLine::Label(label) if label.key == *key);
            editor.at = editor.lines.iter().position(is_it).unwrap_or(editor.at);
            if action == Action::Review {
                begin_review(model);
            }
        }
        _ => {}
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
    let Some(relabel) = &mut model.relabel else { return Vec::new() };
    let is_drawn = relabel.is_drawn();
    let Stage::Ready { batch, gate, typed } = &mut relabel.stage else { return Vec::new() };
    match action {
        Action::Back | Action::Leave => close(model),
        Action::NextField => batch.set_on_error(match batch.on_error() {
            OnError::Stop => OnError::Continue,
            OnError::Continue => OnError::Stop,
        }),
        Action::EraseCharacter => {
            typed.pop();
        }
        Action::EraseLine => typed.clear(),
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
    let screen = isize::try_from(page.visible.saturating_sub(1).max(1)).unwrap_or(1);
    let delta = match action {
        Action::MoveUp => -1,
        Action::MoveDown => 1,
        Action::PageUp => -screen,
        Action::PageDown => screen,
        Action::GoToTop => isize::MIN / 2,
        Action::GoToBottom => isize::MAX / 2,
        _ => return,
    };
    relabel.top = step(page.top, delta, page.lines.len().saturating_sub(page.visible) + 1);
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
    let mut effects = Vec::new();
    let Some(relabel) = &mut model.relabel else { return effects };
    let Stage::Sent { batch, tickets } = &mut relabel.stage else { return effects };
    while let Some((node, command)) = batch.next() {
        let ticket = model.writes.ticket();
        model.writes.sent(ticket, command.clone(), model.now);
        tickets.insert(ticket, node);
        effects.push(Effect::Send { ticket, command: Box::new(command), dry_run: false });
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
        target.iter().for_each(|target| model.answers.forget(target));
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
    if is_done {
        let of_node = relabel.harm.impacts.iter().filter(|impact| impact.node == *node).cloned();
        let foretold = of_node.collect();
        expect::add(model, foretold);
    }
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
