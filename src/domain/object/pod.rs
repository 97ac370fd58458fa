//! Daemon pods.

use jiff::Timestamp;
use serde::Deserialize;

use super::decode::{Condition, nullable, time};
use super::meta::{Meta, NoAnnotations, WireMeta};
use super::revision::REVISION_HASH;
use super::template::WireAffinity;
use crate::domain::id::NodeName;
use crate::domain::text::Text;

/// A pod's phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Accepted, not all containers have started.
    #[default]
    Pending,
    /// Bound, all containers have started once.
    Running,
    /// All containers ended well, for good.
    Succeeded,
    /// All containers ended, at least one badly, or the pod was rejected or evicted.
    Failed,
    /// The kubelet cannot be asked.
    Unknown,
}

impl Phase {
    /// The phase as Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// Succeeded or Failed: nothing will run again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

impl<'de> Deserialize<'de> for Phase {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Text::deserialize(deserializer)?.as_str() {
            "Pending" | "" => Self::Pending,
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            _ => Self::Unknown,
        })
    }
}

/// What the condition `PodScheduled` says while it is not True.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// `Unschedulable`, `SchedulingGated` or another word.
    pub reason: Text,
    /// The scheduler's message.
    pub message: Text,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Termination {
    /// The exit code.
    pub exit_code: i32,
    /// The signal, or 0.
    pub signal: i32,
    /// The reason in one word, like `Error` or `OOMKilled`; often empty.
    pub reason: Text,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// What a container does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Not running yet, or not again.
    Waiting {
        /// The reason in one word, like `CrashLoopBackOff`; can be empty.
        reason: Text,
        /// The message.
        message: Text,
    },
    /// Running.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// Ended.
    Terminated(Termination),
}

/// The status of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The container's name.
    pub name: Text,
    /// Passes its readiness probe.
    pub ready: bool,
    /// Has passed its startup probe.
    pub started: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended the last time.
    pub last: Option<Termination>,
}

/// An init container of the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitContainer {
    /// The container's name.
    pub name: Text,
    /// `restartPolicy: Always`: runs as long as the pod.
    pub sidecar: bool,
}

/// A daemon pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WirePod")]
pub struct Pod {
    /// Metadata; labels are not kept beyond the two below.
    pub meta: Meta,
    /// The label `controller-revision-hash`.
    pub revision: Option<Text>,
    /// The label `pod-template-generation`.
    pub template_generation: Option<Text>,
    /// `spec.nodeName`: where it is bound; none while the scheduler has not decided.
    pub node_name: Option<NodeName>,
    /// The node its required affinity names.
    pub affinity_node: Option<NodeName>,
    /// The number of containers in the spec.
    pub container_count: usize,
    /// The init containers in the spec.
    pub init: Box<[InitContainer]>,
    /// The phase.
    pub phase: Phase,
    /// `status.reason`, like `Evicted`; can be empty.
    pub reason: Text,
    /// `status.message`.
    pub message: Text,
    /// The condition Ready.
    pub ready: bool,
    /// When the condition Ready last changed.
    pub ready_since: Option<Timestamp>,
    /// Whether the condition Initialized is True.
    pub initialized: bool,
    /// What the scheduler says, while it has not placed the pod.
    pub scheduling: Option<Scheduling>,
    /// The containers' statuses.
    pub containers: Box<[Container]>,
    /// The init containers' statuses.
    pub init_containers: Box<[Container]>,
}

impl Pod {
    /// The node the pod is for (`daemonset_util.go`, `GetTargetNodeName`): where it is bound, else the one its
    /// affinity names. A pod for no or several nodes is ignored everywhere.
    #[must_use]
    pub fn target(&self) -> Option<&NodeName> {
        self.node_name.as_ref().or(self.affinity_node.as_ref())
    }

    /// The texts that many pods share.
    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        let owner = self.meta.owner.iter_mut().flat_map(|owner| [&mut owner.kind, &mut owner.name]);
        let nodes =
            [&mut self.node_name, &mut self.affinity_node].into_iter().flatten().map(|node| &mut node.0);
        let labels = [&mut self.revision, &mut self.template_generation].into_iter().flatten();
        let containers = self.containers.iter_mut().chain(&mut self.init_containers).flat_map(|container| {
            let reason = match &mut container.state {
                ContainerState::Waiting { reason, .. } => Some(reason),
                ContainerState::Terminated(end) => Some(&mut end.reason),
                ContainerState::Running { .. } => None,
            };
            reason
                .into_iter()
                .chain([&mut container.name])
                .chain(container.last.as_mut().map(|end| &mut end.reason))
        });
        let words = [&mut self.meta.key.namespace, &mut self.reason, &mut self.message];
        let init = self.init.iter_mut().map(|init| &mut init.name);
        owner.chain(nodes).chain(labels).chain(containers).chain(words).chain(init)
    }

    /// Being deleted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.meta.deleting.is_some()
    }

    /// Ended and being deleted: the controller no longer sees it (`getDaemonPods`).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.is_deleting() && self.phase.is_terminal()
    }
}

