//! Kubelets: pods start, get ready, crash, fail to pull and stop, as their template's behaviour says.

pub mod admission;
pub mod behavior;
pub mod logs;
pub mod status;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::events::{About, Message};
use super::simulation::cluster::{NodeEntry, PodEntry};
use super::simulation::mold::Mold;
use super::simulation::random::seconds_of;
use super::simulation::timers::Task;
use super::simulation::{Io, Simulation, later};
use super::store::Kind;
use crate::domain::id::Uid;
use crate::domain::object::{ContainerState, Node, Pod};
use crate::domain::text::Text;
use status::Doing;

/// What is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Its kubelet says that it is not ready; nothing starts or stops.
    NotReady,
    /// Nobody hears of it.
    Silent,
}

/// What a kubelet does next with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Admit,
    Start,
    BackOffPull,
    Pull,
    Ready,
    Probe,
    Crash(u32),
    Restart(u32),
    Stop,
    Remove,
}

/// What kubelets have planned, and which of them are out.
#[derive(Debug, Default)]
pub struct Kubelets {
    plans: HashMap<Uid, (Action, Timestamp)>,
    pulls: HashMap<Uid, u32>,
    outages: BTreeMap<Text, Outage>,
}

impl Kubelets {
    /// Forgets a pod that is gone.
    pub fn forget(&mut self, uid: &Uid) {
        self.plans.remove(uid);
        self.pulls.remove(uid);
    }

    /// What is wrong with a node, if anything.
    #[must_use]
    pub fn outage(&self, node: &str) -> Option<Outage> {
        self.outages.get(node).copied()
    }

    /// Lets a node fail, or brings it back.
    pub fn set_outage(&mut self, node: &Text, outage: Option<Outage>) {
        match outage {
            Some(outage) => self.outages.insert(node.clone(), outage),
            None => self.outages.remove(node),
        };
    }
}

/// How often a probe that fails is told.
const PROBE: Duration = Duration::from_secs(10);

/// Ten seconds, doubling, up to five minutes.
fn backoff(times: u32) -> Duration {
    Duration::from_secs((10_u64 << times.min(5)).min(300))
}

/// What comes next for a pod, and how long after now.
fn next(pod: &Pod, mold: &Mold, node: &Node, pulls: u32, now: Timestamp) -> Option<(Action, Duration)> {
    let behavior = &mold.behavior;
    if pod.phase.is_terminal() {
        return pod.is_deleting().then_some((Action::Remove, Duration::ZERO));
    }
    if pod.is_deleting() {
        return Some((Action::Stop, seconds_of(behavior.stop_seconds)));
    }
    let Some(container) = pod.containers.first() else { return Some((Action::Admit, Duration::ZERO)) };
    match &container.state {
        ContainerState::Waiting { reason, .. } => Some(match reason.as_str() {
            "ErrImagePull" => (Action::BackOffPull, Duration::from_secs(3)),
            "ImagePullBackOff" => (Action::Pull, backoff(pulls)),
            "CrashLoopBackOff" => {
                (Action::Restart(container.restarts), backoff(container.restarts.saturating_sub(1)))
            }
            _ => (Action::Start, seconds_of(behavior.start_seconds)),
        }),
        ContainerState::Terminated(_) => Some((Action::Restart(container.restarts), Duration::from_secs(1))),
        ContainerState::Running { since } => {
            let ran = now.duration_since(since.unwrap_or(now)).unsigned_abs();
            let ready = (!pod.ready && behavior.gets_ready(node)).then(|| seconds_of(behavior.ready_seconds));
            let crash = behavior.crash_on(node).map(|crash| seconds_of(crash.after_seconds));
            match (ready, crash) {
                (Some(ready), None) => Some((Action::Ready, ready.saturating_sub(ran))),
                (Some(ready), Some(crash)) if ready < crash => {
                    Some((Action::Ready, ready.saturating_sub(ran)))
                }
                (_, Some(crash)) => Some((Action::Crash(container.restarts), crash.saturating_sub(ran))),
                (None, None) => (!pod.ready).then_some((Action::Probe, PROBE)),
            }
        }
    }
}

impl Simulation {
    /// Plans what a pod's kubelet does next, unless that is planned already.
    pub(super) fn consider_pod(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let planned = self.next_for(uid, io.now);
        let Some((action, delay)) = planned else {
            self.kubelets.plans.remove(uid);
            return;
        };
        if self.kubelets.plans.get(uid).is_some_and(|(known, _)| *known == action) {
            return;
        }
        let delay = if delay.is_zero() { delay } else { self.random.around(delay.as_secs_f64()) };
        let due = io.after(delay);
        self.kubelets.plans.insert(uid.clone(), (action, due));
        self.timers.at(due, Task::Pod(uid.clone()));
        if action == Action::Stop
            && let Some(PodEntry { pod, .. }) = self.cluster.pods.get(uid)
        {
            let text = "Stopping container";
            let pod = pod.clone();
            self.tell(io, &pod, false, "Killing", text);
        }
    }

