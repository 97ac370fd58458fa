//! One change of many nodes on its way: a few requests at a time, one attempt a node, until all are over or one fails.

use crate::domain::command::{Command, Outcome};
use crate::domain::expectation::Expectation;
use crate::domain::gate::Gate;
use crate::domain::id::NodeName;
use crate::domain::inventory::Inventory;
use crate::domain::object::Node;
use crate::domain::preview::edit::edit_words;
use crate::domain::preview::{Impact, NodeChange};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

use super::harm::Harm;
use super::patch::{NotSent, conflict, difference, node_patch};

/// So many requests are under way at once: gentle for a server that is in trouble, quick enough for 200 nodes.
const AT_ONCE: usize = 4;
/// So many nodes are told one by one where many changed.
const TOLD: usize = 3;

/// What is to change on one node, and the node as the impact was shown for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEdit {
    /// The node as it was shown.
    pub shown: Node,
    /// The change.
    pub change: NodeChange,
}

/// What happens to the rest when a node fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Nothing more is sent.
    #[default]
    Stop,
    /// The others are still tried.
    Continue,
}

/// What came of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeResult {
    /// It is as wanted.
    Done,
    /// There was nothing to change.
    Already,
    /// Nothing was written: the node is not as it was shown; what changed, and who did it.
    Conflict(String),
    /// Nothing was written: we may not.
    Denied(Text),
    /// Nothing was written: the node is gone, or another one has its name.
    Gone,
    /// Nothing was written: why not.
    Refused(Text),
    /// It was sent, and whether it was done is not known.
    Unknown(Text),
    /// It was not tried, since it was stopped before.
    LeftOut,
}

impl NodeResult {
    /// What came of a write to a node that was shown like this.
    #[must_use]
    pub fn of(outcome: Outcome, shown: &Node) -> Self {
        match outcome {
            Outcome::Done(_) => Self::Done,
            Outcome::LostRace(Some(now)) => Self::Conflict(changed_meanwhile(shown, &now)),
            Outcome::LostRace(None) => {
                Self::Conflict("it changed meanwhile, and cannot be read now".to_owned())
            }
            Outcome::Gone => Self::Gone,
            Outcome::Denied(why) => Self::Denied(why),
            Outcome::Budget(why) | Outcome::Refused(why) | Outcome::NotSent(why) => Self::Refused(why),
            Outcome::Unknown(why) => Self::Unknown(why),
        }
    }

    /// Whether the node is as wanted.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }

    /// The word for it, as in sums.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already so",
            Self::Conflict(_) => "conflict",
            Self::Denied(_) => "denied",
            Self::Gone => "gone",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
            Self::LeftOut => "not tried",
        }
    }

    /// The word with what came with it.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.name();
        match self {
            Self::Conflict(why) => format!("{name}: {why}; nothing was written"),
            Self::Denied(why) | Self::Refused(why) => format!("{name}: {why}"),
            Self::Unknown(why) => format!("{name}: it was sent, and no answer came ({why})"),
            Self::Gone => format!("{name}: the node was deleted meanwhile"),
            Self::Done | Self::Already | Self::LeftOut => name.to_owned(),
        }
    }
}

/// A node that is not as it was shown although nothing that placement looks at differs has been made anew.
fn changed_meanwhile(shown: &Node, now: &RawObject) -> String {
    conflict(shown, now).unwrap_or_else(|| "something else in it changed meanwhile".to_owned())
}

/// How far one node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its request is ready.
    Waiting(Command),
    /// Its request was sent.
    Sent(Command),
    /// It is over.
    Over(NodeResult),
}

/// One node of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is to change.
    pub edit: NodeEdit,
    /// How far it is.
    pub step: Step,
}

impl Item {
    /// The node's name.
    #[must_use]
    pub fn node(&self) -> NodeName {
        self.edit.shown.name()
    }

    /// The request, as long as it is not over.
    #[must_use]
    pub fn command(&self) -> Option<&Command> {
        match &self.step {
            Step::Waiting(command) | Step::Sent(command) => Some(command),
            Step::Over(_) => None,
        }
    }
}

/// A change of nodes on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    items: Vec<Item>,
    on_error: OnError,
}

