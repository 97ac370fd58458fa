//! What may not be read: which rule is missing, as a role to ask for, and how much is out of sight without it.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{LinkState, Scope, Watch, WatchKind};
use super::inventory::Inventory;
use super::text::Text;

/// The watches that the server refuses, with its words.
pub fn denied(inventory: &Inventory) -> impl Iterator<Item = (&Watch, &Text)> {
    inventory.links().iter().filter_map(|(watch, state)| match state {
        LinkState::Denied { why } => Some((watch, why)),
        _ => None,
    })
}

/// The server's words where the revisions in a namespace may not be read.
#[must_use]
pub fn denied_revisions<'a>(inventory: &'a Inventory, namespace: &Text) -> Option<&'a Text> {
    let covers = |scope: &Scope| match scope {
        Scope::Namespace(name) => name == namespace,
        Scope::Cluster | Scope::DaemonSet(_) => true,
    };
    denied(inventory)
        .find(|(watch, _)| watch.kind == WatchKind::Revisions && covers(&watch.scope))
        .map(|(_, why)| why)
}

/// Whether Node objects may not be read: then a node without one need not be gone.
#[must_use]
pub fn hides_nodes(inventory: &Inventory) -> bool {
    denied(inventory).any(|(watch, _)| watch.kind == WatchKind::Nodes)
}

/// More nodes are wanted than are known, since nodes may not be read: at least so many are out of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The largest desired count, by the controller.
    pub wanted: usize,
    /// The nodes that are known by the pods on them.
    pub columns: usize,
}

impl Unseen {
    /// How many nodes are out of sight, at least.
    #[must_use]
    pub fn nodes(self) -> usize {
        self.wanted - self.columns
    }

    /// `873 wanted, 861 columns: 12 nodes you cannot see`.
    #[must_use]
    pub fn words(self) -> String {
        let (wanted, columns, nodes) = (self.wanted, self.columns, self.nodes());
        let plural = if nodes == 1 { "" } else { "s" };
        format!("{wanted} wanted, {columns} columns: {nodes} node{plural} you cannot see")
    }
}

/// What is out of sight. With all nodes in sight a larger count is an old count, which is told as such.
#[must_use]
pub fn unseen(inventory: &Inventory) -> Option<Unseen> {
    hides_nodes(inventory).then_some(())?;
    let desired = inventory.rows().map(|(_, row)| row.daemon_set.status.desired).max()?;
    let unseen = Unseen {
        wanted: usize::try_from(desired).unwrap_or(usize::MAX),
        columns: inventory.columns().count(),
    };
    (unseen.wanted > unseen.columns).then_some(unseen)
}

/// The API group of a kind.
fn group(kind: WatchKind) -> &'static str {
    match kind {
        WatchKind::DaemonSets | WatchKind::Revisions => "apps",
        WatchKind::Nodes | WatchKind::Pods => "",
    }
}

/// The roles that are missing, as YAML: one for the cluster, one for each namespace.
#[must_use]
pub fn missing_roles(inventory: &Inventory) -> Vec<String> {
    let mut roles: BTreeMap<Option<&Text>, BTreeSet<WatchKind>> = BTreeMap::new();
    for (watch, _) in denied(inventory) {
        let namespace = match &watch.scope {
            Scope::Namespace(namespace) if watch.kind != WatchKind::Nodes => Some(namespace),
            _ => None,
        };
        roles.entry(namespace).or_default().insert(watch.kind);
    }
    let mut lines: Vec<String> = Vec::new();
    for (namespace, kinds) in roles {
        if !lines.is_empty() {
            lines.push("---".to_owned());
        }
        let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
        let place = namespace.map(|name| format!(", namespace: {name}")).unwrap_or_default();
        lines.push("apiVersion: rbac.authorization.k8s.io/v1".to_owned());
        lines.push(format!("kind: {kind}"));
        lines.push(format!("metadata: {{name: dsgrid-reader{place}}}"));
        lines.push("rules:".to_owned());
        for kind in kinds {
            lines.push(format!("- apiGroups: [{:?}]", group(kind)));
            lines.push(format!("  resources: [{}]", kind.resource()));
            lines.push("  verbs: [get, list, watch]".to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    use crate::domain::event::ClusterEvent;

    fn without(watches: &[(WatchKind, Scope)]) -> Inventory {
        let mut inventory = Inventory::new(Timestamp::UNIX_EPOCH);
        for (kind, scope) in watches {
            let watch = Watch { kind: *kind, scope: scope.clone() };
            inventory.apply(ClusterEvent::Link(watch, LinkState::Denied { why: Text::new("no") }));
        }
        inventory
    }

    #[test]
    fn what_is_missing_is_a_role_to_ask_for() {
        assert!(missing_roles(&without(&[])).is_empty());
        let cluster = missing_roles(&without(&[(WatchKind::Nodes, Scope::Cluster)]));
        assert_eq!(
            cluster,
            [
                "apiVersion: rbac.authorization.k8s.io/v1",
                "kind: ClusterRole",
                "metadata: {name: dsgrid-reader}",
                "rules:",
                "- apiGroups: [\"\"]",
                "  resources: [nodes]",
                "  verbs: [get, list, watch]",
            ]
        );
        let logging = Scope::Namespace(Text::new("logging"));
        let both = [(WatchKind::Nodes, Scope::Cluster), (WatchKind::Revisions, logging)];
        let both = missing_roles(&without(&both)).join("\n");
        assert!(both.contains("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: dsgrid-reader, namespace: logging}"), "{both}");
        assert!(
            both.ends_with(
                "- apiGroups: [\"apps\"]\n  resources: [controllerrevisions]\n  verbs: [get, list, watch]"
            ),
            "{both}"
        );
        assert!(serde_yaml::from_str::<serde_json::Value>(&cluster.join("\n")).is_ok());
    }

    #[test]
    fn what_cannot_be_seen_is_counted() {
        assert_eq!(unseen(&without(&[(WatchKind::Nodes, Scope::Cluster)])), None, "nothing is known");
        assert_eq!(
            Unseen { wanted: 873, columns: 861 }.words(),
            "873 wanted, 861 columns: 12 nodes you cannot see"
        );
        assert!(Unseen { wanted: 2, columns: 1 }.words().ends_with("1 node you cannot see"));
    }
}
