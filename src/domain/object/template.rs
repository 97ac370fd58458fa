//! The pod template of a DaemonSet: what decides placement, and what runs.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::decode::nullable;
use super::meta::Labels;
use super::node::TaintEffect;
use crate::domain::quantity::Quantity;
use crate::domain::text::Text;

/// The part of a pod template that decides placement and says what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireTemplate")]
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTemplate {
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
impl From<WireTemplate> for Template {
    fn from(wire: WireTemplate) -> Self {
        let pod = wire.spec;
        Self {
            node_name: pod.node_name,
            node_selector: pod.node_selector,
            required_affinity: pod.affinity.into_required().map(Vec::into_boxed_slice),
            tolerations: pod.tolerations.into(),
            host_network: pod.host_network,
            priority_class: pod.priority_class_name,
            containers: pod.containers.into(),
            default_container: wire.metadata.annotations.default_container,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
