//! The disruption controller: what `PodDisruptionBudget`s allow at the moment (`disruption.go` of Kubernetes 1.36).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::events::{About, Message};
use super::simulation::timers::Task;
use super::simulation::{Io, Simulation, later};
use super::store::{Kind, LabelSelector, Store, Stored, time_text};
use crate::domain::id::Uid;
use crate::domain::object::{IntOrPercent, PodDisruptionBudget};
use crate::domain::text::Text;

/// An eviction that deleted nothing after this long is forgotten.
const UNCONFIRMED_SECONDS: i64 = 120;

/// The pods that a budget selects; a budget without a selector selects none, one with an empty selector all.
pub fn selected<'s>(store: &'s Store, budget: &Stored) -> Vec<&'s Stored> {
    let spec = budget.value();
    let selector = &spec["spec"]["selector"];
    if selector.is_null() {
        return Vec::new();
    }
    let Ok(selector) = LabelSelector::from_value(selector) else { return Vec::new() };
    let pods = store.list(Kind::Pod, Some(&budget.namespace));
    pods.filter(|pod| selector.matches(&pod.labels)).map(|pod| &**pod).collect()
}

/// The budgets that select a pod.
pub fn budgets_of(store: &Store, pod: &Stored) -> Vec<Value> {
    let selects = |budget: &Value| {
        let selector = &budget["spec"]["selector"];
        !selector.is_null() && LabelSelector::from_value(selector).is_ok_and(|s| s.matches(&pod.labels))
    };
    let budgets = store.list(Kind::PodDisruptionBudget, Some(&pod.namespace));
    budgets.map(|stored| stored.value()).filter(selects).collect()
}

/// Says whether something may be disrupted, as a condition of the budget.
pub fn tell_allowed(status: &mut Value, now: Timestamp) {
    let allowed = status["disruptionsAllowed"].as_i64().unwrap_or(0) > 0;
    let reason = if allowed { "SufficientPods" } else { "InsufficientPods" };
    condition(status, allowed, reason, "", now);
}

fn condition(status: &mut Value, allowed: bool, reason: &str, message: &str, now: Timestamp) {
    let word = if allowed { "True" } else { "False" };
    let before = &status["conditions"][0];
    let since =
        if before["status"] == word { before["lastTransitionTime"].clone() } else { time_text(now).into() };
    let mut condition = json!({"type": "DisruptionAllowed", "status": word, "reason": reason,
        "message": message, "lastTransitionTime": since});
    if let Some(generation) = status["observedGeneration"].as_i64() {
        condition["observedGeneration"] = generation.into();
    }
    status["conditions"] = json!([condition]);
}

/// What the controller knows of a selected pod.
struct Member {
    name: Text,
    ready: bool,
    /// The kind of its controller, if it has one.
    controller: Option<Text>,
}

impl Simulation {
    /// A budget came, changed or went.
    pub(super) fn take_in_budget(&mut self, stored: &Stored, gone: bool, now: Timestamp) {
        let namespace = Text::new(&stored.namespace);
        let names = self.cluster.budgets.entry(namespace.clone()).or_default();
        if gone {
            names.remove(stored.name.as_ref());
        } else {
            names.insert(Text::new(&stored.name));
        }
        if names.is_empty() {
            self.cluster.budgets.remove(&namespace);
        }
        self.wake_budgets(&namespace, now);
    }

    /// A pod changed: the namespace's budgets are counted anew, on a large cluster once a second.
    pub(super) fn wake_budgets(&mut self, namespace: &str, now: Timestamp) {
        let Some((namespace, _)) = self.cluster.budgets.get_key_value(namespace) else { return };
        if self.cluster.nodes.len() < 100 {
            self.wake.budgets.insert(namespace.clone());
        } else if self.cluster.late_budgets.insert(namespace.clone()) {
            let soon = later(now, Duration::from_secs(1));
            self.timers.at(soon, Task::Budgets(namespace.clone()));
        }
    }

    /// Counts the budgets of a namespace.
    pub(super) fn sync_budgets(&mut self, io: &mut Io<'_>, namespace: &str) {
        let stored: Vec<_> = io.store.list(Kind::PodDisruptionBudget, Some(namespace)).cloned().collect();
        for stored in stored {
            self.sync_budget(io, &stored);
        }
    }

