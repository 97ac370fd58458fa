//! What a change of nodes is refused or warned about: label keys that are not for people to change, taints that evict.

use std::collections::BTreeSet;

use crate::domain::object::TaintEffect;
use crate::domain::preview::NodeChange;
use crate::domain::text::Text;

/// Whether a label may be changed by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing speaks against it.
    Free,
    /// It can be changed, but somebody else relies on it or will change it back.
    Warn(&'static str),
    /// It is refused here: the cluster breaks, or it is set back at once.
    Refuse(&'static str),
}

/// The well-known labels and prefixes (Kubernetes documentation, "Well-Known Labels, Annotations and Taints", and the
/// kubelet's `NodeRestriction` admission).
const KNOWN: &[(&str, Guard)] = &[
    (
        "kubernetes.io/hostname",
        Guard::Refuse(
            "local volumes and topology spreading find the node by it, and the kubelet sets it back",
        ),
    ),
    ("kubernetes.io/os", Guard::Refuse("the kubelet sets it back to the real operating system")),
    ("kubernetes.io/arch", Guard::Refuse("the kubelet sets it back to the real architecture")),
    ("beta.kubernetes.io/os", Guard::Refuse("the kubelet sets it back to the real operating system")),
    ("beta.kubernetes.io/arch", Guard::Refuse("the kubelet sets it back to the real architecture")),
    (
        "node.kubernetes.io/instance-type",
        Guard::Refuse("the cloud provider sets it, and autoscalers count on it"),
    ),
    (
        "beta.kubernetes.io/instance-type",
        Guard::Refuse("the cloud provider sets it, and autoscalers count on it"),
    ),
    (
        "node.kubernetes.io/exclude-from-external-load-balancers",
        Guard::Warn("load balancers stop or start sending traffic to the node"),
    ),
    ("node.kubernetes.io/windows-build", Guard::Refuse("the kubelet sets it back to the real build")),
];

/// Prefixes of keys; the part after the `/` is anything.
const PREFIXES: &[(&str, Guard)] = &[
    (
        "topology.kubernetes.io/",
        Guard::Refuse(
            "volumes and topology spreading rely on where the node really is, and the cloud provider sets it back",
        ),
    ),
    (
        "failure-domain.beta.kubernetes.io/",
        Guard::Refuse("volumes rely on where the node really is, and the cloud provider sets it back"),
    ),
    (
        "node-role.kubernetes.io/",
        Guard::Warn("roles are read by installers, load balancers and upgrade tools"),
    ),
    (
        "node-restriction.kubernetes.io/",
        Guard::Warn(
            "it isolates workloads from nodes that may be compromised: only an administrator may set it",
        ),
    ),
    ("kubelet.kubernetes.io/", Guard::Warn("the kubelet may set it back")),
    ("node.kubernetes.io/", Guard::Warn("the kubelet may set it back")),
    ("feature.node.kubernetes.io/", Guard::Warn("Node Feature Discovery sets it back")),
    ("karpenter.sh/", Guard::Warn("Karpenter relies on it and may replace the node")),
    ("eks.amazonaws.com/", Guard::Warn("the node group sets it on new nodes, not from here")),
    ("cloud.google.com/", Guard::Warn("the node pool sets it back on repair and upgrade")),
    ("kubernetes.azure.com/", Guard::Warn("the node pool sets it back on repair and upgrade")),
];

/// Whether a label may be changed by hand.
#[must_use]
pub fn guard(key: &str) -> Guard {
    let exact = KNOWN.iter().find(|(known, _)| *known == key);
    let prefixed = || PREFIXES.iter().find(|(prefix, _)| key.starts_with(prefix));
    if let Some((_, guard)) = exact.or_else(prefixed) {
        return *guard;
    }
    let domain = key.split_once('/').map(|(domain, _)| domain).unwrap_or_default();
    let reserved = |suffix: &str| {
        domain == suffix || domain.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'))
    };
    if reserved("kubernetes.io") || reserved("k8s.io") {
        return Guard::Warn("its prefix is reserved for Kubernetes: some component may set it back");
    }
    Guard::Free
}

/// Why labels of a change are refused, each in a clause; empty where none is.
#[must_use]
pub fn refusals(change: &NodeChange) -> Vec<String> {
    let told = change.labels.keys().filter_map(|key| match guard(key) {
        Guard::Refuse(why) => Some(format!("the label {key} is not changed from here: {why}")),
        Guard::Warn(_) | Guard::Free => None,
    });
    told.collect()
}

/// What has to be thought of before a change, each in a clause.
#[must_use]
pub fn warnings(change: &NodeChange) -> Vec<String> {
    let labels = change.labels.keys().filter_map(|key| match guard(key) {
        Guard::Warn(why) => Some(format!("the label {key}: {why}")),
        Guard::Refuse(_) | Guard::Free => None,
    });
    let evicting = change.add_taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute);
    let taints = evicting.map(|taint| {
        format!("the taint {taint} evicts every pod that does not tolerate it, not only daemon pods")
    });
    let touched = change.add_taints.iter().map(|taint| &taint.key);
    let touched: BTreeSet<&Text> = touched.chain(change.remove_taints.iter().map(|(key, _)| key)).collect();
    let kept = touched.into_iter().filter(|key| key.starts_with("node.kubernetes.io/"));
    let kept = kept.map(|key| format!("the taint {key}: the control plane sets and removes it by itself"));
    labels.chain(taints).chain(kept).collect()
}

/// What a cordon does and does not do, each in a clause; empty where a change cordons nothing.
#[must_use]
pub fn about_cordon(change: &NodeChange) -> &'static [&'static str] {
    match change.unschedulable {
        None => &[],
        Some(true) => &[
            "no daemon pod stops or stays away: daemon pods tolerate a cordoned node, and updates replace them there",
            "pods that run there stay; only new pods that are no daemon pods no longer come",
        ],
        Some(false) => &[
            "no daemon pod starts by it: daemon pods tolerate a cordoned node, so none was kept off",
            "new pods that are no daemon pods come to the node again",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_labels_are_guarded_and_others_are_free() {
        for key in ["kubernetes.io/hostname", "kubernetes.io/os", "topology.kubernetes.io/zone"] {
            assert!(matches!(guard(key), Guard::Refuse(_)), "{key}");
        }
        for key in [
            "node-role.kubernetes.io/worker",
            "node-restriction.kubernetes.io/fips",
            "node.kubernetes.io/foo",
            "kubelet.kubernetes.io/x",
            "foo.kubernetes.io/x",
            "k8s.io/x",
        ] {
            assert!(matches!(guard(key), Guard::Warn(_)), "{key}");
        }
        for key in ["pool", "example.com/pool", "notkubernetes.io/x", "kubernetes.io.example.com/x"] {
            assert_eq!(guard(key), Guard::Free, "{key}");
        }
    }
}