    fn next_for(&self, uid: &Uid, now: Timestamp) -> Option<(Action, Duration)> {
        let PodEntry { pod, mold } = self.cluster.pods.get(uid)?;
        let name = pod.node_name.as_ref()?;
        let node = self.cluster.nodes.get(name.as_str())?;
        if self.kubelets.outage(name.as_str()).is_some() {
            return None;
        }
        let pulls = self.kubelets.pulls.get(uid).copied().unwrap_or(0);
        next(pod, mold, &node.node, pulls, now)
    }

    /// Does what is planned and due for a pod.
    pub(super) fn act_on_pod(&mut self, io: &mut Io<'_>, uid: &Uid) {
        let Some((action, due)) = self.kubelets.plans.get(uid).copied() else { return };
        if due > io.now || self.next_for(uid, io.now).is_none_or(|(wanted, _)| wanted != action) {
            return;
        }
        self.kubelets.plans.remove(uid);
        let Some(PodEntry { pod, mold }) = self.cluster.pods.get(uid) else { return };
        let (pod, mold, now) = (pod.clone(), Arc::clone(mold), io.now);
        if action == Action::Admit && self.refuse_pod(io, &pod, &mold) {
            return;
        }
        let Some(node) = self.node_of(&pod) else { return };
        match action {
            Action::Probe => {
                let text = "Readiness probe failed: HTTP probe failed with statuscode: 503";
                self.tell(io, &pod, true, "Unhealthy", text);
            }
            Action::Admit => {
                io.edit_pod(&pod, |value| status::admit(value, node, now));
                let text = format!("Pulling image \"{}\"", first_image(&mold));
                self.tell(io, &pod, false, "Pulling", &text);
            }
            Action::Start | Action::Pull => self.start(io, &pod, &mold),
            Action::BackOffPull => self.back_off_pull(io, &pod, &mold),
            Action::Ready => {
                io.edit_pod(&pod, |value| status::mark_ready(value, now));
            }
            Action::Crash(restarts) => self.crash(io, &pod, &mold, restarts),
            Action::Restart(restarts) => self.restart(io, &pod, &mold, restarts),
            Action::Stop => {
                io.edit_pod(&pod, |value| status::end(value, now));
            }
            Action::Remove => {
                io.delete_pod(&pod, Some(0));
            }
        }
        // A write that changed nothing brings no change to read; what comes next is planned all the same.
        self.wake.pods.insert(uid.clone());
    }

    pub(super) fn node_of(&self, pod: &Pod) -> Option<&NodeEntry> {
        pod.node_name.as_ref().and_then(|name| self.cluster.nodes.get(name.as_str()))
    }

    fn start(&mut self, io: &mut Io<'_>, pod: &Pod, mold: &Mold) {
        let Some(node) = self.node_of(pod) else { return };
        let now = io.now;
        let missing = mold.images.iter().position(|image| !mold.behavior.can_pull(image, &node.node));
        if let Some(at) = missing {
            let image = mold.images[at].clone();
            let text = format!(
                "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
            );
            io.edit_pod(pod, |value| {
                status::change_container(value, at, &Doing::Waiting("ErrImagePull", &text), now);
                follow_first(value, at);
            });
            *self.kubelets.pulls.entry(pod.meta.uid.clone()).or_default() += 1;
            self.tell(io, pod, true, "Failed", &format!("Failed to pull image \"{image}\": {text}"));
            return;
        }
        let ready = seconds_of(mold.behavior.ready_seconds).is_zero() && mold.behavior.gets_ready(&node.node);
        io.edit_pod(pod, |value| status::run(value, node, ready, now));
        let name = pod.containers.first().map(|c| c.name.clone()).unwrap_or_default();
        let image = first_image(mold);
        self.tell(io, pod, false, "Pulled", &format!("Successfully pulled image \"{image}\""));
        self.tell(io, pod, false, "Created", &format!("Created container: {name}"));
        self.tell(io, pod, false, "Started", "Started container");
    }

    fn back_off_pull(&mut self, io: &mut Io<'_>, pod: &Pod, mold: &Mold) {
        let Some(node) = self.node_of(pod) else { return };
        let missing = mold.images.iter().position(|image| !mold.behavior.can_pull(image, &node.node));
        let at = missing.unwrap_or(0);
        let image = mold.images.get(at).map(String::as_str).unwrap_or_default();
        let text = format!("Back-off pulling image \"{image}\"");
        let now = io.now;
        io.edit_pod(pod, |value| {
            status::change_container(value, at, &Doing::Waiting("ImagePullBackOff", &text), now);
            follow_first(value, at);
        });
        self.tell(io, pod, false, "BackOff", &text);
    }