    fn sync_budget(&mut self, io: &mut Io<'_>, stored: &Stored) {
        let Ok(budget) = serde_json::from_slice::<PodDisruptionBudget>(&stored.bytes) else { return };
        let object = stored.value();
        let mut status = object["status"].clone();
        let disrupted = unconfirmed(io, &stored.namespace, &object["status"]["disruptedPods"]);
        let members = self.members(io.store, stored);
        let now = io.now;
        match expected(&budget, &members) {
            Ok((expected, desired)) => {
                let healthy =
                    members.iter().filter(|pod| pod.ready && disrupted[pod.name.as_str()].is_null()).count();
                let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
                let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
                status["currentHealthy"] = healthy.into();
                status["desiredHealthy"] = desired.into();
                status["expectedPods"] = expected.into();
                status["disruptionsAllowed"] = allowed.into();
                status["observedGeneration"] = budget.meta.generation.into();
                if disrupted.as_object().is_some_and(|pods| !pods.is_empty()) {
                    status["disruptedPods"] = disrupted;
                } else if let Some(status) = status.as_object_mut() {
                    status.remove("disruptedPods");
                }
                tell_allowed(&mut status, now);
                if members.is_empty() {
                    self.tell_budget(io, &budget, false, "NoPods", "No matching pods found");
                }
            }
            // The fail-safe allows nothing and leaves the rest as it was, the observed generation too.
            Err(why) => {
                status["disruptionsAllowed"] = 0.into();
                condition(&mut status, false, "SyncFailed", &why, now);
                if status != object["status"] {
                    let text = format!("Failed to calculate the number of expected pods: {why}");
                    self.tell_budget(io, &budget, true, "CalculateExpectedPodCountFailed", &text);
                }
            }
        }
        if status != object["status"] {
            let write = |budget: &mut Value| budget["status"] = status;
            io.edit(Kind::PodDisruptionBudget, &stored.namespace, &stored.name, write);
        }
    }

    fn members(&self, store: &Store, budget: &Stored) -> Vec<Member> {
        let known = |stored: &Stored| {
            let pod = &self.cluster.pods.get(&Uid::new(&stored.uid))?.pod;
            Some(Member {
                name: pod.meta.key.name.clone(),
                ready: pod.ready && !pod.is_deleting(),
                controller: pod.meta.owner.as_ref().map(|owner| owner.kind.clone()),
            })
        };
        selected(store, budget).into_iter().filter_map(known).collect()
    }

    fn tell_budget(
        &mut self,
        io: &mut Io<'_>,
        budget: &PodDisruptionBudget,
        warning: bool,
        reason: &str,
        text: &str,
    ) {
        let message = Message { component: "controllermanager", host: "", warning, reason, text };
        self.events.say(io, &About::new(Kind::PodDisruptionBudget, &budget.meta), message);
    }
}

/// The evictions that have not led to a deletion yet.
fn unconfirmed(io: &Io<'_>, namespace: &str, disrupted: &Value) -> Value {
    let mut left = json!({});
    for (name, time) in disrupted.as_object().into_iter().flatten() {
        let at: Option<Timestamp> = time.as_str().and_then(|time| time.parse().ok());
        let patience = SignedDuration::from_secs(UNCONFIRMED_SECONDS);
        let fresh = at.is_some_and(|at| io.now.duration_since(at) < patience);
        if fresh && io.store.get(Kind::Pod, namespace, name).is_some_and(|pod| !pod.deleting) {
            left[name] = time.clone();
        }
    }
    left
}

/// How many pods there should be, and how many of them healthy (`getExpectedPodCount`). Shares and `maxUnavailable` need
/// the scale of the pods' controllers, which a `DaemonSet` does not have.
fn expected(budget: &PodDisruptionBudget, members: &[Member]) -> Result<(i64, i64), String> {
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    if let (None, Some(IntOrPercent::Int(least))) = (&budget.max_unavailable, &budget.min_available) {
        return Ok((count, *least));
    }
    for member in members {
        match member.controller.as_deref() {
            None => {}
            Some("DaemonSet") => {
                return Err("daemonsets.apps does not implement the scale subresource".to_owned());
            }
            Some(_) => return Err(format!("found no controllers for pod {:?}", member.name.as_str())),
        }
    }
    // Pods without a controller count for nothing here.
    Ok((0, 0))
}

#[cfg(test)]
mod tests;
