//! DaemonSets.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::decode::nullable;
use super::meta::{Labels, Meta, WireMeta};
use super::node::TaintEffect;
use crate::domain::pause::Pause;
use crate::domain::quantity::Quantity;
use crate::domain::replace::claim::Claim;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// A DaemonSet: where its pods go, how they are updated, and what its controller counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireDaemonSet")]
pub struct DaemonSet {
    /// Metadata.
    pub meta: Meta,
    /// `spec.selector`.
    pub selector: Selector,
    /// `spec.updateStrategy`.
    pub strategy: UpdateStrategy,
    /// `spec.minReadySeconds`: how long a pod has to be ready to be available.
    pub min_ready_seconds: i64,
    /// The pod template, as far as it decides placement and says what runs.
    pub template: Template,
    /// The annotation `deprecated.daemonset.template.generation`, which also tells new pods from old ones.
    pub template_generation: Option<Text>,
    /// The annotation `dsgrid.dev/paused`, if there is one.
    pub pause: Option<Pause>,
    /// The annotation `dsgrid.dev/replacing`, if there is one that can be read.
    pub replacing: Option<Box<Claim>>,
    /// What the controller counted last.
    pub status: DaemonSetStatus,
}

impl DaemonSet {
    /// Whether the controller has seen the newest spec.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.status.observed_generation >= self.meta.generation
    }

    /// Whether dsgrid paused it: strategy `OnDelete` and a readable annotation.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.strategy == UpdateStrategy::OnDelete && matches!(self.pause, Some(Pause::Saved(_)))
    }

    /// Whether updates put a new pod beside the old one first (`daemonset_util.go`, `AllowsSurge`).
    #[must_use]
    pub fn allows_surge(&self) -> bool {
        matches!(&self.strategy, UpdateStrategy::RollingUpdate { max_surge, .. } if max_surge.resolve(1) > 0)
    }
}

/// How pods are replaced when the template changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateStrategy {
    /// The controller replaces them within limits.
    RollingUpdate {
        /// How many wanted nodes may be without an available pod.
        max_unavailable: IntOrPercent,
        /// How many nodes may have a new pod beside the old one.
        max_surge: IntOrPercent,
    },
    /// Somebody deletes the old ones.
    OnDelete,
}

impl Default for UpdateStrategy {
    /// The API's default (defaults.go, `SetDefaults_DaemonSet`).
    fn default() -> Self {
        Self::RollingUpdate { max_unavailable: IntOrPercent::Int(1), max_surge: IntOrPercent::Int(0) }
    }
}

impl UpdateStrategy {
    /// The strategy's `type`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RollingUpdate { .. } => "RollingUpdate",
            Self::OnDelete => "OnDelete",
        }
    }
}

/// A number of nodes, or a share of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// So many.
    Int(i64),
    /// So many of a hundred.
    Percent(i64),
    /// Something the API would not accept; counts as 0, as the controller's failed parse does.
    Unreadable(Text),
}

impl IntOrPercent {
    /// The number of nodes out of `total`; percentages round up (`daemonset_util.go`, `UnavailableCount`).
    #[must_use]
    pub fn resolve(&self, total: u32) -> u32 {
        let count = match self {
            Self::Int(count) => *count,
            Self::Percent(percent) => {
                percent.saturating_mul(i64::from(total)).saturating_add(99).div_euclid(100)
            }
            Self::Unreadable(_) => 0,
        };
        u32::try_from(count.max(0)).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Unreadable(text) => text.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Wire {
            Int(i64),
            Text(Text),
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Int(count) => Self::Int(count),
            Wire::Text(text) => match text.strip_suffix('%').and_then(|p| p.parse().ok()) {
                Some(percent) => Self::Percent(percent),
                None => Self::Unreadable(text),
            },
        })
    }
}

/// The counters of `status`, in nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetStatus {
    /// The generation these numbers were counted for.
    #[serde(deserialize_with = "nullable")]
    pub observed_generation: i64,
    /// Nodes that should run a pod.
    #[serde(rename = "desiredNumberScheduled", deserialize_with = "nullable")]
    pub desired: u32,
    /// Of those, nodes with a pod.
    #[serde(rename = "currentNumberScheduled", deserialize_with = "nullable")]
    pub current: u32,
    /// Of those, nodes whose first pod is ready.
    #[serde(rename = "numberReady", deserialize_with = "nullable")]
    pub ready: u32,
    /// Of those, nodes whose first pod is of the current template.
    #[serde(rename = "updatedNumberScheduled", deserialize_with = "nullable")]
    pub up_to_date: u32,
    /// Of those, nodes whose first pod is available.
    #[serde(rename = "numberAvailable", deserialize_with = "nullable")]
    pub available: u32,
    /// Desired without available.
    #[serde(rename = "numberUnavailable", deserialize_with = "nullable")]
    pub unavailable: u32,
    /// Nodes that have a pod and should not.
    #[serde(rename = "numberMisscheduled", deserialize_with = "nullable")]
    pub misscheduled: u32,
}

