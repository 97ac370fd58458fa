//! Why a cell is as it is, in the words of the JSON contract.

use serde::Serialize;

use super::text::Text;

/// Which rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// The template's `nodeName`.
    NodeName,
    /// The template's `nodeSelector`.
    NodeSelector,
    /// The template's required node affinity.
    NodeAffinity,
    /// A taint of the node against the tolerations.
    Taint,
    /// The Node object is gone.
    NoNode,
    /// The node does not answer.
    Unreachable,
    /// The API refused to create the pod.
    CreateFailed,
    /// The scheduler refuses to place the pod.
    Scheduler,
    /// The kubelet refuses to run the pod, or evicted it.
    Kubelet,
    /// A container waits or ended on an error.
    Container,
    /// The pod runs and is not ready, or not ready for long enough.
    Readiness,
    /// Not known, or not readable.
    Unknown,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ruling {
    /// Lets the pod run here.
    Allow,
    /// No new pod here; one that is here stays.
    Refuse,
    /// No pod here; one that is here is deleted.
    Stop,
    /// Does not decide, but ails or explains.
    Info,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// What it says.
    pub verdict: Ruling,
    /// The label, taint, container or condition in question; can be empty.
    pub key: Text,
    /// The reason as a sentence without a full stop.
    pub detail: Text,
}

impl Reason {
    /// Makes a reason.
    #[must_use]
    pub fn new(rule: Rule, verdict: Ruling, key: &str, detail: &str) -> Self {
        Self { rule, verdict, key: Text::new(key), detail: Text::new(detail) }
    }
}
