//! Pod statuses as kubelets write them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::simulation::cluster::NodeEntry;
use crate::demo::simulation::random::mix;
use crate::demo::store::time_text;

/// Sets a condition; its transition time moves only when its status flips.
pub fn set_condition(status: &mut Value, kind: &str, value: bool, why: Option<(&str, &str)>, now: Timestamp) {
    let word = if value { "True" } else { "False" };
    let mut condition = json!({
        "type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": time_text(now)
    });
    if let Some((reason, message)) = why {
        condition["reason"] = reason.into();
        if !message.is_empty() {
            condition["message"] = message.into();
        }
    }
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(conditions) = status["conditions"].as_array_mut() else { return };
    match conditions.iter_mut().find(|c| c["type"] == kind) {
        Some(known) => {
            if known["status"] == word {
                condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = condition;
        }
        None => conditions.push(condition),
    }
}

/// What all containers of a pod do.
#[derive(Clone, Debug)]
pub enum Doing<'a> {
    /// Not running, for this reason and message.
    Waiting(&'a str, &'a str),
    /// Running since then.
    Running(Timestamp),
    /// Ended: exit code, reason, start and end.
    Ended(i32, &'a str, Timestamp, Timestamp),
}

impl Doing<'_> {
    /// As the API writes a container's state.
    #[must_use]
    pub fn state(&self, container_id: &str) -> Value {
        match self {
            Self::Waiting(reason, "") => json!({"waiting": {"reason": reason}}),
            Self::Waiting(reason, message) => json!({"waiting": {"reason": reason, "message": message}}),
            Self::Running(since) => json!({"running": {"startedAt": time_text(*since)}}),
            Self::Ended(code, reason, began, ended) => json!({"terminated": {
                "exitCode": code, "reason": reason, "startedAt": time_text(*began), "finishedAt": time_text(*ended),
                "containerID": container_id,
            }}),
        }
    }
}

/// The first status a kubelet writes: the pod is admitted, its containers are being created.
pub fn admit(pod: &mut Value, node: &NodeEntry, now: Timestamp) {
    let waiting = |list: &str, reason: &str| -> Vec<Value> {
        let wait = |container: &Value| {
            json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": false,
                "started": false, "restartCount": 0, "lastState": {}, "state": {"waiting": {"reason": reason}},
            })
        };
        pod["spec"][list].as_array().into_iter().flatten().map(wait).collect()
    };
    let before = waiting("initContainers", "PodInitializing");
    let reason = if before.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let statuses = waiting("containers", reason);
    if !before.is_empty() {
        pod["status"]["initContainerStatuses"] = before.into();
    }
    let status = &mut pod["status"];
    status["phase"] = "Pending".into();
    status["startTime"] = time_text(now).into();
    status["hostIP"] = node.address.as_str().into();
    status["hostIPs"] = json!([{"ip": node.address}]);
    status["containerStatuses"] = statuses.into();
    set_condition(status, "PodReadyToStartContainers", false, None, now);
    set_condition(status, "Initialized", true, None, now);
    mark_unready(pod, now);
    set_condition(&mut pod["status"], "PodScheduled", true, None, now);
}

/// All containers run; the images are there and the pod has its address.
pub fn run(pod: &mut Value, node: &NodeEntry, ready: bool, now: Timestamp) {
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let address = pod_address(pod, node, &uid);
    initialise(pod, &uid, now);
    for status in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
        name_container(status, &uid);
        status["started"] = true.into();
        status["ready"] = ready.into();
        status["state"] = Doing::Running(now).state("");
    }
    let status = &mut pod["status"];
    status["phase"] = "Running".into();
    status["podIP"] = address.as_str().into();
    status["podIPs"] = json!([{"ip": address}]);
    set_condition(status, "PodReadyToStartContainers", true, None, now);
    if ready {
        mark_ready(pod, now);
    } else {
        mark_unready(pod, now);
    }
}

