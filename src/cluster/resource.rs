//! The four kinds that are read: their paths, selectors and events.

use serde::de::DeserializeOwned;

use super::mailbox::Lanes;
use crate::domain::event::{Change, ClusterEvent, Scope, WatchKind};
use crate::domain::object::{ControllerRevision, DaemonSet, Meta, Node, Pod};

/// Set by the DaemonSet controller on its pods, and by no other but the StatefulSet controller.
const DAEMON_PODS: &str = "controller-revision-hash,!statefulset.kubernetes.io/pod-name";

/// A kind that can be listed and watched.
pub(super) trait Resource: DeserializeOwned + Send + Sync + 'static {
    /// Which kind.
    const KIND: WatchKind;
    /// The API's path up to the resource or its namespace.
    const GROUP: &'static str;
    /// The label selector; empty is none.
    const SELECTOR: &'static str = "";
    /// Metadata.
    fn meta(&self) -> &Meta;
    /// Wraps a change.
    fn event(change: Change<Self>) -> ClusterEvent;
    /// This kind's place in the mailbox.
    fn lanes(lanes: &mut Lanes) -> &mut super::mailbox::Kind<Self>;
    /// Whether the object is passed on.
    fn is_wanted(&self) -> bool {
        true
    }
    /// How many pods this object says there should be.
    fn expected_pods(&self) -> u32 {
        0
    }
}

impl Resource for DaemonSet {
    const KIND: WatchKind = WatchKind::DaemonSets;
    const GROUP: &'static str = "/apis/apps/v1";
    fn meta(&self) -> &Meta {
        &self.meta
    }
    fn event(change: Change<Self>) -> ClusterEvent {
        ClusterEvent::DaemonSets(change)
    }
    fn lanes(lanes: &mut Lanes) -> &mut super::mailbox::Kind<Self> {
        &mut lanes.daemon_sets
    }
    fn expected_pods(&self) -> u32 {
        self.status.current
    }
}

impl Resource for Node {
    const KIND: WatchKind = WatchKind::Nodes;
    const GROUP: &'static str = "/api/v1";
    fn meta(&self) -> &Meta {
        &self.meta
    }
    fn event(change: Change<Self>) -> ClusterEvent {
        ClusterEvent::Nodes(change)
    }
    fn lanes(lanes: &mut Lanes) -> &mut super::mailbox::Kind<Self> {
        &mut lanes.nodes
    }
}

impl Resource for Pod {
    const KIND: WatchKind = WatchKind::Pods;
    const GROUP: &'static str = "/api/v1";
    const SELECTOR: &'static str = DAEMON_PODS;
    fn meta(&self) -> &Meta {
        &self.meta
    }
    fn event(change: Change<Self>) -> ClusterEvent {
        ClusterEvent::Pods(change)
    }
    fn lanes(lanes: &mut Lanes) -> &mut super::mailbox::Kind<Self> {
        &mut lanes.pods
    }
    fn is_wanted(&self) -> bool {
        self.meta.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet")
    }
}

impl Resource for ControllerRevision {
    const KIND: WatchKind = WatchKind::Revisions;
    const GROUP: &'static str = "/apis/apps/v1";
    fn meta(&self) -> &Meta {
        &self.meta
    }
    fn event(change: Change<Self>) -> ClusterEvent {
        ClusterEvent::Revisions(change)
    }
    fn lanes(lanes: &mut Lanes) -> &mut super::mailbox::Kind<Self> {
        &mut lanes.revisions
    }
    fn is_wanted(&self) -> bool {
        self.meta.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet")
    }
}

/// The path of a kind in a scope.
pub(super) fn path<K: Resource>(scope: &Scope) -> String {
    let resource = K::KIND.resource();
    match scope {
        Scope::Namespace(namespace) => {
            format!("{}/namespaces/{}/{resource}", K::GROUP, super::wire::encode(namespace))
        }
        Scope::Cluster | Scope::DaemonSet(_) => format!("{}/{resource}", K::GROUP),
    }
}
