//! Changing labels, taints or the cordon of nodes: edited with the impact beside it, reviewed, sent and followed node
//! by node.

mod entry;
mod page;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::model::Model;
use super::screen::{Screen, subject};
use super::shown::Shown;
use crate::domain::command::Ticket;
use crate::domain::gate::Gate;
use crate::domain::grid::Group;
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::object::{Node, Taint};
use crate::domain::preview::NodeChange;
use crate::domain::raw::RawObject;
use crate::domain::relabel::batch::{Batch, NodeEdit};
use crate::domain::relabel::guard::guard;
use crate::domain::relabel::harm::Harm;
use crate::domain::relabel::{LabelLine, label_lines, missing_taints};
use crate::domain::text::Text;

pub use entry::Entry;
pub use page::{RelabelPage, relabel_page};

/// What is foretold is looked at again after so long, since pods come and go.
pub(super) const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// A change of nodes on its way from wish to outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Relabel {
    /// How far it is.
    pub stage: Stage,
    /// What it would do, or is to do.
    pub harm: Harm,
    /// The editor that it came from, for going back.
    pub(super) editor: Option<Editor>,
    /// When the impact was foretold last.
    pub(super) foretold: Timestamp,
    /// The first visible line.
    pub(super) top: usize,
    /// The group whose nodes they are, if one was chosen as a whole.
    pub(super) group: Option<String>,
    /// Why a key did not do what was hoped.
    pub(super) hint: String,
    /// What came to be otherwise while it waited to be confirmed, and when.
    pub(super) changed: Option<(Timestamp, String)>,
    /// Whether somebody was about to drop what is not sent.
    pub(super) is_leaving: bool,
    /// What was not yet drawn cannot be confirmed.
    shown: Shown,
}

/// What is read afresh of a node: it may be gone, or not be readable.
pub(super) type Read = Result<Option<RawObject>, Text>;

/// How far a change of nodes is.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// It is being edited.
    Editing(Editor),
    /// The nodes are being read afresh.
    Reading {
        /// What is to change, by node.
        edits: Vec<NodeEdit>,
        /// What was read so far.
        read: BTreeMap<NodeName, Read>,
        /// Since when.
        since: Timestamp,
    },
    /// It can be confirmed.
    Ready {
        /// The requests.
        batch: Batch,
        /// How it is confirmed.
        gate: Gate,
        /// The confirming word as typed so far.
        typed: String,
    },
    /// It is being sent, or has been.
    Sent {
        /// The requests and what came of them.
        batch: Batch,
        /// The nodes of the writes that are under way.
        tickets: BTreeMap<Ticket, NodeName>,
    },
}

impl Relabel {
    /// One that begins at this stage.
    pub(super) fn new(stage: Stage, editor: Option<Editor>, now: Timestamp) -> Self {
        Self {
            stage,
            harm: Harm::default(),
            editor,
            foretold: now,
            top: 0,
            group: None,
            hint: String::new(),
            changed: None,
            is_leaving: false,
            shown: Shown::default(),
        }
    }

    /// Another stage: it has to be seen before it can be confirmed.
    pub(super) fn go_to(&mut self, stage: Stage) {
        self.stage = stage;
        self.hint.clear();
        self.changed = None;
        self.top = 0;
        self.shown.renew();
    }

    /// Looks again at what waits to be confirmed: if it is not as it was, what was typed counts no longer, and it has
    /// to be seen anew. Whether it is otherwise.
    pub(super) fn look_again(&mut self, inventory: &Inventory, now: Timestamp) -> bool {
        let Stage::Ready { batch, gate, typed } = &mut self.stage else { return false };
        self.foretold = now;
        let Some(words) = batch.look_again(&mut self.harm, gate, inventory) else { return false };
        typed.clear();
        self.hint.clear();
        self.changed = Some((now, words));
        self.top = 0;
        self.shown.renew();
        true
    }

    /// Whether it changed so short a time ago that a key may have been meant for what was there before.
    pub(super) fn is_startling(&self, now: Timestamp) -> bool {
        self.changed.as_ref().is_some_and(|(at, _)| now.duration_since(*at) < FRESH)
    }

    /// When it is looked at again; server time.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        matches!(self.stage, Stage::Editing(_) | Stage::Ready { .. }).then(|| self.foretold + FRESH)
    }

    /// It is on the screen as it is now.
    pub(super) fn was_drawn(&mut self) {
        self.shown.was_drawn();
    }

    /// It has to be drawn anew before it can be confirmed.
    pub(super) fn was_moved(&mut self) {
        self.shown.was_moved();
    }

    /// Whether it was on the screen as it is now.
    pub(super) fn is_drawn(&self) -> bool {
        self.shown.is_drawn()
    }

    /// Whether letters are typed into the confirming word.
    pub(super) fn wants_word(&self) -> bool {
        matches!(&self.stage, Stage::Ready { gate: Gate::TypedName { .. }, batch, .. } if batch.ready().next().is_some())
    }
}

/// The editor of many nodes at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Editor {
    /// The nodes that are changed.
    pub nodes: Vec<NodeName>,
    /// What is to change on each of them.
    pub change: NodeChange,
    /// What can be changed, in order.
    pub lines: Vec<EditLine>,
    /// The line with the cursor.
    pub at: usize,
    /// What is being typed.
    pub entry: Option<Entry>,
}

/// A line of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditLine {
    /// A label key.
    Label(LabelLine),
    /// Where a label is added.
    NewLabel,
    /// A taint, and on how many of the nodes it is.
    Taint(Taint, usize),
    /// Where a taint is added.
    NewTaint,
    /// On to what would be sent.
    Review,
}

