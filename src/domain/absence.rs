//! Absence can be a problem: a node that lost its daemon pods looks healthy, since nothing on it fails.
//!
//! What counts as **uncovered**, and what does not:
//! * A node that a DaemonSet wanted and no longer wants, though it is still there: its label went, it was tainted, or
//!   the template was changed. Seen while watching, or since the last look; until somebody acknowledges it. A node
//!   that was deleted is not uncovered: clusters shrink every night. Nor is one that was younger than five minutes:
//!   while nodes join, labels and taints are still being put on them.
//! * A node where a DaemonSet that the configuration calls `everywhere` is not wanted, for whatever reason.
//! * A node that a template asks for (by name, or by a label other than the operating system and architecture), and
//!   that only a taint keeps off: the two contradict each other.
//!
//! A taint that keeps off a DaemonSet which asks for no nodes in particular does what taints are for, like that of the
//! control plane: such nodes are told apart, ranked last and not counted. So are nodes whose taints explain themselves,
//! because the node is not ready, under pressure or being removed.

mod seen;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::age::age;
use super::cell::{CellState, Knowledge};
use super::id::{NodeName, Uid};
use super::inventory::{ColumnSlot, Inventory, Row, RowSlot};
use super::object::{Labels, Node, Taint};
use super::placement::Placement;
use super::reason::{Rule, Ruling};
use super::text::Text;

pub use seen::{Memory, SeenSet, Sighting};

/// A node is joining for so long: what is missing on it is not yet lost.
pub const JOINING: SignedDuration = SignedDuration::from_mins(5);

/// Why a node is no longer wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A label that the template asks for.
    Label {
        /// Its key.
        key: Text,
        /// The value it had; none where that is not known.
        was: Option<Text>,
        /// The value it has; none where it is gone.
        now: Option<Text>,
    },
    /// A taint that is not tolerated.
    Taint(Text),
    /// The template was changed.
    Template,
    /// Another rule, in its own words.
    Other(Text),
}

impl fmt::Display for Why {
    /// `label role=worker gone`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label { key, was: Some(was), now: None } => write!(f, "label {key}={was} gone"),
            Self::Label { key, was: None, now: None } => write!(f, "label {key} gone"),
            Self::Label { key, was: Some(was), now: Some(now) } => {
                write!(f, "label {key}={was} became {now}")
            }
            Self::Label { key, was: None, now: Some(now) } => write!(f, "label {key}={now} does not match"),
            Self::Taint(taint) => write!(f, "taint {taint}"),
            Self::Template => f.write_str("the template was changed"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl Why {
    /// What keeps a DaemonSet away from a node that it wanted; `former` are the node's labels before, where known.
    /// None where the taints explain themselves.
    #[must_use]
    pub fn of(placement: &Placement, node: &Node, former: Option<&Labels>) -> Option<Self> {
        let taints = placement.kept_off_by(node);
        if let Some(taint) = taints.iter().find(|taint| !explains_itself(taint)) {
            return Some(Self::Taint(Text::new(&taint.to_string())));
        }
        if !taints.is_empty() {
            return None;
        }
        let reasons = placement.reasons(node, false);
        let first = reasons.into_iter().find(|reason| reason.verdict == Ruling::Stop)?;
        Some(match first.rule {
            Rule::NodeSelector | Rule::NodeAffinity => {
                let was = former.and_then(|labels| labels.get(&first.key)).cloned();
                Self::Label {
                    was: was.or_else(|| placement.wanted_value(&first.key).cloned()),
                    now: node.meta.labels.get(&first.key).cloned(),
                    key: first.key,
                }
            }
            _ => Self::Other(first.detail),
        })
    }
}

/// Whether a taint says of itself why it is there: the node is not ready, under pressure, or going away.
#[must_use]
pub fn explains_itself(taint: &Taint) -> bool {
    let key = taint.key.as_str();
    key.starts_with("node.kubernetes.io/")
        || key.starts_with("node.cloudprovider.kubernetes.io/")
        || matches!(
            key,
            "ToBeDeletedByClusterAutoscaler" | "karpenter.sh/disrupted" | "karpenter.sh/disruption"
        )
}

/// A node that a DaemonSet no longer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// When it was seen; for what happened since the last look: when that was.
    pub at: Timestamp,
    /// Why.
    pub why: Why,
}

/// A desired count that fell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The count before.
    pub from: u32,
    /// When the first node left.
    pub since: Timestamp,
    /// Whether it fell while nobody looked.
    pub unwatched: bool,
    /// Nodes that were deleted meanwhile: they explain part of the fall.
    pub deleted: u32,
    /// The nodes that are there and no longer wanted.
    pub left: BTreeMap<NodeName, Left>,
}

impl Fall {
    fn new(from: u32, since: Timestamp, unwatched: bool) -> Self {
        Self { from, since, unwatched, deleted: 0, left: BTreeMap::new() }
    }

