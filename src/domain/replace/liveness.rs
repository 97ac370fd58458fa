//! Whether what is known of a DaemonSet is of now.

use jiff::Timestamp;

use crate::domain::event::{LinkState, Scope, WatchKind};
use crate::domain::inventory::Inventory;
use crate::domain::text::Text;

/// A watch that is not live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Which, like `pods in logging`.
    pub watch: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

/// The first watch that a DaemonSet of this namespace needs and that is not live.
#[must_use]
pub fn stale(inventory: &Inventory, namespace: &Text) -> Option<Stale> {
    let needed = |kind: WatchKind, scope: &Scope| match scope {
        Scope::Namespace(of) => of == namespace,
        Scope::Cluster => true,
        Scope::DaemonSet(_) => kind != WatchKind::Pods,
    };
    let mut watches = inventory.links().iter().filter(|(watch, _)| needed(watch.kind, &watch.scope));
    if inventory.links().is_empty() {
        return Some(Stale { watch: "the cluster".to_owned(), since: None });
    }
    watches.find(|(_, state)| !matches!(state, LinkState::Live { .. })).map(|(watch, state)| Stale {
        watch: watch.to_string(),
        since: match state {
            LinkState::Retrying { since, .. } => Some(*since),
            _ => None,
        },
    })
}
