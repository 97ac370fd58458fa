//! What is sent to a node: one JSON patch that applies only to the node as it was read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::command::patch::{JsonPatch, escaped};
use crate::domain::command::{Command, Method, Verb};
use crate::domain::id::{ObjectKey, ObjectKind, ObjectRef};
use crate::domain::manager::{self, Manager};
use crate::domain::object::{Node, Taint, TaintEffect};
use crate::domain::preview::NodeChange;
use crate::domain::preview::edit::edit_words;
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// Why a node is not written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The change changes nothing there.
    Already,
    /// The node is not as it was when the impact was shown; what differs, in words.
    Changed(String),
    /// The object is not a node's.
    Unreadable(String),
}

/// The patch for one node, from the node as it was shown and as it was read just now.
///
/// It tests the uid, and as a whole the labels, the taints or (where a node has no taints yet, as JSON patches cannot
/// test for absence) the spec: on a node that is not as it was shown, nothing is written.
///
/// # Errors
/// There is nothing to send.
pub fn node_patch(shown: &Node, fresh: &RawObject, change: &NodeChange) -> Result<Command, NotSent> {
    let now: Node = fresh.decode().map_err(|error| NotSent::Unreadable(error.to_string()))?;
    if let Some(words) = conflict(shown, fresh) {
        return Err(NotSent::Changed(words));
    }
    // The taint of a cordoned node is the control plane's to set.
    let after = NodeChange { unschedulable: None, ..change.clone() }.applied(&now);
    let mut operations = Operations::new(&now);
    if after.meta.labels != now.meta.labels {
        operations.labels(fresh, change);
    }
    if after.taints != now.taints {
        operations.taints(fresh, &now, change);
    }
    if change.unschedulable.is_some_and(|wanted| wanted != now.unschedulable) {
        operations.cordon(now.unschedulable);
    }
    operations.finish(&now, change)
}

/// The change that brings a node back to what it was, as far as `change` touched it.
#[must_use]
pub fn inverse(before: &Node, change: &NodeChange) -> NodeChange {
    let after = change.applied(before);
    let labels =
        change.labels.keys().map(|key| (key.clone(), before.meta.labels.get(key).cloned())).collect();
    let touched = |taint: &&Taint| {
        let removed = change.remove_taints.iter().any(|(key, effect)| {
            *key == taint.key && effect.as_ref().is_none_or(|effect| *effect == taint.effect)
        });
        removed
            || change.add_taints.iter().any(|added| added.key == taint.key && added.effect == taint.effect)
    };
    let same_place = |a: &Taint, b: &Taint| a.key == b.key && a.effect == b.effect;
    let back: Vec<Taint> =
        before.taints.iter().filter(touched).filter(|taint| !after.taints.contains(taint)).cloned().collect();
    let away = after
        .taints
        .iter()
        .filter(touched)
        .filter(|taint| !before.taints.iter().any(|known| same_place(known, taint)))
        .map(|taint| (taint.key.clone(), Some(taint.effect.clone())))
        .collect();
    let unschedulable = change.unschedulable.map(|_| before.unschedulable);
    NodeChange { labels, add_taints: back, remove_taints: away, unschedulable }
}

/// What differs between a node as it was shown and as it is, as far as placement looks at it.
#[must_use]
pub fn difference(shown: &Node, now: &Node) -> Option<String> {
    joined(&differences(shown, now))
}

/// The same for a node as it was read just now, with who did it as far as its `managedFields` tell.
#[must_use]
pub fn conflict(shown: &Node, fresh: &RawObject) -> Option<String> {
    let now: Node = fresh.decode().ok()?;
    let told = differences(shown, &now).into_iter().map(|(place, words)| {
        let by = match &place {
            Place::Label(key) => manager::of_label(fresh, key),
            Place::Taints => manager::of_taints(fresh),
            Place::Other => None,
        };
        (place, format!("{words}{}", by.as_ref().map(said).unwrap_or_default()))
    });
    joined(&told.collect::<Vec<_>>())
}

fn said(by: &Manager) -> String {
    let at = by.at.map(|at| format!(" at {at:.0}")).unwrap_or_default();
    if by.owns {
        format!(" (by {}{at})", by.name)
    } else {
        format!(" (labels last written by {}{at})", by.name)
    }
}

fn joined(parts: &[(Place, String)]) -> Option<String> {
    let words: Vec<&str> = parts.iter().map(|(_, words)| words.as_str()).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// Where a node differs.
enum Place {
    Label(Text),
    Taints,
    Other,
}

fn differences(shown: &Node, now: &Node) -> Vec<(Place, String)> {
    if shown.meta.uid != now.meta.uid {
        return vec![(Place::Other, "it was deleted and made anew".to_owned())];
    }
    let mut parts = Vec::new();
    let value =
        |value: Option<&Text>| value.map_or("missing".to_owned(), |value| format!("{:?}", value.as_str()));
    let keys = shown.meta.labels.iter().chain(now.meta.labels.iter()).map(|(key, _)| key);
    let mut keys: Vec<&Text> = keys.collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (was, is) = (shown.meta.labels.get(key), now.meta.labels.get(key));
        if was != is {
            let words = format!("label {key} was {} and is {}", value(was), value(is));
            parts.push((Place::Label(key.clone()), words));
        }
    }
    for taint in shown.taints.iter().filter(|taint| !now.taints.contains(taint)) {
        parts.push((Place::Taints, format!("taint {taint} is gone")));
    }
    for taint in now.taints.iter().filter(|taint| !shown.taints.contains(taint)) {
        parts.push((Place::Taints, format!("taint {taint} is new")));
    }
    if shown.unschedulable != now.unschedulable {
        let words = if now.unschedulable { "it was cordoned" } else { "it was uncordoned" };
        parts.push((Place::Other, words.to_owned()));
    }
    parts
}