    fn crash(&mut self, io: &mut Io<'_>, pod: &Pod, mold: &Mold, restarts: u32) {
        let Some(crash) = self.node_of(pod).and_then(|node| mold.behavior.crash_on(&node.node)).cloned()
        else {
            return;
        };
        let began = match pod.containers.first().map(|c| &c.state) {
            Some(ContainerState::Running { since: Some(since) }) => *since,
            _ => io.now,
        };
        let now = io.now;
        let ended = Doing::Ended(crash.exit_code, crash.reason(), began, now);
        let name = pod.containers.first().map(|c| c.name.clone()).unwrap_or_default();
        let text = crash_text(pod, &name, restarts);
        io.edit_pod(pod, |value| crashed(value, &ended, restarts, &text, now));
        if restarts > 0 {
            let text = format!("Back-off restarting failed container {name} in pod {}", pod_words(pod));
            self.tell(io, pod, true, "BackOff", &text);
        }
    }

    fn restart(&mut self, io: &mut Io<'_>, pod: &Pod, mold: &Mold, restarts: u32) {
        let Some(node) = self.node_of(pod) else { return };
        let now = io.now;
        let ready = seconds_of(mold.behavior.ready_seconds).is_zero() && mold.behavior.gets_ready(&node.node);
        io.edit_pod(pod, |value| {
            let first = &mut value["status"]["containerStatuses"][0];
            first["restartCount"] = (restarts + 1).into();
            let state = first["state"].take();
            if state["terminated"].is_object() {
                first["lastState"] = state;
            }
            let others = others(value);
            status::run(value, node, ready, now);
            restore(value, others);
        });
        let image = first_image(mold);
        let text = format!("Container image \"{image}\" already present on machine");
        self.tell(io, pod, false, "Pulled", &text);
        self.tell(io, pod, false, "Started", "Started container");
    }

    pub(super) fn tell(&mut self, io: &mut Io<'_>, pod: &Pod, warning: bool, reason: &str, text: &str) {
        let host = pod.node_name.as_ref().map(|n| n.as_str().to_owned()).unwrap_or_default();
        let message = Message { component: "kubelet", host: &host, warning, reason, text };
        self.events.say(io, &About::new(Kind::Pod, &pod.meta), message);
    }
}

fn first_image(mold: &Mold) -> &str {
    mold.images.first().map(String::as_str).unwrap_or_default()
}

/// `name_namespace(uid)`, as the kubelet names pods in its messages.
fn pod_words(pod: &Pod) -> String {
    format!("{}_{}({})", pod.meta.key.name, pod.meta.key.namespace, pod.meta.uid)
}

/// The message of a container that waits to be started again.
#[must_use]
pub fn crash_text(pod: &Pod, container: &str, restarts: u32) -> String {
    let wait = match backoff(restarts.saturating_sub(1)).as_secs() {
        300 => "5m0s".to_owned(),
        seconds if seconds >= 60 => format!("{}m{}s", seconds / 60, seconds % 60),
        seconds => format!("{seconds}s"),
    };
    format!("back-off {wait} restarting failed container={container} pod={}", pod_words(pod))
}

/// The first container ends: the first time it is started again at once, later it waits.
pub(super) fn crashed(pod: &mut Value, ended: &Doing<'_>, restarts: u32, text: &str, now: Timestamp) {
    let id = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap_or_default().to_owned();
    if restarts == 0 {
        status::change_container(pod, 0, ended, now);
        return;
    }
    pod["status"]["containerStatuses"][0]["lastState"] = ended.state(&id);
    status::change_container(pod, 0, &Doing::Waiting("CrashLoopBackOff", text), now);
}

/// The kubelet decides by the first container: where another one's image is missing, the first waits with it.
fn follow_first(pod: &mut Value, at: usize) {
    if at > 0 {
        let state = pod["status"]["containerStatuses"][at]["state"].clone();
        pod["status"]["containerStatuses"][0]["state"] = state;
    }
}

/// The states of all containers but the first, which go on while the first is restarted.
fn others(pod: &Value) -> Vec<Value> {
    pod["status"]["containerStatuses"].as_array().map(|s| s[1.min(s.len())..].to_vec()).unwrap_or_default()
}

fn restore(pod: &mut Value, others: Vec<Value>) {
    let Some(statuses) = pod["status"]["containerStatuses"].as_array_mut() else { return };
    for (status, other) in statuses.iter_mut().skip(1).zip(others) {
        let ready = status["ready"].clone();
        *status = other;
        status["ready"] = ready;
    }
}

/// Lets time pass for a status: what an hour-old pod looks like.
#[must_use]
pub fn settled_at(created: Timestamp, behavior: &behavior::Behavior) -> (Timestamp, Timestamp) {
    let started = later(created, seconds_of(behavior.start_seconds));
    (started, later(started, seconds_of(behavior.ready_seconds)))
}
