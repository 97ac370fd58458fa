//! `PodDisruptionBudget`s.

use serde::Deserialize;

use super::IntOrPercent;
use super::decode::{Condition, nullable};
use super::meta::{Meta, NoAnnotations, WireMeta};
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// A `PodDisruptionBudget` of policy/v1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodDisruptionBudget {
    /// Metadata.
    pub meta: Meta,
    /// The selector; none where the spec has none, which selects no pod. An empty one selects every pod of the
    /// namespace.
    pub selector: Option<Selector>,
    /// `minAvailable`, if that is the form.
    pub min_available: Option<IntOrPercent>,
    /// `maxUnavailable`, if that is the form.
    pub max_unavailable: Option<IntOrPercent>,
    /// `unhealthyPodEvictionPolicy` is `AlwaysAllow`: pods that are not ready may always be evicted.
    pub always_allows_unhealthy: bool,
    /// `status.disruptionsAllowed`.
    pub disruptions_allowed: u32,
    /// `status.currentHealthy`.
    pub current_healthy: u32,
    /// `status.desiredHealthy`.
    pub desired_healthy: u32,
    /// `status.expectedPods`.
    pub expected_pods: u32,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// The reason and message of the `DisruptionAllowed` condition, where it is not True: `SyncFailed` where the
    /// controller could not compute the budget.
    pub not_allowed: Option<(Text, Text)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    metadata: WireMeta<NoAnnotations>,
    spec: WireSpec,
    #[serde(deserialize_with = "nullable")]
    status: WireStatus,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSpec {
    selector: Option<Selector>,
    min_available: Option<IntOrPercent>,
    max_unavailable: Option<IntOrPercent>,
    unhealthy_pod_eviction_policy: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireStatus {
    #[serde(deserialize_with = "nullable")]
    disruptions_allowed: u32,
    #[serde(deserialize_with = "nullable")]
    current_healthy: u32,
    #[serde(deserialize_with = "nullable")]
    desired_healthy: u32,
    #[serde(deserialize_with = "nullable")]
    expected_pods: u32,
    #[serde(deserialize_with = "nullable")]
    observed_generation: i64,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
}

impl<'de> Deserialize<'de> for PodDisruptionBudget {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let condition =
            wire.status.conditions.into_iter().find(|condition| condition.kind == "DisruptionAllowed");
        Ok(Self {
            meta: wire.metadata.into(),
            selector: wire.spec.selector,
            min_available: wire.spec.min_available,
            max_unavailable: wire.spec.max_unavailable,
            always_allows_unhealthy: wire.spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
            disruptions_allowed: wire.status.disruptions_allowed,
            current_healthy: wire.status.current_healthy,
            desired_healthy: wire.status.desired_healthy,
            expected_pods: wire.status.expected_pods,
            observed_generation: wire.status.observed_generation,
            not_allowed: condition
                .filter(|condition| condition.status.0 != Some(true))
                .map(|condition| (condition.reason, condition.message)),
        })
    }
}
