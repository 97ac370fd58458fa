//! What is typed into the editor of nodes, in kubectl's words, checked as it is typed and completed from the cluster.

use std::collections::BTreeSet;

use crate::domain::inventory::Inventory;
use crate::domain::preview::NodeChange;
use crate::domain::preview::edit::{read_label_edits, read_taint_edits};
use crate::domain::relabel::guard::refusals;
use crate::domain::relabel::{known_keys, known_values};

/// The effects, as they complete a taint.
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// What is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a taint rather than a label.
    pub is_taint: bool,
    /// As typed or completed so far.
    pub text: String,
    /// What was typed before it was completed, and which of its completions it is.
    completing: Option<(String, usize)>,
}

impl Entry {
    /// Begins with this text.
    pub(in crate::app) fn new(is_taint: bool, text: String) -> Self {
        Self { is_taint, text, completing: None }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong with it, or why it is refused.
    pub fn read(&self) -> Result<NodeChange, String> {
        let words = [self.text.as_str()];
        let read = if self.is_taint { read_taint_edits(words) } else { read_label_edits(words) };
        let change = read.map_err(|error| error.to_string())?;
        match refusals(&change).into_iter().next() {
            Some(why) => Err(format!("refused: {why}")),
            None => Ok(change),
        }
    }

    /// The text by which it is completed: what was typed.
    fn stem(&self) -> &str {
        self.completing.as_ref().map_or(&self.text, |(stem, _)| stem)
    }

    /// What it can become, the likeliest first.
    #[must_use]
    pub fn completions(&self, inventory: &Inventory) -> Vec<String> {
        let stem = self.stem();
        if self.is_taint {
            return taints(inventory, stem);
        }
        match stem.split_once('=') {
            None => known_keys(inventory, stem).iter().map(|key| format!("{key}=")).collect(),
            Some((key, typed)) => {
                known_values(inventory, key, typed).iter().map(|value| format!("{key}={value}")).collect()
            }
        }
    }

    /// Takes the next completion, or the one before.
    pub(in crate::app) fn complete(&mut self, inventory: &Inventory, is_forward: bool) {
        let all = self.completions(inventory);
        // A key that is complete goes on to its values.
        if all.len() == 1 && all[0] == self.text {
            self.completing = None;
        }
        let all = if self.completing.is_none() { self.completions(inventory) } else { all };
        let Some(last) = all.len().checked_sub(1) else { return };
        let at = match (&self.completing, is_forward) {
            (None, true) => 0,
            (None, false) => last,
            (Some((_, at)), true) => (at + 1) % all.len(),
            (Some((_, at)), false) => at.checked_sub(1).unwrap_or(last),
        };
        let stem = self.stem().to_owned();
        self.text.clone_from(&all[at]);
        self.completing = Some((stem, at));
    }

    /// A letter more.
    pub(in crate::app) fn push(&mut self, text: &str) {
        self.completing = None;
        self.text.push_str(text);
    }

    /// A letter less.
    pub(in crate::app) fn pop(&mut self) {
        self.completing = None;
        self.text.pop();
    }

    /// Back to the last sign that parts key, value and effect.
    pub(in crate::app) fn erase_word(&mut self) {
        self.completing = None;
        let kept = self.text.trim_end_matches(['=', ':', '/']).rfind(['=', ':', '/']).map_or(0, |at| at + 1);
        self.text.truncate(kept);
    }
}

/// The taints of the cluster, and those with what was typed and each effect.
fn taints(inventory: &Inventory, stem: &str) -> Vec<String> {
    let nodes = inventory.columns().filter_map(|(_, column)| column.node.as_ref());
    let known: BTreeSet<String> =
        nodes.flat_map(|node| node.taints.iter()).map(ToString::to_string).collect();
    let mut all: Vec<String> = known.into_iter().filter(|taint| taint.starts_with(stem)).collect();
    let (pair, typed) = stem.split_once(':').unwrap_or((stem, ""));
    if !pair.is_empty() {
        let effects = EFFECTS.iter().filter(|effect| effect.starts_with(typed));
        for taint in effects.map(|effect| format!("{pair}:{effect}")) {
            if !all.contains(&taint) {
                all.push(taint);
            }
        }
    }
    all
}

/// A change with a piece more; the piece wins where they contradict each other.
pub(super) fn with(change: &NodeChange, piece: &NodeChange) -> NodeChange {
    let mut whole = change.clone();
    whole.labels.extend(piece.labels.clone());
    for added in &piece.add_taints {
        whole.remove_taints.retain(|(key, effect)| {
            *key != added.key || effect.as_ref().is_some_and(|effect| *effect != added.effect)
        });
        whole.add_taints.retain(|known| known.key != added.key || known.effect != added.effect);
        whole.add_taints.push(added.clone());
    }
    for (key, effect) in &piece.remove_taints {
        whole.add_taints.retain(|known| {
            known.key != *key || effect.as_ref().is_some_and(|effect| *effect != known.effect)
        });
        if !whole.remove_taints.contains(&(key.clone(), effect.clone())) {
            whole.remove_taints.push((key.clone(), effect.clone()));
        }
    }
    whole
}