/// The part of a pod template that decides placement and says what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// `nodeName`; empty is none.
    pub node_name: Text,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// The terms of the required node affinity; none where there is no such requirement.
    pub required_affinity: Option<Box<[NodeSelectorTerm]>>,
    /// The tolerations somebody wrote; the controller adds its own.
    pub tolerations: Box<[Toleration]>,
    /// `hostNetwork`.
    pub host_network: bool,
    /// `priorityClassName`; empty is none.
    pub priority_class: Text,
    /// The containers, without init containers.
    pub containers: Box<[TemplateContainer]>,
    /// The annotation `kubectl.kubernetes.io/default-container`: whose log is meant where none is named; often empty.
    pub default_container: Text,
}

/// A container of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TemplateContainer {
    /// The name.
    #[serde(default)]
    pub name: Text,
    /// The image reference.
    #[serde(default)]
    pub image: Text,
    /// What it asks for.
    #[serde(default, deserialize_with = "nullable")]
    pub resources: Resources,
}

/// The resources of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// What the scheduler keeps free for it.
    #[serde(deserialize_with = "nullable")]
    pub requests: Requests,
}

/// What the scheduler keeps free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Requests {
    /// Processors; 0 where nothing is asked for.
    pub cpu: Quantity,
    /// Bytes of memory; 0 where nothing is asked for.
    pub memory: Quantity,
}

impl TemplateContainer {
    /// The image's tag, or the start of its digest, or `latest`.
    #[must_use]
    pub fn tag(&self) -> &str {
        let (name, digest) = match self.image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (self.image.as_str(), None),
        };
        let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
        match (tag, digest) {
            (Some(tag), _) => tag,
            (None, Some(digest)) => digest.get(..15).unwrap_or(digest),
            (None, None) => "latest",
        }
    }
}

/// One of the `ORed` terms of a required node affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSelectorTerm {
    /// Requirements on labels; all must hold.
    #[serde(deserialize_with = "nullable")]
    pub match_expressions: Vec<MatchExpression>,
    /// Requirements on fields; all must hold.
    #[serde(deserialize_with = "nullable")]
    pub match_fields: Vec<MatchExpression>,
}

/// A requirement on a label or a field; the operator is kept as written, since unknown ones poison their term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MatchExpression {
    /// The label's or field's key.
    pub key: Text,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    pub operator: Text,
    /// The operands.
    #[serde(deserialize_with = "nullable")]
    pub values: Vec<Text>,
}

impl fmt::Display for MatchExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.operator)?;
        match self.values.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " {}", if one.is_empty() { "\"\"" } else { one }),
            many => write!(f, " [{}]", many.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// A toleration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// The taint's key; empty matches every key.
    pub key: Text,
    /// How values are compared.
    pub operator: TolerationOperator,
    /// The value to compare with.
    pub value: Text,
    /// The effect; none matches every effect.
    #[serde(deserialize_with = "effect")]
    pub effect: Option<TaintEffect>,
    /// For how long a `NoExecute` taint is tolerated; none is for ever. It plays no part in placement: the taint
    /// manager evicts by it, and the controller puts a new pod there.
    #[serde(rename = "tolerationSeconds")]
    pub seconds: Option<i64>,
}

impl fmt::Display for Toleration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.key.is_empty() { "*" } else { &self.key })?;
        if self.operator != TolerationOperator::Exists {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect.as_ref().map_or("*", TaintEffect::as_str))
    }
}

/// The operator of a toleration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TolerationOperator {
    /// Values are equal; also where no operator is written.
    #[default]
    Equal,
    /// Any value.
    Exists,
    /// `Gt`, `Lt` (only behind a feature gate that is off) or unknown: matches nothing.
    Other(Text),
}

impl<'de> Deserialize<'de> for TolerationOperator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "" | "Equal" => Self::Equal,
            "Exists" => Self::Exists,
            _ => Self::Other(text),
        })
    }
}

fn effect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TaintEffect>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| TaintEffect::from(text)))
}

