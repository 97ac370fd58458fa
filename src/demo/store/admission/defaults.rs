//! The API's defaults for pod templates, pods and `DaemonSet`s.

use serde_json::{Value, json};

use super::super::kind::Kind;
use super::super::rejection::Rejection;
use super::{default, object_mut};

/// Completes a `DaemonSet`'s spec.
pub(super) fn daemon_set(spec: &mut Value) {
    default(spec, "revisionHistoryLimit", 10.into());
    let strategy = &mut spec["updateStrategy"];
    object_mut(strategy);
    if strategy["type"].as_str().unwrap_or_default().is_empty() {
        strategy["type"] = "RollingUpdate".into();
    }
    if strategy["type"] == "RollingUpdate" {
        let limits = &mut strategy["rollingUpdate"];
        object_mut(limits);
        default(limits, "maxUnavailable", 1.into());
        default(limits, "maxSurge", 0.into());
    }
    if spec["minReadySeconds"] == 0 {
        super::remove(spec, "minReadySeconds");
    }
    object_mut(&mut spec["template"]);
    let template = &mut spec["template"];
    object_mut(&mut template["metadata"]);
    object_mut(&mut template["spec"]);
    pod_spec(&mut template["spec"]);
}

/// Completes a pod's spec as defaults and admission plugins do.
pub(super) fn pod(name: &str, spec: &mut Value) -> Result<(), Rejection> {
    pod_spec(spec);
    default(spec, "enableServiceLinks", true.into());
    default(spec, "preemptionPolicy", "PreemptLowerPriority".into());
    let class = spec["priorityClassName"].as_str().unwrap_or_default();
    let priority = match class {
        "" => 0,
        "system-cluster-critical" => 2_000_000_000,
        "system-node-critical" => 2_000_001_000,
        unknown => {
            let why = format!("no PriorityClass with name {unknown} was found");
            return Err(Rejection::forbidden(Kind::Pod, name, &why));
        }
    };
    spec["priority"] = priority.into();
    default_toleration_seconds(spec);
    Ok(())
}

/// The admission plugin of that name: five minutes on a node that is gone, unless the pod says otherwise.
fn default_toleration_seconds(spec: &mut Value) {
    default(spec, "tolerations", json!([]));
    let Some(tolerations) = spec["tolerations"].as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covers = |t: &Value| {
            let text = |field: &str| t[field].as_str().unwrap_or_default().to_owned();
            (text("key").is_empty() || text("key") == key)
                && (text("effect").is_empty() || text("effect") == "NoExecute")
        };
        if !tolerations.iter().any(covers) {
            let toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": 300});
            tolerations.push(toleration);
        }
    }
}

/// The defaults that pod templates and pods share.
pub(super) fn pod_spec(spec: &mut Value) {
    default(spec, "restartPolicy", "Always".into());
    default(spec, "dnsPolicy", "ClusterFirst".into());
    default(spec, "terminationGracePeriodSeconds", 30.into());
    default(spec, "securityContext", json!({}));
    default(spec, "schedulerName", "default-scheduler".into());
    if let Some(account) = spec["serviceAccountName"].as_str().map(str::to_owned) {
        default(spec, "serviceAccount", account.into());
    }
    let host_network = spec["hostNetwork"] == true;
    for list in ["initContainers", "containers"] {
        for one in spec[list].as_array_mut().into_iter().flatten() {
            container(one, host_network);
        }
    }
    for one in spec["volumes"].as_array_mut().into_iter().flatten() {
        volume(one);
    }
}

fn container(container: &mut Value, host_network: bool) {
    if !container.is_object() {
        return;
    }
    default(container, "terminationMessagePath", "/dev/termination-log".into());
    default(container, "terminationMessagePolicy", "File".into());
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let floating = !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    let policy = if floating { "Always" } else { "IfNotPresent" };
    default(container, "imagePullPolicy", policy.into());
    default(container, "resources", json!({}));
    if let Some(limits) = container["resources"]["limits"].as_object().cloned() {
        let requests = object_mut(&mut container["resources"]["requests"]);
        for (name, quantity) in limits {
            requests.entry(name).or_insert(quantity);
        }
    }
    for port in container["ports"].as_array_mut().into_iter().flatten().filter(|p| p.is_object()) {
        default(port, "protocol", "TCP".into());
        if host_network {
            let number = port["containerPort"].clone();
            default(port, "hostPort", number);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_some_and(Value::is_object) {
            defaults_of_probe(&mut container[probe]);
        }
    }
    for env in container["env"].as_array_mut().into_iter().flatten() {
        if env["valueFrom"]["fieldRef"].is_object() {
            default(&mut env["valueFrom"]["fieldRef"], "apiVersion", "v1".into());
        }
    }
}

fn defaults_of_probe(probe: &mut Value) {
    default(probe, "timeoutSeconds", 1.into());
    default(probe, "periodSeconds", 10.into());
    default(probe, "successThreshold", 1.into());
    default(probe, "failureThreshold", 3.into());
    if probe.get("httpGet").is_some_and(Value::is_object) {
        default(&mut probe["httpGet"], "path", "/".into());
        default(&mut probe["httpGet"], "scheme", "HTTP".into());
    }
}

fn volume(volume: &mut Value) {
    for (source, key, value) in [
        ("hostPath", "type", json!("")),
        ("configMap", "defaultMode", json!(420)),
        ("secret", "defaultMode", json!(420)),
        ("projected", "defaultMode", json!(420)),
        ("downwardAPI", "defaultMode", json!(420)),
    ] {
        if volume.get(source).is_some_and(Value::is_object) {
            default(&mut volume[source], key, value);
        }
    }
}

/// Guaranteed where every container's limits equal its requests, `BestEffort` where nobody asks for anything.
pub(super) fn qos_class(spec: &Value) -> &'static str {
    let lists = [&spec["initContainers"], &spec["containers"]];
    let containers: Vec<&Value> = lists.iter().filter_map(|l| l.as_array()).flatten().collect();
    let empty =
        |c: &&Value, what: &str| c["resources"][what].as_object().is_none_or(serde_json::Map::is_empty);
    if containers.iter().all(|c| empty(c, "limits") && empty(c, "requests")) {
        return "BestEffort";
    }
    let guaranteed = |c: &&Value| {
        let (limits, requests) = (&c["resources"]["limits"], &c["resources"]["requests"]);
        ["cpu", "memory"].iter().all(|r| limits[r].is_string() && limits[r] == requests[r])
    };
    if containers.iter().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}
