//! What was wanted where at the last look, for saying what fell since then.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Left, Why};
use crate::domain::cell::Knowledge;
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::Inventory;
use crate::domain::text::Text;

/// What nobody has seen for so long is forgotten.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A look at one cluster. Nodes are named once; each DaemonSet says by their numbers which it wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sighting {
    /// The names of the nodes.
    pub nodes: Vec<Text>,
    /// By the DaemonSets' uids.
    pub sets: BTreeMap<String, SeenSet>,
}

/// What one DaemonSet wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SeenSet {
    /// `namespace/name`, for people.
    pub name: Text,
    /// When it was looked at, in seconds since 1970.
    pub at: i64,
    /// How many nodes it wanted.
    pub desired: u32,
    /// Which: from and to, both included, in the list of nodes.
    pub wanted: Vec<(u32, u32)>,
}

/// The last looks, by kubeconfig context.
pub type Memory = BTreeMap<String, Sighting>;

impl Sighting {
    /// The names that a DaemonSet wanted; numbers that name no node are left out.
    fn names<'a>(&'a self, set: &'a SeenSet) -> impl Iterator<Item = &'a Text> {
        // A range that somebody wrote by hand may be as long as it likes.
        let most = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let numbers = set.wanted.iter().flat_map(move |(from, to)| *from..to.saturating_add(1).min(most));
        numbers.filter_map(|at| self.nodes.get(usize::try_from(at).ok()?))
    }

    /// This look over an older one: DaemonSets that this one does not speak of stay as they were seen.
    #[must_use]
    pub fn over(mut self, older: &Self) -> Self {
        let newest = self.sets.values().map(|set| set.at).max().unwrap_or(i64::MIN);
        let mut numbers: HashMap<Text, u32> =
            (0..).zip(&self.nodes).map(|(at, name)| (name.clone(), at)).collect();
        for (uid, set) in &older.sets {
            let stale = newest.saturating_sub(set.at) > KEPT_FOR.as_secs();
            if stale || self.sets.contains_key(uid) {
                continue;
            }
            let mut wanted = Vec::new();
            for name in older.names(set) {
                let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
                let at = *numbers.entry(name.clone()).or_insert_with(|| {
                    self.nodes.push(name.clone());
                    next
                });
                wanted.push(at);
            }
            self.sets.insert(uid.clone(), SeenSet { wanted: ranges(wanted), ..set.clone() });
        }
        self
    }
}

/// Numbers as ranges.
fn ranges(mut numbers: Vec<u32>) -> Vec<(u32, u32)> {
    numbers.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for at in numbers {
        match ranges.last_mut().filter(|(_, to)| at <= to.saturating_add(1)) {
            Some((_, to)) => *to = at,
            None => ranges.push((at, at)),
        }
    }
    ranges
}

impl Inventory {
    /// What is wanted where now. With `unseen`, a fall that nobody has acknowledged is not taken in yet, so that whoever
    /// looks next still hears of it.
    #[must_use]
    pub fn sighting(&self, unseen: bool) -> Sighting {
        let mut nodes: Vec<_> = self.columns().filter(|(_, column)| column.node.is_some()).collect();
        nodes.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        let mut sighting = Sighting {
            nodes: nodes.iter().map(|(_, column)| column.name.0.clone()).collect(),
            sets: BTreeMap::new(),
        };
        for (slot, row) in self.rows().filter(|(_, row)| row.knowledge() == Knowledge::Complete) {
            let fall = self.fall(slot).filter(|_| unseen);
            let wanted = (0..).zip(&nodes).filter(|(_, (column, named))| {
                row.cell(*column).is_some_and(|cell| cell.run)
                    || fall.is_some_and(|fall| fall.left.contains_key(&named.name))
            });
            let set = SeenSet {
                name: Text::new(&row.daemon_set.meta.key.to_string()),
                at: fall.map_or(self.now(), |fall| fall.since).as_second(),
                desired: fall.map_or(row.tally.desired, |fall| fall.from),
                wanted: ranges(wanted.map(|(at, _)| at).collect()),
            };
            sighting.sets.insert(row.daemon_set.meta.uid.to_string(), set);
        }
        sighting
    }