#[derive(Deserialize)]
struct WirePod {
    #[serde(default)]
    metadata: WireMeta<NoAnnotations>,
    #[serde(default, deserialize_with = "nullable")]
    spec: WireSpec,
    #[serde(default, deserialize_with = "nullable")]
    status: WireStatus,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSpec {
    node_name: Text,
    #[serde(deserialize_with = "nullable")]
    affinity: WireAffinity,
    #[serde(deserialize_with = "nullable")]
    containers: Vec<serde::de::IgnoredAny>,
    #[serde(deserialize_with = "nullable")]
    init_containers: Vec<WireInit>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireInit {
    name: Text,
    restart_policy: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireStatus {
    phase: Phase,
    reason: Text,
    message: Text,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    container_statuses: Vec<WireContainer>,
    #[serde(deserialize_with = "nullable")]
    init_container_statuses: Vec<WireContainer>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireContainer {
    name: Text,
    #[serde(deserialize_with = "nullable")]
    ready: bool,
    #[serde(deserialize_with = "nullable")]
    started: bool,
    #[serde(deserialize_with = "nullable")]
    restart_count: u32,
    #[serde(deserialize_with = "nullable")]
    state: WireState,
    #[serde(deserialize_with = "nullable")]
    last_state: WireState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireState {
    waiting: Option<WireWaiting>,
    running: Option<WireRunning>,
    terminated: Option<WireTerminated>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireWaiting {
    reason: Text,
    message: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireRunning {
    #[serde(deserialize_with = "time")]
    started_at: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireTerminated {
    #[serde(deserialize_with = "nullable")]
    exit_code: i32,
    #[serde(deserialize_with = "nullable")]
    signal: i32,
    reason: Text,
    #[serde(deserialize_with = "time")]
    finished_at: Option<Timestamp>,
}

impl From<WireTerminated> for Termination {
    fn from(wire: WireTerminated) -> Self {
        Self {
            exit_code: wire.exit_code,
            signal: wire.signal,
            reason: wire.reason,
            finished: wire.finished_at,
        }
    }
}

impl From<WireState> for ContainerState {
    fn from(wire: WireState) -> Self {
        match wire {
            WireState { running: Some(running), .. } => Self::Running { since: running.started_at },
            WireState { terminated: Some(end), .. } => Self::Terminated(end.into()),
            // No state at all is waiting, too (core/v1 types: "none specified: defaults to waiting").
            WireState { waiting, .. } => {
                let waiting = waiting.unwrap_or_default();
                Self::Waiting { reason: waiting.reason, message: waiting.message }
            }
        }
    }
}

impl From<WireContainer> for Container {
    fn from(wire: WireContainer) -> Self {
        Self {
            name: wire.name,
            ready: wire.ready,
            started: wire.started,
            restarts: wire.restart_count,
            last: wire.last_state.terminated.map(Termination::from),
            state: wire.state.into(),
        }
    }
}

/// The node that the first `metadata.name In [one]` of the affinity's match fields names.
fn affinity_node(affinity: WireAffinity) -> Option<NodeName> {
    affinity.into_required()?.into_iter().flat_map(|term| term.match_fields).find_map(|field| {
        let [name] = field.values.as_slice() else { return None };
        (field.key == "metadata.name" && field.operator == "In").then(|| NodeName(name.clone()))
    })
}

impl From<WirePod> for Pod {
    fn from(wire: WirePod) -> Self {
        let mut meta: Meta = wire.metadata.into();
        let labels = std::mem::take(&mut meta.labels);
        let status = wire.status;
        let condition = |kind: &str| status.conditions.iter().find(|condition| condition.kind == kind);
        let ready = condition("Ready");
        Self {
            meta,
            revision: labels.get(REVISION_HASH).cloned(),
            template_generation: labels.get("pod-template-generation").cloned(),
            node_name: (!wire.spec.node_name.is_empty()).then_some(NodeName(wire.spec.node_name)),
            affinity_node: affinity_node(wire.spec.affinity),
            container_count: wire.spec.containers.len(),
            init: wire
                .spec
                .init_containers
                .into_iter()
                .map(|init| InitContainer { name: init.name, sidecar: init.restart_policy == "Always" })
                .collect(),
            phase: status.phase,
            ready: ready.is_some_and(|c| c.status.0 == Some(true)),
            ready_since: ready.and_then(|c| c.last_transition_time),
            initialized: condition("Initialized").is_some_and(|c| c.status.0 == Some(true)),
            scheduling: condition("PodScheduled")
                .filter(|c| c.status.0 != Some(true))
                .map(|c| Scheduling { reason: c.reason.clone(), message: c.message.clone() }),
            reason: status.reason,
            message: status.message,
            containers: status.container_statuses.into_iter().map(Container::from).collect(),
            init_containers: status.init_container_statuses.into_iter().map(Container::from).collect(),
        }
    }
}
