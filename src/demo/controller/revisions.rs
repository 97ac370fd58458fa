//! Revisions: which template is current, and which old ones are kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pods;
use crate::demo::simulation::cluster::SetEntry;
use crate::demo::simulation::timers::Task;
use crate::demo::simulation::{Io, Simulation};
use crate::demo::store::{DeleteOptions, Kind};
use crate::domain::id::Uid;
use crate::domain::text::Text;

/// The data of a revision: the template as a patch that replaces.
#[must_use]
pub fn patch_of(template: &Value) -> Value {
    let mut template = template.clone();
    template["$patch"] = "replace".into();
    json!({"spec": {"template": template}})
}

/// A hash of a template, written with the characters Kubernetes uses for it.
#[must_use]
pub fn hash_of(template: &Value, collisions: i64) -> String {
    let text = format!("{template}{}", if collisions > 0 { collisions.to_string() } else { String::new() });
    let hash = text.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let digits = ["4", "5", "6", "7", "8", "9", "b", "c", "d", "f"];
    hash.to_string().bytes().map(|digit| digits[usize::from(digit - b'0')]).collect()
}

/// A new revision object.
#[must_use]
pub fn revision_object(set: &SetEntry, data: &Value, hash: &str, number: i64) -> Value {
    let key = &set.ds.meta.key;
    let mut labels = set.template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("controller-revision-hash".to_owned(), hash.into());
    json!({
        "metadata": {
            "name": format!("{}-{hash}", key.name), "namespace": key.namespace, "labels": labels,
            "annotations": set.annotations, "ownerReferences": [pods::owner(&set.ds)],
        },
        "data": data, "revision": number,
    })
}

impl Simulation {
    /// The hash of the current template's revision, made or renumbered where needed (`constructHistory`).
    pub(super) fn current_revision(&mut self, io: &mut Io<'_>, uid: &Uid) -> Option<Text> {
        let set = self.cluster.sets.get(uid)?;
        let namespace = &set.ds.meta.key.namespace;
        let data = patch_of(&set.template);
        let current: Vec<_> = set.revisions.iter().filter(|(_, r)| *r.data == data).collect();
        let newest = current.iter().max_by_key(|(_, r)| r.number);
        let old = set.revisions.values().filter(|r| *r.data != data).map(|r| r.number).max().unwrap_or(0);
        if let Some((name, revision)) = newest {
            if revision.number <= old {
                io.edit(Kind::ControllerRevision, namespace, name, |r| r["revision"] = (old + 1).into());
            }
            for (name, _) in current.iter().filter(|(other, _)| other != name) {
                // Several of one template: the newest stays. Gone meanwhile is as good.
                let options = DeleteOptions::default();
                let _ = io.store.delete(Kind::ControllerRevision, namespace, name, &options, io.now);
            }
            return Some(revision.hash.clone());
        }
        let hash = hash_of(&set.template, set.collisions);
        let object = revision_object(set, &data, &hash, old + 1);
        if io.store.create(Kind::ControllerRevision, object, io.now).is_err() {
            self.count_collision(io, uid);
            return None;
        }
        Some(Text::from(hash))
    }

    /// The name is taken by other data: the next hash takes a number along.
    fn count_collision(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some(set) = self.cluster.sets.get(uid) else { return };
        let (key, count) = (&set.ds.meta.key, set.collisions + 1);
        io.edit(Kind::DaemonSet, &key.namespace, &key.name, |ds| {
            ds["status"]["collisionCount"] = count.into();
        });
        let later = io.after(std::time::Duration::from_secs(1));
        self.timers.at(later, Task::Sync(uid.clone()));
    }

    /// Removes old revisions beyond the limit, lowest number first, sparing those that pods still carry
    /// (`cleanupHistory`); the spared do not reduce the surplus.
    pub(super) fn clean_history(&mut self, io: &mut Io<'_>, uid: &Uid, hash: &str) {
        let Some(set) = self.cluster.sets.get(uid) else { return };
        let mut old: Vec<_> = set.revisions.iter().filter(|(_, r)| r.hash != *hash).collect();
        let mut surplus = old.len().saturating_sub(set.history_limit);
        if surplus == 0 {
            return;
        }
        let live: BTreeSet<&Text> = set
            .nodes
            .values()
            .flat_map(|slot| &slot.pods)
            .filter_map(|uid| self.cluster.pods.get(uid)?.pod.revision.as_ref())
            .collect();
        old.sort_by_key(|(_, revision)| revision.number);
        for (name, revision) in old {
            if surplus == 0 {
                break;
            }
            if live.contains(&revision.hash) {
                continue;
            }
            let (namespace, options) = (&set.ds.meta.key.namespace, DeleteOptions::default());
            // Gone meanwhile is as good as deleted.
            let _ = io.store.delete(Kind::ControllerRevision, namespace, name, &options, io.now);
            surplus -= 1;
        }
    }
}