/// Init containers have ended and sidecars run, where they have not yet.
fn initialise(pod: &mut Value, uid: &str, now: Timestamp) {
    let began = pod["status"]["startTime"].as_str().and_then(|at| at.parse().ok()).unwrap_or(now);
    let sidecars: Vec<String> = pod["spec"]["initContainers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|container| container["restartPolicy"] == "Always")
        .filter_map(|container| container["name"].as_str().map(str::to_owned))
        .collect();
    let statuses = pod["status"].get_mut("initContainerStatuses").and_then(Value::as_array_mut);
    for status in statuses.into_iter().flatten() {
        if !status["state"]["waiting"].is_object() {
            continue;
        }
        let id = name_container(status, uid);
        let is_sidecar = sidecars.iter().any(|name| status["name"] == *name);
        let doing = if is_sidecar { Doing::Running(began) } else { Doing::Ended(0, "Completed", began, now) };
        status["state"] = doing.state(&id);
        status["started"] = is_sidecar.into();
        status["ready"] = true.into();
    }
}

/// The container's image and identity are known; gives the identity.
fn name_container(status: &mut Value, uid: &str) -> String {
    let image = status["image"].as_str().unwrap_or_default().to_owned();
    let name = status["name"].as_str().unwrap_or_default().to_owned();
    let id = container_id(uid, &name, status["restartCount"].as_i64().unwrap_or(0));
    status["imageID"] = image_id(&image).into();
    status["containerID"] = id.as_str().into();
    id
}

/// Every container passes its readiness probe.
pub fn mark_ready(pod: &mut Value, now: Timestamp) {
    for status in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
        status["ready"] = true.into();
    }
    set_condition(&mut pod["status"], "Ready", true, None, now);
    set_condition(&mut pod["status"], "ContainersReady", true, None, now);
}

/// Ready goes False, naming the containers that are not ready.
pub fn mark_unready(pod: &mut Value, now: Timestamp) {
    let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let unready: Vec<&str> =
        statuses.iter().filter(|s| s["ready"] != true).filter_map(|s| s["name"].as_str()).collect();
    let message = format!("containers with unready status: [{}]", unready.join(" "));
    let why = Some(("ContainersNotReady", message.as_str()));
    set_condition(&mut pod["status"], "Ready", false, why, now);
    set_condition(&mut pod["status"], "ContainersReady", false, why, now);
}

/// One container does something else; the pod's readiness follows.
pub fn change_container(pod: &mut Value, at: usize, doing: &Doing<'_>, now: Timestamp) {
    if let Some(status) = pod["status"]["containerStatuses"].get_mut(at) {
        let id = status["containerID"].as_str().unwrap_or_default().to_owned();
        status["state"] = doing.state(&id);
        status["ready"] = false.into();
        status["started"] = matches!(doing, Doing::Running(_)).into();
    }
    mark_unready(pod, now);
}

/// The pod ends for good: it was told to stop.
pub fn end(pod: &mut Value, now: Timestamp) {
    for list in ["containerStatuses", "initContainerStatuses"] {
        let statuses = pod["status"].get_mut(list).and_then(Value::as_array_mut);
        for status in statuses.into_iter().flatten() {
            let began = status["state"]["running"]["startedAt"].as_str().and_then(|t| t.parse().ok());
            let Some(began) = began else { continue };
            let id = status["containerID"].as_str().unwrap_or_default().to_owned();
            status["state"] = Doing::Ended(0, "Completed", began, now).state(&id);
            status["ready"] = false.into();
            status["started"] = false.into();
        }
    }
    let status = &mut pod["status"];
    status["phase"] = "Succeeded".into();
    set_condition(status, "Ready", false, Some(("PodCompleted", "")), now);
    set_condition(status, "ContainersReady", false, Some(("PodCompleted", "")), now);
}

fn pod_address(pod: &Value, node: &NodeEntry, uid: &str) -> String {
    if pod["spec"]["hostNetwork"] == true {
        return node.address.clone();
    }
    let network = node.pod_cidr.split('/').next().unwrap_or_default();
    let prefix = network.rsplit_once('.').map_or("10.244.0", |(prefix, _)| prefix);
    format!("{prefix}.{}", 2 + mix(1, uid) % 250)
}

fn long_hex(text: &str) -> String {
    let [a, b, c, d] = [0, 1, 2, 3].map(|part| mix(part, text));
    format!("{a:016x}{b:016x}{c:016x}{d:016x}")
}

/// The digest an image is known by.
#[must_use]
pub fn image_id(image: &str) -> String {
    let name = image.split('@').next().unwrap_or_default();
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let repository = name[slash..].split_once(':').map_or(name, |(last, _)| &name[..slash + last.len()]);
    format!("{repository}@sha256:{}", long_hex(image))
}

/// The container's identity in its runtime: another one after each restart.
#[must_use]
pub fn container_id(uid: &str, name: &str, restarts: i64) -> String {
    format!("containerd://{}", long_hex(&format!("{uid}/{name}/{restarts}")))
}
