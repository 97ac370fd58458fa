//! How hard a write is to confirm: what stops many pods at once wants a typed name, the rest a key.

use std::collections::BTreeMap;

use super::id::{ObjectKey, Uid};
use super::inventory::Inventory;
use super::preview::{Impact, Outcome};

/// More pods than this want the typed name.
const MANY: usize = 10;
/// More of a set than one in this many, that is 20 %, wants the typed name.
const SHARE: usize = 5;

/// What a write stops of one DaemonSet; pods that are put back count as well, since they are stopped first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stops {
    /// The DaemonSet.
    pub daemon_set: ObjectKey,
    /// How many of its pods are stopped.
    pub pods: usize,
    /// How many it has.
    pub of: usize,
}

/// How a write is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// One key, or a yes.
    Yes,
    /// The name typed out, and why so much is asked.
    TypedName {
        /// Why, like `it stops 12 pods`.
        why: String,
    },
}

/// Decides about a write by all that it stops.
#[must_use]
pub fn gate(stops: &[Stops]) -> Gate {
    let all: usize = stops.iter().map(|set| set.pods).sum();
    if all > MANY {
        return Gate::TypedName { why: format!("it stops {all} pods") };
    }
    let large = |set: &&Stops| set.pods > 0 && set.pods.saturating_mul(SHARE) > set.of;
    match stops.iter().find(large) {
        Some(set) if set.pods >= set.of => {
            let pods =
                if set.pods == 1 { "the last pod".to_owned() } else { format!("all {} pods", set.pods) };
            Gate::TypedName { why: format!("it stops {pods} of {}", set.daemon_set) }
        }
        Some(set) => {
            let why = format!("it stops {} of {} pods of {}", set.pods, set.of, set.daemon_set);
            Gate::TypedName { why }
        }
        None => Gate::Yes,
    }
}

/// What the foretold changes stop, per DaemonSet.
#[must_use]
pub fn stops(inventory: &Inventory, impacts: &[Impact]) -> Vec<Stops> {
    let mut stopped: BTreeMap<&Uid, (&ObjectKey, usize)> = BTreeMap::new();
    for impact in impacts {
        let pods = match impact.outcome {
            Outcome::Stop | Outcome::RemoveOnRollout | Outcome::Replace | Outcome::EvictLoop => {
                impact.pods.len()
            }
            Outcome::KeepMisscheduled | Outcome::Start => 0,
        };
        stopped.entry(&impact.daemon_set_uid).or_insert((&impact.daemon_set, 0)).1 += pods;
    }
    let of = |uid: &Uid| {
        let pods = inventory.row_of(uid).map(|row| inventory.pods_of(row));
        pods.map_or(0, |pods| pods.filter(|pod| !pod.is_deleting()).count())
    };
    let stopped = stopped.into_iter().filter(|(_, (_, pods))| *pods > 0);
    stopped.map(|(uid, (key, pods))| Stops { daemon_set: key.clone(), pods, of: of(uid) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::Text;

    fn set(pods: usize, of: usize) -> Stops {
        let daemon_set = ObjectKey { namespace: Text::new("logging"), name: Text::new("agent") };
        Stops { daemon_set, pods, of }
    }

    #[test]
    fn few_pods_of_a_large_set_are_a_key_and_many_are_typed() {
        for (stops, why) in [
            (vec![], None),
            (vec![set(0, 0)], None),
            (vec![set(0, 1)], None),
            (vec![set(10, 50)], None),
            (vec![set(10, 49)], Some("it stops 10 of 49 pods of logging/agent")),
            (vec![set(11, 5000)], Some("it stops 11 pods")),
            (vec![set(6, 5000), set(5, 5000)], Some("it stops 11 pods")),
            (vec![set(1, 1)], Some("it stops the last pod of logging/agent")),
            (vec![set(4, 4)], Some("it stops all 4 pods of logging/agent")),
            (vec![set(1, 5)], None),
            (vec![set(1, 4)], Some("it stops 1 of 4 pods of logging/agent")),
            // What is not known to be few is many.
            (vec![set(1, 0)], Some("it stops the last pod of logging/agent")),
        ] {
            let expected = why.map_or(Gate::Yes, |why| Gate::TypedName { why: why.to_owned() });
            assert_eq!(gate(&stops), expected, "{stops:?}");
        }
    }

    proptest! {
        #[test]
        fn stopping_more_is_never_easier(
            sets in proptest::collection::vec((0..30_usize, 0..200_usize), 0..4),
            more in (0..30_usize, 0..200_usize),
            at in any::<proptest::sample::Index>(),
        ) {
            let before: Vec<Stops> = sets.iter().map(|(pods, of)| set(*pods, *of)).collect();
            let mut with_another = before.clone();
            with_another.push(set(more.0, more.1));
            let mut harder = before.clone();
            if !harder.is_empty() {
                let one = at.index(harder.len());
                harder[one].pods += more.0;
            }
            if gate(&before) != Gate::Yes {
                prop_assert_ne!(gate(&with_another), Gate::Yes);
                prop_assert_ne!(gate(&harder), Gate::Yes);
            }
            // The rule as design.md words it.
            let typed = before.iter().map(|set| set.pods).sum::<usize>() > 10
                || before.iter().any(|set| set.pods * 100 > set.of * 20 || (set.pods > 0 && set.pods >= set.of));
            prop_assert_eq!(gate(&before) != Gate::Yes, typed);
        }
    }
}
