//! Whether what is known of a DaemonSet is of now.

use jiff::Timestamp;

use crate::domain::age::age;
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

impl Stale {
    /// Like `pods in logging not live for 14s`.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        // What was lost just now has no age yet.
        let since = self.since.filter(|since| now.duration_since(*since).as_secs() > 0);
        let since = since.map(|since| format!(" for {}", age(Some(since), now)));
        format!("{} not live{}", self.watch, since.unwrap_or_default())
    }
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
