//! The stored revisions of a DaemonSet: when, why, which images, on which nodes.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::id::NodeName;
use super::inventory::{Inventory, RowSlot};
use super::object::ControllerRevision;
use super::raw::RawObject;
use super::text::Text;

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The revision number.
    pub revision: i64,
    /// The hash that its pods carry.
    pub hash: Text,
    /// The `ControllerRevision`'s name.
    pub name: Text,
    /// When its template was first used; an undo does not make it anew.
    pub created: Option<Timestamp>,
    /// The annotation `kubernetes.io/change-cause`; can be empty.
    pub change_cause: Text,
    /// The images of its containers.
    pub images: Vec<Text>,
    /// The nodes that run it, by name.
    pub nodes: Vec<NodeName>,
    /// It is the current one.
    pub is_current: bool,
    /// Its pod template.
    pub template: RawObject,
}

/// The revisions of a DaemonSet, oldest first, out of `ControllerRevision`s as the server has them; those of other
/// owners and what is none are left out.
#[must_use]
pub fn history(revisions: &[Value], inventory: &Inventory, slot: RowSlot) -> Vec<Entry> {
    let Some(row) = inventory.row(slot) else { return Vec::new() };
    let uid = &row.daemon_set.meta.uid;
    let mut entries: Vec<Entry> = revisions
        .iter()
        .filter_map(|raw| {
            let revision = ControllerRevision::deserialize(raw).ok()?;
            let owned = revision.meta.owner.as_ref().is_some_and(|owner| owner.uid == *uid);
            owned.then(|| entry(raw, revision, inventory, slot))
        })
        .collect();
    entries.sort_by_key(|entry| entry.revision);
    // While the newest spec is not observed, none of them need be the current one.
    if let Some(last) = entries.last_mut().filter(|_| row.daemon_set.is_observed()) {
        last.is_current = true;
    }
    entries
}

fn entry(raw: &Value, revision: ControllerRevision, inventory: &Inventory, slot: RowSlot) -> Entry {
    let cause = raw.pointer("/metadata/annotations/kubernetes.io~1change-cause").and_then(Value::as_str);
    let mut nodes: Vec<NodeName> = inventory
        .pods_of(slot)
        .filter(|pod| !pod.is_gone() && pod.revision.as_ref() == Some(&revision.hash))
        .filter_map(|pod| pod.node_name.clone())
        .collect();
    nodes.sort();
    nodes.dedup();
    Entry {
        revision: revision.revision,
        hash: revision.hash,
        name: revision.meta.key.name,
        created: revision.meta.created,
        change_cause: Text::new(cause.unwrap_or_default()),
        images: revision.containers.iter().map(|container| container.image.clone()).collect(),
        nodes,
        is_current: false,
        template: template(raw),
    }
}

/// The stored template, without what makes it a patch.
fn template(raw: &Value) -> RawObject {
    let mut template = raw.pointer("/data/spec/template").cloned().unwrap_or_default();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
        // Controllers before 1.36 wrote an explicit null.
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|_, value| !value.is_null());
        }
    }
    RawObject::new(template)
}