impl Batch {
    /// Makes the requests from the nodes as they were read just now; none where a node is gone, and why where it cannot
    /// be read.
    ///
    /// A node that is not as it was shown is over before it began, and the others are not held back by it: what is
    /// sent is decided by whoever sees this.
    #[must_use]
    pub fn new(edits: Vec<(NodeEdit, Result<Option<RawObject>, Text>)>) -> Self {
        let item = |(edit, fresh): (NodeEdit, Result<Option<RawObject>, Text>)| {
            let step = match fresh {
                Err(why) => Step::Over(NodeResult::Refused(why)),
                Ok(None) => Step::Over(NodeResult::Gone),
                Ok(Some(fresh)) => match node_patch(&edit.shown, &fresh, &edit.change) {
                    Ok(command) => Step::Waiting(command),
                    Err(NotSent::Already) => Step::Over(NodeResult::Already),
                    Err(NotSent::Changed(words)) => Step::Over(NodeResult::Conflict(words)),
                    Err(NotSent::Unreadable(why)) => Step::Over(NodeResult::Refused(Text::new(&why))),
                },
            };
            Item { edit, step }
        };
        Self { items: edits.into_iter().map(item).collect(), on_error: OnError::default() }
    }

    /// Decides what happens to the rest when a node fails.
    pub fn set_on_error(&mut self, on_error: OnError) {
        self.on_error = on_error;
    }

    /// What happens to the rest when a node fails.
    #[must_use]
    pub fn on_error(&self) -> OnError {
        self.on_error
    }

    /// All nodes.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Nodes that are no longer as they were shown are over before anything was sent; what came of them, in words.
    pub fn revise(&mut self, inventory: &Inventory) -> Vec<String> {
        let mut changed = Vec::new();
        for item in self.items.iter_mut().filter(|item| matches!(item.step, Step::Waiting(_))) {
            let column = inventory.column_of(&item.node()).and_then(|slot| inventory.column_at(slot));
            let result = match column.and_then(|column| column.node.as_ref()) {
                None => NodeResult::Gone,
                Some(now) => match difference(&item.edit.shown, now) {
                    None => continue,
                    Some(words) => NodeResult::Conflict(words),
                },
            };
            changed.push(format!("{}: {}", item.node(), result.words()));
            item.step = Step::Over(result);
        }
        changed
    }

