//! `ControllerRevision`s: which template is revision 7, and what it ran.

use serde::Deserialize;

use super::decode::nullable;
use super::meta::{Meta, NoAnnotations, WireMeta};
use super::template::{Template, TemplateContainer};
use crate::domain::text::Text;

/// The label by which a pod and its revision name their template.
pub(super) const REVISION_HASH: &str = "controller-revision-hash";

/// A stored template of a DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireRevision")]
pub struct ControllerRevision {
    /// Metadata; the owner is the DaemonSet.
    pub meta: Meta,
    /// The revision number: the current one has the highest.
    pub revision: i64,
    /// The hash label that pods of this revision carry.
    pub hash: Text,
    /// Names and images of the containers in the stored template.
    pub containers: Box<[TemplateContainer]>,
}

impl ControllerRevision {
    /// What people call it: the image tag of its first container and its number, `3.1.4 (r2)`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.containers.first() {
            Some(container) => format!("{} (r{})", container.tag(), self.revision),
            None => format!("r{}", self.revision),
        }
    }
}

#[derive(Deserialize)]
struct WireRevision {
    #[serde(default)]
    metadata: WireMeta<NoAnnotations>,
    #[serde(default, deserialize_with = "nullable")]
    revision: i64,
    #[serde(default, deserialize_with = "nullable")]
    data: WireData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireData {
    #[serde(deserialize_with = "nullable")]
    spec: WireDataSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireDataSpec {
    #[serde(deserialize_with = "nullable")]
    template: Template,
}

impl From<WireRevision> for ControllerRevision {
    fn from(wire: WireRevision) -> Self {
        let meta: Meta = wire.metadata.into();
        // A revision without the label gets its own name as label (semantics §3.2).
        let hash = meta.labels.get(REVISION_HASH).unwrap_or(&meta.key.name).clone();
        let containers = wire.data.spec.template.containers;
        Self { meta, revision: wire.revision, hash, containers }
    }
}