    /// `DES fell 1000 -> 960 at 02:14Z: label role=worker gone`; `desired` is the count now.
    #[must_use]
    pub fn words(&self, desired: u32, now: Timestamp) -> String {
        let counts = if desired < self.from {
            format!("DES fell {} -> {desired}", self.from)
        } else {
            let nodes = self.left.len();
            format!("{nodes} node{} left", if nodes == 1 { "" } else { "s" })
        };
        let when = if self.unwatched {
            format!("since the last look {} ago", age(Some(self.since), now))
        } else {
            self.since.strftime("at %H:%MZ").to_string()
        };
        let mut whys: BTreeMap<&Why, usize> = BTreeMap::new();
        for left in self.left.values() {
            *whys.entry(&left.why).or_default() += 1;
        }
        let alone = whys.len() == 1 && self.deleted == 0;
        let mut told: Vec<(&Why, usize)> = whys.into_iter().collect();
        told.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut words: Vec<String> = told
            .iter()
            .take(2)
            .map(|(why, count)| if alone { why.to_string() } else { format!("{why} on {count}") })
            .collect();
        words.extend((told.len() > 2).then(|| format!("{} other reasons", told.len() - 2)));
        words.extend((self.deleted > 0).then(|| format!("{} deleted", self.deleted)));
        format!("{counts} {when}: {}", words.join(", "))
    }
}

/// The desired counts that fell and that nobody has acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Falls(HashMap<Uid, Fall>);

impl Falls {
    /// The fall of a DaemonSet.
    #[must_use]
    pub fn of(&self, daemon_set: &Uid) -> Option<&Fall> {
        self.0.get(daemon_set)
    }

    /// Whether a node is one of those that are no longer wanted.
    #[must_use]
    pub fn name(&self, node: &NodeName) -> bool {
        self.0.values().any(|fall| fall.left.contains_key(node))
    }

    /// A node is no longer wanted by a DaemonSet that wanted `from` nodes.
    pub(super) fn left(&mut self, daemon_set: &Uid, from: u32, node: NodeName, left: Left, unwatched: bool) {
        let fall = self.0.entry(daemon_set.clone()).or_insert_with(|| Fall::new(from, left.at, unwatched));
        fall.left.insert(node, left);
    }

    /// A node is wanted again.
    pub(super) fn came_back(&mut self, daemon_set: &Uid, node: &NodeName) {
        let Some(fall) = self.0.get_mut(daemon_set) else { return };
        fall.left.remove(node);
        if fall.left.is_empty() {
            self.0.remove(daemon_set);
        }
    }

    /// A node is gone: it needs no pod.
    pub(super) fn deleted(&mut self, daemon_set: &Uid, node: &NodeName) {
        if let Some(fall) = self.0.get_mut(daemon_set) {
            fall.deleted += 1;
        }
        self.came_back(daemon_set, node);
    }

    /// So many nodes were deleted since the last look.
    pub(super) fn missed(&mut self, daemon_set: &Uid, deleted: u32) {
        if let Some(fall) = self.0.get_mut(daemon_set) {
            fall.deleted += deleted;
        }
    }

    /// Somebody has seen it, or the DaemonSet is gone.
    pub(super) fn forget(&mut self, daemon_set: &Uid) -> bool {
        self.0.remove(daemon_set).is_some()
    }
}

/// The DaemonSets that have to run on every node: `NAMESPACE/NAME` with `*` for any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Everywhere(Vec<Text>);

impl Everywhere {
    /// Reads the patterns.
    ///
    /// # Errors
    /// Names the first that is no `NAMESPACE/NAME`.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let wrong = |pattern: &&String| {
            let parts: Vec<&str> = pattern.split('/').collect();
            parts.len() != 2 || parts.iter().any(|part| part.is_empty())
        };
        match patterns.iter().find(wrong) {
            Some(pattern) => Err(format!(
                "everywhere: {pattern:?} is no NAMESPACE/NAME; write it like kube-system/kube-proxy or */node-exporter"
            )),
            None => Ok(Self(patterns.iter().map(|pattern| Text::new(pattern)).collect())),
        }
    }

    /// Whether a DaemonSet is one of them.
    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        self.0.iter().any(|pattern| matches_glob(pattern, key))
    }
}

/// Whether a text is what a pattern says; `*` stands for any characters but `/`.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let reach = rest.find('/').unwrap_or(rest.len());
    (0..=reach).filter(|at| rest.is_char_boundary(*at)).any(|at| matches_glob(after, &rest[at..]))
}

/// What kind of absence it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapKind {
    /// The configuration wants the DaemonSet everywhere.
    Everywhere,
    /// The template asks for this node, and a taint keeps it off.
    Contradiction,
    /// A taint does what taints are for.
    Usual,
    /// The node is not ready, under pressure or going away.
    Unwell,
}

impl GapKind {
    /// Whether such a node counts as uncovered.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Everywhere | Self::Contradiction)
    }
}

