//! The resources of the embedded cluster: one table that discovery, routing and printing share.

/// A resource type the embedded cluster keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// core/v1 Namespace
    Namespace,
    /// core/v1 Node
    Node,
    /// core/v1 Pod
    Pod,
    /// apps/v1 `DaemonSet`
    DaemonSet,
    /// apps/v1 `ControllerRevision`
    ControllerRevision,
    /// core/v1 Event
    Event,
    /// policy/v1 `PodDisruptionBudget`
    PodDisruptionBudget,
}

/// What the API says about one resource type.
#[derive(Debug)]
pub struct Resource {
    /// The kind this row is about.
    pub kind: Kind,
    /// API group, empty for core.
    pub group: &'static str,
    /// API version inside the group.
    pub version: &'static str,
    /// Plural name, as in URLs.
    pub plural: &'static str,
    /// Singular name.
    pub singular: &'static str,
    /// The `kind` string of its objects.
    pub name: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Short names that clients accept.
    pub short: &'static [&'static str],
    /// Discovery categories, such as `all`.
    pub categories: &'static [&'static str],
    /// What there is below one of its objects.
    pub subresources: &'static [Subresource],
}

/// Something below an object, as `pods/NAME/status`.
#[derive(Debug)]
pub struct Subresource {
    /// Its name, as in URLs.
    pub name: &'static str,
    /// What can be done with it.
    pub verbs: &'static [&'static str],
    /// Group, version and kind of what is sent there, where that is not the object itself.
    pub sends: Option<(&'static str, &'static str, &'static str)>,
}

const STATUS: Subresource = Subresource { name: "status", verbs: &["get", "patch", "update"], sends: None };
const LOG: Subresource = Subresource { name: "log", verbs: &["get"], sends: None };
const EVICTION: Subresource =
    Subresource { name: "eviction", verbs: &["create"], sends: Some(("policy", "v1", "Eviction")) };

const fn resource(
    kind: Kind,
    group: &'static str,
    plural: &'static str,
    singular: &'static str,
    name: &'static str,
    short: &'static [&'static str],
) -> Resource {
    let namespaced = !matches!(kind, Kind::Namespace | Kind::Node);
    let subresources: &'static [Subresource] = match kind {
        Kind::ControllerRevision | Kind::Event => &[],
        Kind::Pod => &[EVICTION, LOG, STATUS],
        _ => &[STATUS],
    };
    let categories: &'static [&'static str] =
        if matches!(kind, Kind::Pod | Kind::DaemonSet) { &["all"] } else { &[] };
    Resource {
        kind,
        group,
        version: "v1",
        plural,
        singular,
        name,
        namespaced,
        short,
        categories,
        subresources,
    }
}

static RESOURCES: [Resource; Kind::COUNT] = [
    resource(Kind::Namespace, "", "namespaces", "namespace", "Namespace", &["ns"]),
    resource(Kind::Node, "", "nodes", "node", "Node", &["no"]),
    resource(Kind::Pod, "", "pods", "pod", "Pod", &["po"]),
    resource(Kind::DaemonSet, "apps", "daemonsets", "daemonset", "DaemonSet", &["ds"]),
    resource(
        Kind::ControllerRevision,
        "apps",
        "controllerrevisions",
        "controllerrevision",
        "ControllerRevision",
        &[],
    ),
    resource(Kind::Event, "", "events", "event", "Event", &["ev"]),
    resource(
        Kind::PodDisruptionBudget,
        "policy",
        "poddisruptionbudgets",
        "poddisruptionbudget",
        "PodDisruptionBudget",
        &["pdb"],
    ),
];

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 7;

    /// Every kind, in table order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Namespace,
        Self::Node,
        Self::Pod,
        Self::DaemonSet,
        Self::ControllerRevision,
        Self::Event,
        Self::PodDisruptionBudget,
    ];

    /// This kind's row of the table.
    #[must_use]
    pub fn resource(self) -> &'static Resource {
        &RESOURCES[self.index()]
    }

    /// Position in per-kind arrays.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The kind behind a URL's group and plural name.
    #[must_use]
    pub fn from_plural(group: &str, plural: &str) -> Option<Self> {
        RESOURCES.iter().find(|r| r.group == group && r.plural == plural).map(|r| r.kind)
    }
}

impl Resource {
    /// Its subresource of this name.
    #[must_use]
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// `apps/v1`, or `v1` for core.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `daemonsets.apps`, or `pods` for core: how error messages name a resource.
    #[must_use]
    pub fn qualified_plural(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `DaemonSet.apps`, or `Pod` for core: how validation messages name a type.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        if self.group.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.name, self.group) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        for kind in Kind::ALL {
            assert_eq!(kind.resource().kind, kind);
        }
        assert_eq!(Kind::from_plural("apps", "daemonsets"), Some(Kind::DaemonSet));
        assert_eq!(Kind::from_plural("", "daemonsets"), None);
        assert_eq!(Kind::DaemonSet.resource().qualified_plural(), "daemonsets.apps");
    }
}
