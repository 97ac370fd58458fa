//! What is not seen when a change of nodes is foretold: what is foretold of a part may be wrong about the whole.

use crate::domain::event::{LinkState, WatchKind};
use crate::domain::inventory::Inventory;

/// Why what is foretold may not be all that happens, a sentence without a full stop each; empty where everything is
/// seen as it is now.
///
/// They hold no ages: as long as nothing else comes to be unseen, they stay the same.
#[must_use]
pub fn unseen(inventory: &Inventory) -> Vec<String> {
    let mut lines = Vec::new();
    let namespaces = inventory.namespaces_seen();
    if !namespaces.is_empty() {
        let (plural, names) = (if namespaces.len() == 1 { "" } else { "s" }, namespaces.join(", "));
        lines.push(format!(
            "only DaemonSets of namespace{plural} {names} are seen: others may start and stop pods"
        ));
    }
    let (mut old, mut denied) = (Vec::new(), Vec::new());
    for (watch, state) in inventory.links() {
        if watch.kind == WatchKind::Revisions {
            continue;
        }
        match state {
            LinkState::Live { .. } => {}
            LinkState::Denied { .. } => denied.push(watch.to_string()),
            LinkState::Connecting | LinkState::Syncing { .. } | LinkState::Retrying { .. } => {
                old.push(watch.to_string());
            }
        }
    }
    if !denied.is_empty() {
        lines.push(format!("{} may not be read: what happens there is not foretold", denied.join(", ")));
    }
    if !old.is_empty() {
        lines.push(format!("{} are not live: what is foretold is from old data", old.join(", ")));
    }
    lines
}