impl EditLine {
    /// Whether it is the same line, whatever its values.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Label(a), Self::Label(b)) => a.key == b.key,
            (Self::Taint(a, _), Self::Taint(b, _)) => a.key == b.key && a.effect == b.effect,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Editor {
    /// Opens it on these nodes.
    pub(super) fn new(inventory: &Inventory, nodes: Vec<NodeName>) -> Self {
        let change = NodeChange::default();
        let mut editor = Self { nodes, change, lines: Vec::new(), at: 0, entry: None };
        editor.refresh(inventory);
        editor
    }

    /// Makes the lines anew from the nodes as they are now; the cursor stays on its line.
    pub(super) fn refresh(&mut self, inventory: &Inventory) {
        let here = self.lines.get(self.at).cloned();
        self.nodes.retain(|name| node_of(inventory, name).is_some());
        let nodes: Vec<&Node> = self.nodes.iter().filter_map(|name| node_of(inventory, name)).collect();
        let mut labels = label_lines(inventory, &nodes);
        for key in self.change.labels.keys() {
            if !labels.iter().any(|line| line.key == *key) {
                let values = [(None, self.nodes.clone())].into();
                labels.push(LabelLine { key: key.clone(), values, used_by: Vec::new(), guard: guard(key) });
            }
        }
        let mut taints: Vec<(Taint, usize)> = Vec::new();
        for taint in nodes.iter().flat_map(|node| node.taints.iter()).chain(&self.change.add_taints) {
            if !taints.iter().any(|(known, _)| known.key == taint.key && known.effect == taint.effect) {
                let on = nodes.iter().filter(|node| node.taints.contains(taint)).count();
                taints.push((taint.clone(), on));
            }
        }
        taints.sort_by(|(a, _), (b, _)| (&a.key, a.effect.as_str()).cmp(&(&b.key, b.effect.as_str())));
        let labels = labels.into_iter().map(EditLine::Label).chain([EditLine::NewLabel]);
        let taints = taints.into_iter().map(|(taint, on)| EditLine::Taint(taint, on));
        self.lines = labels.chain(taints).chain([EditLine::NewTaint, EditLine::Review]).collect();
        let found = here.and_then(|here| self.lines.iter().position(|line| line.is(&here)));
        self.at = found.unwrap_or(self.at).min(self.lines.len() - 1);
    }

    /// The change with what is being typed, as far as that makes sense already.
    #[must_use]
    pub fn pending(&self) -> NodeChange {
        let typed = self.entry.as_ref().and_then(|entry| entry.read().ok());
        typed.map_or_else(|| self.change.clone(), |typed| entry::with(&self.change, &typed))
    }

    /// Drops the removal of taints that no node has, since nobody could see that it waits; why, if there was one.
    pub(super) fn drop_idle(&mut self, inventory: &Inventory) -> Option<String> {
        let nodes: Vec<&Node> = self.nodes.iter().filter_map(|name| node_of(inventory, name)).collect();
        let missing = missing_taints(&nodes, &self.change);
        self.change.remove_taints.retain(|removed| !missing.contains(removed));
        let (key, effect) = missing.first()?;
        let effect = effect.as_ref().map(|effect| format!(":{}", effect.as_str())).unwrap_or_default();
        Some(format!("there is no taint {key}{effect} to remove"))
    }

    /// What is to change on which node, as it is now; nodes on which nothing changes are left out.
    pub(super) fn edits(&self, inventory: &Inventory) -> Vec<NodeEdit> {
        edits(inventory, self.nodes.iter().map(|node| (node.clone(), self.change.clone())))
    }
}

/// What is to change on which node, as it is now.
pub(super) fn edits(
    inventory: &Inventory,
    changes: impl Iterator<Item = (NodeName, NodeChange)>,
) -> Vec<NodeEdit> {
    let edit = |(name, change): (NodeName, NodeChange)| {
        Some(NodeEdit { shown: node_of(inventory, &name)?.clone(), change })
    };
    changes.filter_map(edit).collect()
}

/// A node that exists.
pub(super) fn node_of<'a>(inventory: &'a Inventory, name: &NodeName) -> Option<&'a Node> {
    inventory.column_at(inventory.column_of(name)?)?.node.as_ref()
}

/// The nodes that are meant: the marked ones, else what is selected. A page about one node is about that node, whatever
/// is marked elsewhere.
pub(super) fn chosen(model: &Model) -> Vec<NodeName> {
    let marked: Vec<NodeName> = match model.screens.last().map(|open| &open.screen) {
        Some(Screen::Node(_) | Screen::Cell { .. } | Screen::Yaml(_)) => Vec::new(),
        _ => model.marks.nodes().into_iter().cloned().collect(),
    };
    let named = if marked.is_empty() { selected(model) } else { marked };
    named.into_iter().filter(|name| node_of(&model.inventory, name).is_some()).collect()
}

/// The nodes of the selected group that are shown, else the one of the screen, the line or the cursor.
pub(super) fn selected(model: &Model) -> Vec<NodeName> {
    match model.screens.last().map(|open| &open.screen) {
        Some(Screen::Node(node) | Screen::Cell { node, .. }) => return vec![node.clone()],
        Some(_) => return subject(model).node.into_iter().collect(),
        None => {}
    }
    let Some(group) = model.selected_group() else { return subject(model).node.into_iter().collect() };
    let columns = model.grid.columns_of(group).iter();
    columns.filter_map(|column| Some(model.inventory.column_at(*column)?.name.clone())).collect()
}

/// The group that is meant as a whole.
pub(super) fn chosen_group(model: &Model) -> Option<&Group> {
    model.selected_group().filter(|_| model.screens.is_empty() && model.marks.nodes().is_empty())
}
