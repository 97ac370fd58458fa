//! How many nodes a rolling update works on at once.

use std::fmt;

use super::object::{DaemonSet, IntOrPercent, UpdateStrategy};

/// The limit that holds, in nodes (`update.go`, `updatedDesiredNodeCounts`); prints like
/// `maxUnavailable 10% = 88 of 873 nodes (rounded up)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// It is `maxSurge`: the new pod comes beside the old one. Else `maxUnavailable`: the old one goes first.
    pub surge: bool,
    /// As it is written.
    pub written: IntOrPercent,
    /// So many nodes at once; 0 only where none is wanted.
    pub nodes: u32,
    /// So many nodes are wanted.
    pub desired: u32,
    /// Both limits come out as 0, so the controller takes `maxUnavailable` 1.
    pub is_floor: bool,
}

impl Limit {
    /// The limit of a DaemonSet with so many wanted nodes; none under `OnDelete`.
    #[must_use]
    pub fn of(daemon_set: &DaemonSet, desired: u32) -> Option<Self> {
        let UpdateStrategy::RollingUpdate { max_unavailable, max_surge } = &daemon_set.strategy else {
            return None;
        };
        let surge = daemon_set.allows_surge();
        let written = if surge { max_surge } else { max_unavailable };
        let counted = written.resolve(desired);
        let is_floor =
            desired > 0 && max_unavailable.resolve(desired) == 0 && max_surge.resolve(desired) == 0;
        let nodes = if is_floor { 1 } else { counted };
        Some(Self { surge, written: written.clone(), nodes, desired, is_floor })
    }

    /// The name of the field.
    #[must_use]
    pub fn field(&self) -> &'static str {
        if self.surge { "maxSurge" } else { "maxUnavailable" }
    }

    /// How many times so many nodes have to be worked on until all are.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.desired.div_ceil(self.nodes.max(1))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (desired, written) = (self.desired, &self.written);
        write!(f, "{} {written}", self.field())?;
        if self.is_floor {
            return write!(f, " counts as 1 of {desired} nodes, because maxSurge is 0 too");
        }
        if let IntOrPercent::Unreadable(_) = written {
            return f.write_str(" cannot be read");
        }
        let rounded = matches!(written, IntOrPercent::Percent(percent) if percent.saturating_mul(i64::from(desired)) % 100 != 0);
        if let IntOrPercent::Percent(_) = written {
            write!(f, " = {}", self.nodes)?;
        }
        write!(f, " of {desired} {}", if desired == 1 { "node" } else { "nodes" })?;
        f.write_str(if rounded { " (rounded up)" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_nodes() {
        use IntOrPercent::{Int, Percent};
        for (max_unavailable, max_surge, desired, told, nodes, rounds) in [
            (Percent(10), Int(0), 873, "maxUnavailable 10% = 88 of 873 nodes (rounded up)", 88, 10),
            (Percent(10), Int(0), 870, "maxUnavailable 10% = 87 of 870 nodes", 87, 10),
            (Int(1), Int(0), 873, "maxUnavailable 1 of 873 nodes", 1, 873),
            (Int(10_000), Int(0), 3, "maxUnavailable 10000 of 3 nodes", 10_000, 1),
            (Int(0), Percent(34), 3, "maxSurge 34% = 2 of 3 nodes (rounded up)", 2, 2),
            (Int(0), Int(0), 9, "maxUnavailable 0 counts as 1 of 9 nodes, because maxSurge is 0 too", 1, 9),
            (
                Percent(0),
                Percent(0),
                9,
                "maxUnavailable 0% counts as 1 of 9 nodes, because maxSurge is 0 too",
                1,
                9,
            ),
            (Percent(10), Int(0), 1, "maxUnavailable 10% = 1 of 1 node (rounded up)", 1, 1),
            (
                Percent(i64::MAX),
                Int(0),
                9,
                "maxUnavailable 9223372036854775807% = 4294967295 of 9 nodes (rounded up)",
                u32::MAX,
                1,
            ),
            (Int(1), Int(0), 0, "maxUnavailable 1 of 0 nodes", 1, 0),
            (Int(0), Int(0), 0, "maxUnavailable 0 of 0 nodes", 0, 0),
        ] {
            let strategy = UpdateStrategy::RollingUpdate { max_unavailable, max_surge };
            let limit = Limit::of(&DaemonSet { strategy, ..DaemonSet::default() }, desired).expect("rolling");
            assert_eq!((limit.to_string().as_str(), limit.nodes, limit.rounds()), (told, nodes, rounds));
        }
        let on_delete = DaemonSet { strategy: UpdateStrategy::OnDelete, ..DaemonSet::default() };
        assert_eq!(Limit::of(&on_delete, 9), None);
    }
}
