//! Events: what the parts of the control plane say about objects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::simulation::Io;
use super::store::{Kind, time_text};
use crate::domain::id::{ObjectKey, Uid};

/// Who an event is about.
#[derive(Clone, Debug)]
pub struct About {
    kind: Kind,
    key: ObjectKey,
    uid: Uid,
}

impl About {
    /// A pod, DaemonSet or node.
    #[must_use]
    pub fn new(kind: Kind, meta: &crate::domain::object::Meta) -> Self {
        Self { kind, key: meta.key.clone(), uid: meta.uid.clone() }
    }
}

/// What is said.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who says it, like `kubelet`.
    pub component: &'a str,
    /// On which node, if on one.
    pub host: &'a str,
    /// Whether it is a warning.
    pub warning: bool,
    /// The reason in one word.
    pub reason: &'a str,
    /// The sentence.
    pub text: &'a str,
}

/// Repeats are counted on the first event instead of written anew, up to this many kept.
const REMEMBERED: usize = 4_096;

/// The events said so far.
#[derive(Debug, Default)]
pub struct Events {
    said: BTreeMap<(Uid, String, String), (String, String)>,
    counter: u64,
}

impl Events {
    /// Says something about an object.
    pub fn say(&mut self, io: &mut Io<'_>, about: &About, message: Message<'_>) {
        let key = (about.uid.clone(), message.reason.to_owned(), message.text.to_owned());
        let time = time_text(io.now);
        if let Some((namespace, name)) = self.said.get(&key) {
            let counted = io.edit(Kind::Event, namespace, name, |event| {
                event["count"] = (event["count"].as_i64().unwrap_or(1) + 1).into();
                event["lastTimestamp"] = time.as_str().into();
            });
            if counted {
                return;
            }
        }
        if self.said.len() >= REMEMBERED {
            self.said.clear();
        }
        self.counter += 1;
        let namespace = if about.key.namespace.is_empty() { "default" } else { about.key.namespace.as_str() };
        let stamp = io.now.as_nanosecond().unsigned_abs() + u128::from(self.counter);
        let name = format!("{}.{stamp:x}", about.key.name);
        let event = Self::event(about, namespace, &name, &time, message);
        if io.store.create(Kind::Event, event, io.now).is_ok() {
            self.said.insert(key, (namespace.to_owned(), name));
        }
    }

    fn event(about: &About, namespace: &str, name: &str, time: &str, message: Message<'_>) -> Value {
        let resource = about.kind.resource();
        let mut involved = json!({
            "kind": resource.name, "name": about.key.name, "uid": about.uid.to_string(),
            "apiVersion": resource.api_version(),
        });
        if !about.key.namespace.is_empty() {
            involved["namespace"] = about.key.namespace.as_str().into();
        }
        let mut source = json!({"component": message.component});
        if !message.host.is_empty() {
            source["host"] = message.host.into();
        }
        json!({
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved, "reason": message.reason, "message": message.text,
            "source": source, "firstTimestamp": time, "lastTimestamp": time, "count": 1,
            "type": if message.warning { "Warning" } else { "Normal" }, "eventTime": null,
            "reportingComponent": message.component, "reportingInstance": message.host,
        })
    }
}
