//! DaemonSets.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::decode::nullable;
use super::meta::{Meta, WireMeta};
use super::template::Template;
use crate::domain::pause::Pause;
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
    template: Template,
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

impl From<WireDaemonSet> for DaemonSet {
    fn from(mut wire: WireDaemonSet) -> Self {
        let annotations = std::mem::take(&mut wire.metadata.annotations);
        Self {
            meta: wire.metadata.into(),
            selector: wire.spec.selector,
            strategy: wire.spec.update_strategy.into(),
            min_ready_seconds: wire.spec.min_ready_seconds,
            template: wire.spec.template,
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
}
