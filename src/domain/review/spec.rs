//! The parts of a DaemonSet's spec that the review reads, beside what the inventory keeps anyway.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::object::{Labels, TemplateContainer};
use crate::domain::text::Text;

/// A whole DaemonSet.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Object {
    pub(super) spec: Spec,
}

/// Its spec.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) revision_history_limit: Option<i64>,
    pub(super) template: Template,
}

/// Its pod template.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Template {
    pub(super) metadata: Metadata,
    pub(super) spec: PodSpec,
}

/// The template's metadata.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) labels: Labels,
}

/// Its pod spec.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodSpec {
    pub(super) containers: Option<Vec<Container>>,
    pub(super) init_containers: Option<Vec<Container>>,
    pub(super) volumes: Option<Vec<Volume>>,
    pub(super) resources: Option<Resources>,
    pub(super) readiness_gates: Option<Vec<serde_json::Value>>,
    #[serde(rename = "hostPID")]
    pub(super) host_pid: Option<bool>,
    #[serde(rename = "hostIPC")]
    pub(super) host_ipc: Option<bool>,
    pub(super) host_network: Option<bool>,
    pub(super) priority_class_name: Text,
    pub(super) priority: Option<i64>,
    pub(super) termination_grace_period_seconds: Option<i64>,
}

impl PodSpec {
    /// The containers that run for as long as the pod does, with their place: sidecars too.
    pub(super) fn lasting(&self) -> impl Iterator<Item = (String, &Container)> {
        let ends = |place: &str| place.contains("initContainers");
        self.all().filter(move |(place, container)| !ends(place) || container.restart_policy == "Always")
    }

    /// All containers, with their place in the object.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &Container)> {
        let places = [("containers", &self.containers), ("initContainers", &self.init_containers)];
        places.into_iter().flat_map(|(name, containers)| {
            let containers = containers.iter().flatten().enumerate();
            containers.map(move |(at, one)| (format!("spec.template.spec.{name}[{at}]"), one))
        })
    }

    /// The ports that the scheduler reserves on the node: those of containers on the host's network too, which the API
    /// copies to `hostPort`.
    pub(super) fn host_ports(&self) -> Vec<i64> {
        let host = self.host_network == Some(true);
        let ports = self.lasting().flat_map(|(_, container)| container.ports.iter().flatten());
        ports.filter_map(|port| port.host_port.or(port.container_port.filter(|_| host))).collect()
    }
}

/// A container.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Container {
    pub(super) name: Text,
    pub(super) image: Text,
    pub(super) restart_policy: Text,
    pub(super) resources: Option<Resources>,
    pub(super) readiness_probe: Option<serde_json::Value>,
    pub(super) ports: Option<Vec<Port>>,
    pub(super) volume_mounts: Option<Vec<Mount>>,
    pub(super) security_context: Option<SecurityContext>,
}

impl Container {
    /// Whether the image is named without a version, so that what runs depends on when it was pulled.
    pub(super) fn floats(&self) -> bool {
        let image = TemplateContainer { image: self.image.clone(), ..TemplateContainer::default() };
        !self.image.is_empty() && !self.image.contains('@') && image.tag() == "latest"
    }
}

/// What is asked for and allowed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources {
    requests: Option<BTreeMap<Text, serde_json::Value>>,
    limits: Option<BTreeMap<Text, serde_json::Value>>,
}

impl Resources {
    /// Whether a resource is requested: a limit alone is a request of the same amount.
    pub(super) fn requests(&self, resource: &str) -> bool {
        self.requests.as_ref().is_some_and(|requests| requests.contains_key(resource))
            || self.limits(resource)
    }

    /// Whether a resource is limited.
    pub(super) fn limits(&self, resource: &str) -> bool {
        self.limits.as_ref().is_some_and(|limits| limits.contains_key(resource))
    }
}

/// A port.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Port {
    host_port: Option<i64>,
    container_port: Option<i64>,
}

/// A mounted volume.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Mount {
    pub(super) name: Text,
    pub(super) read_only: Option<bool>,
}

/// What a container may do.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SecurityContext {
    pub(super) privileged: Option<bool>,
}

/// A volume.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Volume {
    pub(super) name: Text,
    pub(super) host_path: Option<HostPath>,
}

/// A path of the node.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HostPath {
    pub(super) path: Text,
}