#[derive(Deserialize)]
struct WireDaemonSet {
    #[serde(default)]
    metadata: WireMeta<Annotations>,
    #[serde(default, deserialize_with = "nullable")]
    spec: WireSpec,
    #[serde(default, deserialize_with = "nullable")]
    status: DaemonSetStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotations {
    #[serde(rename = "deprecated.daemonset.template.generation")]
    template_generation: Option<Text>,
    #[serde(rename = "dsgrid.dev/paused")]
    paused: Option<String>,
    #[serde(rename = "dsgrid.dev/replacing")]
    replacing: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSpec {
    #[serde(deserialize_with = "nullable")]
    selector: Selector,
    #[serde(deserialize_with = "nullable")]
    template: WireTemplate,
    #[serde(deserialize_with = "nullable")]
    update_strategy: WireStrategy,
    #[serde(deserialize_with = "nullable")]
    min_ready_seconds: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireStrategy {
    #[serde(rename = "type")]
    kind: Text,
    #[serde(deserialize_with = "nullable")]
    rolling_update: WireRollingUpdate,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireRollingUpdate {
    max_unavailable: Option<IntOrPercent>,
    max_surge: Option<IntOrPercent>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WireTemplate {
    #[serde(deserialize_with = "nullable")]
    metadata: WireTemplateMeta,
    #[serde(deserialize_with = "nullable")]
    spec: WirePodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTemplateMeta {
    #[serde(deserialize_with = "nullable")]
    annotations: WireTemplateAnnotations,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTemplateAnnotations {
    #[serde(rename = "kubectl.kubernetes.io/default-container")]
    default_container: Text,
}

impl WireTemplate {
    pub(super) fn into_containers(self) -> Box<[TemplateContainer]> {
        self.spec.containers.into()
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePodSpec {
    node_name: Text,
    node_selector: Labels,
    #[serde(deserialize_with = "nullable")]
    affinity: WireAffinity,
    #[serde(deserialize_with = "nullable")]
    tolerations: Vec<Toleration>,
    #[serde(deserialize_with = "nullable")]
    host_network: bool,
    priority_class_name: Text,
    #[serde(deserialize_with = "nullable")]
    containers: Vec<TemplateContainer>,
}

/// The node affinity of a pod spec.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireAffinity {
    #[serde(deserialize_with = "nullable")]
    node_affinity: WireNodeAffinity,
}

impl WireAffinity {
    /// The terms of the required node affinity.
    pub(super) fn into_required(self) -> Option<Vec<NodeSelectorTerm>> {
        self.node_affinity.required_during_scheduling_ignored_during_execution.map(|s| s.node_selector_terms)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireNodeAffinity {
    required_during_scheduling_ignored_during_execution: Option<WireNodeSelector>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireNodeSelector {
    #[serde(deserialize_with = "nullable")]
    node_selector_terms: Vec<NodeSelectorTerm>,
}

impl From<WireDaemonSet> for DaemonSet {
    fn from(mut wire: WireDaemonSet) -> Self {
        let annotations = std::mem::take(&mut wire.metadata.annotations);
        let WireTemplate { metadata, spec: pod } = wire.spec.template;
        Self {
            meta: wire.metadata.into(),
            selector: wire.spec.selector,
            strategy: wire.spec.update_strategy.into(),
            min_ready_seconds: wire.spec.min_ready_seconds,
            template: Template {
                node_name: pod.node_name,
                node_selector: pod.node_selector,
                required_affinity: pod.affinity.into_required().map(Vec::into_boxed_slice),
                tolerations: pod.tolerations.into(),
                host_network: pod.host_network,
                priority_class: pod.priority_class_name,
                containers: pod.containers.into(),
                default_container: metadata.annotations.default_container,
            },
            template_generation: annotations.template_generation,
            pause: annotations.paused.as_deref().map(Pause::read),
            replacing: annotations.replacing.as_deref().and_then(Claim::parse).map(Box::new),
            status: wire.status,
        }
    }
}

impl From<WireStrategy> for UpdateStrategy {
    fn from(wire: WireStrategy) -> Self {
        if wire.kind == "OnDelete" {
            return Self::OnDelete;
        }
        Self::RollingUpdate {
            max_unavailable: wire.rolling_update.max_unavailable.unwrap_or(IntOrPercent::Int(1)),
            max_surge: wire.rolling_update.max_surge.unwrap_or(IntOrPercent::Int(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_up() {
        for (text, total, count) in [
            ("\"30%\"", 5, 2),
            ("\"34%\"", 3, 2),
            ("\"0%\"", 9, 0),
            ("1", 9, 1),
            ("10000", 9, 10_000),
            ("\"5\"", 9, 0),
            ("-1", 9, 0),
        ] {
            let value: IntOrPercent = serde_json::from_str(text).expect("reads");
            assert_eq!(value.resolve(total), count, "{text} of {total}");
        }
    }

    #[test]
    fn tags_are_what_follows_the_name() {
        for (image, tag) in [
            ("registry.example:5000/a/fluent-bit:3.1.4", "3.1.4"),
            ("registry.example:5000/a/fluent-bit", "latest"),
            ("fluent-bit@sha256:0123456789abcdef", "sha256:01234567"),
            ("fluent-bit:v1@sha256:0123456789abcdef", "v1"),
        ] {
            let container = TemplateContainer { image: image.into(), ..TemplateContainer::default() };
            assert_eq!(container.tag(), tag);
        }
    }
}