    /// The nodes that are not as they were shown.
    pub fn conflicts(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| matches!(item.step, Step::Over(NodeResult::Conflict(_))))
    }

    /// A node that is not as it was shown was read afresh: that tells who changed it.
    pub fn blame(&mut self, node: &NodeName, fresh: &RawObject) {
        let mut items = self.items.iter_mut();
        let item = items
            .find(|item| item.node() == *node && matches!(item.step, Step::Over(NodeResult::Conflict(_))));
        if let Some(item) = item
            && let Some(words) = conflict(&item.edit.shown, fresh)
        {
            item.step = Step::Over(NodeResult::Conflict(words));
        }
    }

    /// Looks again at what waits to be sent, and what it would do; what is otherwise than before, in words.
    pub fn look_again(&mut self, harm: &mut Harm, gate: &mut Gate, inventory: &Inventory) -> Option<String> {
        let mut changed = self.revise(inventory);
        if let more @ 1.. = changed.len().saturating_sub(TOLD) {
            changed.truncate(TOLD);
            changed.push(format!("and {more} nodes more"));
        }
        let now = self.harm(inventory);
        changed.extend(harm.difference(&now));
        let was = std::mem::replace(gate, now.gate(inventory));
        if let (true, Gate::Yes, Gate::TypedName { why }) = (changed.is_empty(), was, &*gate) {
            changed.push(why.clone());
        }
        *harm = now;
        (!changed.is_empty()).then(|| changed.join("; "))
    }

    /// The nodes that were left out before anything was sent, and why.
    pub fn left_out(&self) -> impl Iterator<Item = (NodeName, &NodeResult)> {
        self.items.iter().filter_map(|item| match &item.step {
            Step::Over(result) if !result.is_good() => Some((item.node(), result)),
            _ => None,
        })
    }

    /// The next request to send, which counts as sent from now on; none while enough are under way.
    pub fn send_next(&mut self) -> Option<(NodeName, Command)> {
        let under_way = self.items.iter().filter(|item| matches!(item.step, Step::Sent(_))).count();
        if under_way >= AT_ONCE {
            return None;
        }
        let item = self.items.iter_mut().find(|item| matches!(item.step, Step::Waiting(_)))?;
        let command = item.command()?.clone();
        item.step = Step::Sent(command.clone());
        Some((item.node(), command))
    }

    /// Something came of a node; if it is nothing good, and so it was chosen, nothing more is sent.
    pub fn ended(&mut self, node: &NodeName, result: NodeResult) {
        let is_good = result.is_good();
        if let Some(item) = self.items.iter_mut().find(|item| item.node() == *node) {
            item.step = Step::Over(result);
        }
        if !is_good && self.on_error == OnError::Stop {
            self.stop();
        }
    }

    /// Sends nothing more; what is under way still ends.
    pub fn stop(&mut self) {
        for item in &mut self.items {
            if matches!(item.step, Step::Waiting(_)) {
                item.step = Step::Over(NodeResult::LeftOut);
            }
        }
    }

    /// Whether nothing is under way and nothing waits.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.items.iter().all(|item| matches!(item.step, Step::Over(_)))
    }

    /// The nodes whose requests wait to be sent.
    pub fn ready(&self) -> impl Iterator<Item = (&Item, &Command)> {
        self.items.iter().filter_map(|item| match &item.step {
            Step::Waiting(command) => Some((item, command)),
            Step::Sent(_) | Step::Over(_) => None,
        })
    }

    /// What is typed to confirm it: the node's name, or how many there are.
    #[must_use]
    pub fn word(&self) -> String {
        let mut ready = self.ready();
        match (ready.next(), ready.count()) {
            (Some((item, _)), 0) => item.node().to_string(),
            (_, others) => format!("{} nodes", others + 1),
        }
    }

    /// What the requests that wait to be sent would do.
    #[must_use]
    pub fn harm(&self, inventory: &Inventory) -> Harm {
        let ready: Vec<(NodeName, &NodeChange)> =
            self.ready().map(|(item, _)| (item.node(), &item.edit.change)).collect();
        Harm::of_each(inventory, ready.iter().map(|(node, change)| (node, *change)))
    }

    /// Whether every node is as wanted.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.items.iter().all(|item| matches!(&item.step, Step::Over(result) if result.is_good()))
    }

    /// The nodes that were written to.
    pub fn done(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.step == Step::Over(NodeResult::Done))
    }

    /// How many nodes are where: `198 done, 2 denied, 4 under way`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut sums: Vec<(&str, usize)> = Vec::new();
        for item in &self.items {
            let name = match &item.step {
                Step::Waiting(_) => "waiting",
                Step::Sent(_) => "under way",
                Step::Over(result) => result.name(),
            };
            match sums.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += 1,
                None => sums.push((name, 1)),
            }
        }
        sums.sort_by_key(|(name, _)| (*name != "done", *name));
        sums.iter().map(|(name, sum)| format!("{sum} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// What brings the nodes that were written to back to what they were.
    #[must_use]
    pub fn inverse(&self) -> Vec<(NodeName, NodeChange)> {
        let back = |item: &Item| (item.node(), super::patch::inverse(&item.edit.shown, &item.edit.change));
        self.done().map(back).collect()
    }

    /// What is still to change on which node: where nothing was written, or where that is not known.
    #[must_use]
    pub fn not_done(&self) -> Vec<(NodeName, NodeChange)> {
        let is_left = |item: &&Item| match &item.step {
            Step::Over(result) => !result.is_good() && *result != NodeResult::Gone,
            Step::Waiting(_) | Step::Sent(_) => true,
        };
        self.items.iter().filter(is_left).map(|item| (item.node(), item.edit.change.clone())).collect()
    }

    /// What was changed where, in words: `pool=gpu on n1`, or `on 3 nodes`.
    #[must_use]
    pub fn about(&self) -> String {
        let mut done = self.done();
        let Some(first) = done.next() else { return "nothing".to_owned() };
        let words = edit_words(&first.edit.change).join(" ");
        match done.count() {
            0 => format!("{words} on {}", first.node()),
            others => format!("{words} on {} nodes", others + 1),
        }
    }

    /// What is to come true on the nodes that were written to.
    #[must_use]
    pub fn expectations(&self, impacts: &[Impact], since: jiff::Timestamp) -> Vec<Expectation> {
        let done: Vec<NodeName> = self.done().map(Item::node).collect();
        let of_done = impacts.iter().filter(|impact| done.contains(&impact.node));
        of_done.map(|impact| Expectation { impact: impact.clone(), since }).collect()
    }
}

#[cfg(test)]
mod tests;