/// A patch in the making, with the words of what it changes.
struct Operations {
    tests: JsonPatch,
    writes: JsonPatch,
    from: Vec<String>,
    to: Vec<String>,
}

impl Operations {
    fn new(node: &Node) -> Self {
        let tests = JsonPatch::default().test("/metadata/uid", &json!(node.meta.uid.to_string()));
        Self { tests, writes: JsonPatch::default(), from: Vec::new(), to: Vec::new() }
    }

    fn labels(&mut self, fresh: &RawObject, change: &NodeChange) {
        let known = fresh.at("/metadata/labels").filter(|labels| labels.is_object());
        match known {
            Some(labels) => self.test("/metadata/labels", labels),
            None => self.put("/metadata/labels", json!({})),
        }
        for (key, value) in &change.labels {
            let old = known.and_then(|labels| labels.get(key.as_str())).and_then(Value::as_str);
            let path = format!("/metadata/labels/{}", escaped(key));
            match (old, value) {
                (Some(old), Some(new)) if old == new.as_str() => continue,
                (None, None) => continue,
                (_, Some(new)) => self.put(&path, json!(new.as_str())),
                (Some(_), None) => self.drop(&path),
            }
            self.from.push(old.map_or_else(|| format!("{key}-"), |old| format!("{key}={old}")));
            self.to.push(value.as_ref().map_or_else(|| format!("{key}-"), |new| format!("{key}={new}")));
        }
    }

    fn taints(&mut self, fresh: &RawObject, now: &Node, change: &NodeChange) {
        let known = fresh.at("/spec/taints").filter(|taints| taints.is_array());
        match (known, fresh.at("/spec")) {
            (Some(taints), _) => self.test("/spec/taints", taints),
            (None, Some(spec)) => self.test("/spec", spec),
            (None, None) => self.put("/spec", json!({})),
        }
        let place = |taint: &Value| {
            let field = |name| taint.get(name).and_then(Value::as_str).unwrap_or_default();
            (Text::new(field("key")), TaintEffect::from(Text::new(field("effect"))))
        };
        // What stays is sent back just as it was, with its `timeAdded`.
        let mut taints = known.and_then(Value::as_array).cloned().unwrap_or_default();
        taints.retain(|taint| {
            let (key, effect) = place(taint);
            let gone = change.remove_taints.iter().any(|(removed, of_effect)| {
                *removed == key && of_effect.as_ref().is_none_or(|of_effect| *of_effect == effect)
            });
            !gone
        });
        for added in &change.add_taints {
            let mut taint = json!({"key": added.key.as_str(), "effect": added.effect.as_str()});
            if !added.value.is_empty() {
                taint["value"] = json!(added.value.as_str());
            }
            match taints.iter_mut().find(|known| place(known) == (added.key.clone(), added.effect.clone())) {
                Some(known) => *known = taint,
                None => taints.push(taint),
            }
            self.to.push(added.to_string());
        }
        for (key, effect) in &change.remove_taints {
            let effect = effect.as_ref().map(|effect| format!(":{}", effect.as_str())).unwrap_or_default();
            self.to.push(format!("{key}{effect}-"));
        }
        let back =
            inverse(now, &NodeChange { labels: BTreeMap::new(), unschedulable: None, ..change.clone() });
        self.from.extend(edit_words(&back));
        if taints.is_empty() {
            self.drop("/spec/taints");
        } else {
            self.put("/spec/taints", Value::Array(taints));
        }
    }

    fn cordon(&mut self, is_cordoned: bool) {
        if is_cordoned {
            self.test("/spec/unschedulable", &json!(true));
            self.drop("/spec/unschedulable");
        } else {
            self.put("/spec/unschedulable", json!(true));
        }
        let word = |cordoned| if cordoned { "cordoned" } else { "schedulable" }.to_owned();
        self.from.push(word(is_cordoned));
        self.to.push(word(!is_cordoned));
    }

    fn test(&mut self, path: &str, value: &Value) {
        self.tests = std::mem::take(&mut self.tests).test(path, value);
    }

    fn put(&mut self, path: &str, value: Value) {
        self.writes = std::mem::take(&mut self.writes).add(path, value);
    }

    fn drop(&mut self, path: &str) {
        self.writes = std::mem::take(&mut self.writes).remove(path);
    }

    fn finish(self, node: &Node, change: &NodeChange) -> Result<Command, NotSent> {
        if !self.writes.writes() {
            return Err(NotSent::Already);
        }
        let verb = match change.unschedulable {
            _ if !change.labels.is_empty() => Verb::Label,
            None => Verb::Taint,
            Some(true) => Verb::Cordon,
            Some(false) => Verb::Uncordon,
        };
        let key = ObjectKey { namespace: Text::default(), name: node.meta.key.name.clone() };
        Ok(Command {
            verb,
            target: ObjectRef { kind: ObjectKind::Node, key, uid: node.meta.uid.clone() },
            method: Method::JsonPatch,
            body: self.tests.then(self.writes).body(),
            from: Text::new(&self.from.join(" ")),
            to: Text::new(&self.to.join(" ")),
        })
    }
}

#[cfg(test)]
mod tests;