/// A node without a pod that one could expect there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind of absence.
    pub kind: GapKind,
    /// What keeps the pod away.
    pub why: Text,
}

/// The gap in one cell, if there is one; what a fall names already is none.
#[must_use]
pub fn gap(inventory: &Inventory, row: &Row, column: ColumnSlot, everywhere: bool) -> Option<Gap> {
    let cell = row.cell(column).filter(|cell| cell.state == CellState::Excluded)?;
    let named = inventory.column_at(column)?;
    let node = named.node.as_ref().filter(|_| cell.node_exists)?;
    let taints = row.placement.kept_off_by(node);
    if taints.is_empty() && !everywhere {
        return None;
    }
    let fell = inventory.falls().of(&row.daemon_set.meta.uid);
    if fell.is_some_and(|fall| fall.left.contains_key(&named.name)) {
        return None;
    }
    let joining = node.meta.created.is_some_and(|at| inventory.now().duration_since(at) < JOINING);
    let telling = taints.iter().find(|taint| !explains_itself(taint)).or(taints.first());
    let kind = match telling {
        Some(taint) if joining || explains_itself(taint) => GapKind::Unwell,
        None if joining => return None,
        _ if everywhere => GapKind::Everywhere,
        _ if row.placement.asks_for_nodes() => GapKind::Contradiction,
        _ => GapKind::Usual,
    };
    let why = match telling {
        Some(taint) => format!("taint {taint}"),
        None => Why::of(&row.placement, node, None)?.to_string(),
    };
    Some(Gap { kind, why: Text::new(&why) })
}

/// All gaps of the rows.
pub fn gaps<'a>(
    inventory: &'a Inventory,
    rows: impl Iterator<Item = RowSlot> + 'a,
    everywhere: &'a Everywhere,
) -> impl Iterator<Item = (RowSlot, ColumnSlot, Gap)> + 'a {
    let known = rows.filter_map(|slot| Some((slot, inventory.row(slot)?)));
    known.filter(|(_, row)| row.knowledge() == Knowledge::Complete).flat_map(move |(slot, row)| {
        let everywhere = everywhere.holds(&row.daemon_set.meta.key.to_string());
        let cells = inventory.columns().map(|(column, _)| column);
        cells.filter_map(move |column| Some((slot, column, gap(inventory, row, column, everywhere)?)))
    })
}

/// How many nodes lack a pod of some DaemonSet of these rows that should be there. Nodes, not cells.
#[must_use]
pub fn uncovered(
    inventory: &Inventory,
    rows: impl Iterator<Item = RowSlot> + Clone,
    everywhere: &Everywhere,
) -> usize {
    let mut nodes: BTreeSet<ColumnSlot> = gaps(inventory, rows.clone(), everywhere)
        .filter(|(_, _, gap)| gap.kind.counts())
        .map(|(_, column, _)| column)
        .collect();
    let falls = rows.filter_map(|slot| inventory.fall(slot));
    nodes.extend(falls.flat_map(|fall| fall.left.keys()).filter_map(|name| inventory.column_of(name)));
    nodes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_daemon_sets() {
        let sets = |patterns: &[&str]| {
            Everywhere::new(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>())
        };
        let everywhere =
            sets(&["kube-system/kube-proxy", "*/node-*", "log*/f*t"]).expect("they are patterns");
        for (key, holds) in [
            ("kube-system/kube-proxy", true),
            ("kube-system/kube-proxy-2", false),
            ("any/node-exporter", true),
            ("any/a/node-exporter", false),
            ("logging/fluent-bit", true),
            ("logging/fluentd", false),
            ("größe/node-ö", true),
        ] {
            assert_eq!(everywhere.holds(key), holds, "{key}");
        }
        for wrong in ["kube-proxy", "a/b/c", "/a", "a/", ""] {
            assert!(sets(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fall_is_told_with_cause_number_and_time() {
        let at: Timestamp = "2026-01-02T02:14:30Z".parse().expect("a time");
        let gone = || Why::Label { key: Text::new("role"), was: Some(Text::new("worker")), now: None };
        let mut fall = Fall::new(1000, at, false);
        fall.left.insert(NodeName::from("a"), Left { at, why: gone() });
        assert_eq!(fall.words(999, at), "DES fell 1000 -> 999 at 02:14Z: label role=worker gone");
        fall.left.insert(NodeName::from("b"), Left { at, why: Why::Taint(Text::new("x:NoExecute")) });
        (fall.deleted, fall.unwatched) = (3, true);
        let later = at + SignedDuration::from_hours(8);
        assert_eq!(
            fall.words(995, later),
            "DES fell 1000 -> 995 since the last look 8h ago: label role=worker gone on 1, taint x:NoExecute on 1, 3 deleted"
        );
        assert!(fall.words(1200, later).starts_with("2 nodes left since"));
    }
}