    /// Compares what is wanted with what was wanted at the last look.
    pub fn compare_with(&mut self, last: &Sighting) {
        for (uid, seen) in &last.sets {
            let uid = Uid::new(uid);
            let Some(row) = self.row_of(&uid).and_then(|slot| self.row(slot)) else { continue };
            if row.knowledge() != Knowledge::Complete {
                continue;
            }
            let at = Timestamp::from_second(seen.at).unwrap_or(self.now()).min(self.now());
            let (mut left, mut deleted) = (Vec::new(), 0);
            for name in last.names(seen).map(|name| NodeName(name.clone())) {
                let column = self.column_of(&name);
                let node = column.and_then(|column| self.column_at(column)).and_then(|c| c.node.as_ref());
                let (Some(column), Some(node)) = (column, node) else {
                    deleted += 1;
                    continue;
                };
                let gone = row.cell(column).is_some_and(|cell| !cell.run && (!cell.keep || !cell.occupied));
                if let Some(why) = gone.then(|| Why::of(&row.placement, node, None)).flatten() {
                    left.push((name, Left { at, why }));
                }
            }
            for (name, each) in left {
                self.falls_mut().left(&uid, seen.desired, name, each, true);
            }
            self.falls_mut().missed(&uid, deleted);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sighting(nodes: &[u8], sets: &[(u8, Vec<u8>)]) -> Sighting {
        let name = |node: &u8| Text::new(&format!("n{node}"));
        let set = |(_, wanted): &(u8, Vec<u8>)| SeenSet {
            at: 5,
            wanted: ranges((0..).zip(nodes).filter(|(_, n)| wanted.contains(n)).map(|(at, _)| at).collect()),
            ..SeenSet::default()
        };
        Sighting {
            nodes: nodes.iter().map(name).collect(),
            sets: sets.iter().map(|each| (each.0.to_string(), set(each))).collect(),
        }
    }

    fn wanted(sighting: &Sighting, set: &str) -> Option<Vec<String>> {
        let mut names: Vec<String> =
            sighting.names(sighting.sets.get(set)?).map(ToString::to_string).collect();
        names.sort();
        Some(names)
    }

    proptest! {
        /// Whatever a newer look does not speak of is as the older one saw it.
        #[test]
        fn a_look_over_another_loses_nothing(
            old_nodes in proptest::collection::btree_set(0_u8..20, 0..12),
            new_nodes in proptest::collection::btree_set(0_u8..20, 0..12),
            old in proptest::collection::btree_map(0_u8..6, proptest::collection::vec(0_u8..20, 0..12), 0..5),
            new in proptest::collection::btree_map(0_u8..6, proptest::collection::vec(0_u8..20, 0..12), 0..5),
        ) {
            let make = |nodes: std::collections::BTreeSet<u8>, sets: std::collections::BTreeMap<u8, Vec<u8>>| {
                let sets: Vec<(u8, Vec<u8>)> = sets.into_iter().collect();
                sighting(&nodes.into_iter().collect::<Vec<_>>(), &sets)
            };
            let (older, newer) = (make(old_nodes, old), make(new_nodes, new));
            let both = newer.clone().over(&older);
            for set in (0..6).map(|set: u8| set.to_string()) {
                prop_assert_eq!(wanted(&both, &set), wanted(&newer, &set).or_else(|| wanted(&older, &set)));
            }
            let text = serde_json::to_string(&both).expect("it can be written");
            prop_assert_eq!(serde_json::from_str::<Sighting>(&text).expect("and read"), both);
        }
    }

    #[test]
    fn ranges_of_a_strange_file_do_no_harm() {
        let mut strange = sighting(&[1, 2], &[(1, vec![1])]);
        strange
            .sets
            .insert("2".to_owned(), SeenSet { wanted: vec![(0, u32::MAX), (9, 3)], ..SeenSet::default() });
        assert_eq!(wanted(&strange, "2").expect("it is there").len(), 2);
    }
}
