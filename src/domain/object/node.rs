//! Nodes.

use jiff::Timestamp;
use serde::Deserialize;

use super::decode::{Condition, nullable};
use super::meta::{Meta, NoAnnotations, WireMeta};
use crate::domain::id::NodeName;
use crate::domain::text::Text;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TaintEffect {
    /// No new pods.
    NoSchedule,
    /// Rather no new pods; the DaemonSet controller ignores it.
    PreferNoSchedule,
    /// No new pods, and running ones are evicted.
    NoExecute,
    /// Something this version of Kubernetes does not define; matches like text, refuses nothing.
    Other(Text),
}

impl TaintEffect {
    /// The effect as Kubernetes writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
            Self::Other(text) => text,
        }
    }
}

impl From<Text> for TaintEffect {
    fn from(text: Text) -> Self {
        match text.as_str() {
            "NoSchedule" => Self::NoSchedule,
            "PreferNoSchedule" => Self::PreferNoSchedule,
            "NoExecute" => Self::NoExecute,
            _ => Self::Other(text),
        }
    }
}

impl<'de> Deserialize<'de> for TaintEffect {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self::from)
    }
}

/// A taint of a node; printed as kubectl writes it, `key=value:Effect`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Taint {
    /// The key.
    #[serde(default)]
    pub key: Text,
    /// The value; often empty.
    #[serde(default)]
    pub value: Text,
    /// The effect.
    pub effect: TaintEffect,
}

impl std::fmt::Display for Taint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect.as_str())
    }
}

/// One condition of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCondition {
    /// The type, like `Ready` or `DiskPressure`.
    pub kind: Text,
    /// True, False, or unknown (none).
    pub status: Option<bool>,
    /// The reason in one word.
    pub reason: Text,
    /// The message for people.
    pub message: Text,
    /// When the status last changed.
    pub since: Option<Timestamp>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireNode")]
pub struct Node {
    /// Metadata.
    pub meta: Meta,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
    /// The taints.
    pub taints: Box<[Taint]>,
    /// The conditions; heartbeat times are not kept, so a heartbeat changes nothing.
    pub conditions: Box<[NodeCondition]>,
    /// The kubelet's version.
    pub kubelet_version: Text,
    /// The kernel's version.
    pub kernel_version: Text,
    /// The operating system, as it names itself.
    pub os_image: Text,
    /// The container runtime and its version.
    pub container_runtime: Text,
}

impl Node {
    /// The name.
    #[must_use]
    pub fn name(&self) -> NodeName {
        NodeName(self.meta.key.name.clone())
    }

    /// The condition of a type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&NodeCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether the node's Ready condition is True.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.status == Some(true))
    }

    /// Whether the node says of itself that it is not ready, or says nothing any more: its kubelet ends no pod then.
    #[must_use]
    pub fn is_out_of_order(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.status != Some(true))
    }

    /// kubectl's STATUS word for a node (printers.go, `printNode`).
    #[must_use]
    pub fn status_word(&self) -> String {
        let word = match self.condition("Ready") {
            Some(NodeCondition { status: Some(true), .. }) => "Ready",
            Some(_) => "NotReady",
            None => "Unknown",
        };
        if self.unschedulable { format!("{word},SchedulingDisabled") } else { word.to_owned() }
    }

    /// kubectl's ROLES: sorted suffixes of `node-role.kubernetes.io/<role>` and values of `kubernetes.io/role`.
    #[must_use]
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = self
            .meta
            .labels
            .iter()
            .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => Some(role),
                None => (key == "kubernetes.io/role").then_some(value.as_str()),
            })
            .filter(|role| !role.is_empty())
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

#[derive(Deserialize)]
struct WireNode {
    #[serde(default)]
    metadata: WireMeta<NoAnnotations>,
    #[serde(default, deserialize_with = "nullable")]
    spec: WireSpec,
    #[serde(default, deserialize_with = "nullable")]
    status: WireStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireSpec {
    #[serde(deserialize_with = "nullable")]
    unschedulable: bool,
    #[serde(deserialize_with = "nullable")]
    taints: Vec<Taint>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireStatus {
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    node_info: WireNodeInfo,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireNodeInfo {
    kubelet_version: Text,
    kernel_version: Text,
    os_image: Text,
    container_runtime_version: Text,
}

impl From<WireNode> for Node {
    fn from(wire: WireNode) -> Self {
        let info = wire.status.node_info;
        Self {
            meta: wire.metadata.into(),
            unschedulable: wire.spec.unschedulable,
            taints: wire.spec.taints.into(),
            conditions: wire
                .status
                .conditions
                .into_iter()
                .map(|c| NodeCondition {
                    kind: c.kind,
                    status: c.status.0,
                    reason: c.reason,
                    message: c.message,
                    since: c.last_transition_time,
                })
                .collect(),
            kubelet_version: info.kubelet_version,
            kernel_version: info.kernel_version,
            os_image: info.os_image,
            container_runtime: info.container_runtime_version,
        }
    }
}
