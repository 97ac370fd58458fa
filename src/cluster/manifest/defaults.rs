//! The server's defaults for pod templates (`pkg/apis/core/v1/defaults.go`), and one form for what means the same.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::quantity;

/// Fields that are maps of strings: an empty one is none, and empty values in them count.
const MAPS: [&str; 7] =
    ["labels", "annotations", "nodeSelector", "matchLabels", "limits", "requests", "volumeAttributes"];
/// Flags that the server does not keep when they are false.
const PLAIN_FLAGS: [&str; 7] = ["hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly"];
/// Numbers that the server does not keep when they are 0.
const PLAIN_NUMBERS: [&str; 2] = ["initialDelaySeconds", "hostPort"];
/// Texts that the server keeps when they are empty.
const KEPT_TEXTS: [&str; 3] = ["type", "storageClassName", "service"];

/// A template as the server would keep it.
pub(super) fn template(template: &PodTemplateSpec) -> Value {
    let mut template = normal(template);
    let spec = field(&mut template, "spec");
    pod_spec(spec);
    template
}

/// One form for what means the same: nothing, null and empty; quantities.
pub(super) fn normal(object: &impl Serialize) -> Value {
    let mut value =
        serde_json::to_value(object).expect("the API's types have string keys and no failing serializers");
    prune(&mut value);
    value
}

fn prune(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Object(fields) => {
            fields.retain(|key, value| {
                let is_map = MAPS.contains(&key.as_str());
                match value {
                    Value::Object(map) if is_map => {
                        if matches!(key.as_str(), "limits" | "requests") {
                            map.values_mut().for_each(measure);
                        }
                        return !map.is_empty();
                    }
                    _ if matches!(key.as_str(), "sizeLimit" | "divisor") => measure(value),
                    _ => prune(value),
                }
                match value {
                    Value::Null => false,
                    Value::Array(items) => !items.is_empty(),
                    Value::String(text) => !text.is_empty() || KEPT_TEXTS.contains(&key.as_str()),
                    Value::Bool(flag) => *flag || !PLAIN_FLAGS.contains(&key.as_str()),
                    Value::Number(number) => {
                        number.as_i64() != Some(0) || !PLAIN_NUMBERS.contains(&key.as_str())
                    }
                    Value::Object(_) => true,
                }
            });
        }
        _ => {}
    }
}

fn measure(value: &mut Value) {
    if let Value::String(text) = value {
        *text = quantity::normal(text);
    }
}

/// A field that is an object, made where there is none.
fn field<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    let field = &mut value[key];
    if !field.is_object() {
        *field = Value::Object(Map::new());
    }
    field
}

/// Sets what is not set; not in what is not there.
fn default(value: &mut Value, key: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.entry(key).or_insert(to);
    }
}

/// What is under some keys, if all of it is there.
fn inside<'a>(value: &'a mut Value, keys: &[&str]) -> Option<&'a mut Value> {
    keys.iter().try_fold(value, |value, key| value.get_mut(*key))
}

fn each<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

fn pod_spec(spec: &mut Value) {
    default(spec, "restartPolicy", "Always".into());
    default(spec, "dnsPolicy", "ClusterFirst".into());
    default(spec, "terminationGracePeriodSeconds", 30.into());
    default(spec, "securityContext", json!({}));
    default(spec, "schedulerName", "default-scheduler".into());
    // Two names of one field.
    for (from, to) in [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")] {
        if let Some(account) = spec.get(from).cloned() {
            default(spec, to, account);
        }
    }
    let host_network = spec["hostNetwork"] == true;
    for list in ["initContainers", "containers"] {
        each(spec, list).for_each(|one| container(one, host_network));
    }
    each(spec, "volumes").for_each(volume);
}

fn container(container: &mut Value, host_network: bool) {
    default(container, "terminationMessagePath", "/dev/termination-log".into());
    default(container, "terminationMessagePolicy", "File".into());
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let floating = !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    default(container, "imagePullPolicy", if floating { "Always" } else { "IfNotPresent" }.into());
    default(container, "resources", json!({}));
    for port in each(container, "ports") {
        default(port, "protocol", "TCP".into());
        if host_network {
            let number = port["containerPort"].clone();
            default(port, "hostPort", number);
        }
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(kind) {
            default(probe, "timeoutSeconds", 1.into());
            default(probe, "periodSeconds", 10.into());
            default(probe, "successThreshold", 1.into());
            default(probe, "failureThreshold", 3.into());
            handler(probe);
        }
    }
    for hook in ["postStart", "preStop"] {
        inside(container, &["lifecycle", hook]).into_iter().for_each(handler);
    }
    for env in each(container, "env") {
        if let Some(field) = inside(env, &["valueFrom", "fieldRef"]) {
            default(field, "apiVersion", "v1".into());
        }
        if let Some(field) = inside(env, &["valueFrom", "resourceFieldRef"]) {
            default(field, "divisor", quantity::normal("0").into());
        }
    }
}

fn handler(handler: &mut Value) {
    if let Some(get) = handler.get_mut("httpGet") {
        default(get, "path", "/".into());
        default(get, "scheme", "HTTP".into());
    }
    if let Some(grpc) = handler.get_mut("grpc") {
        default(grpc, "service", "".into());
    }
}

fn volume(volume: &mut Value) {
    if volume.as_object().is_some_and(|fields| fields.keys().all(|key| key == "name")) {
        default(volume, "emptyDir", json!({}));
    }
    for source in ["configMap", "secret", "projected", "downwardAPI"] {
        if let Some(source) = volume.get_mut(source) {
            default(source, "defaultMode", 420.into());
            downward_items(source);
        }
    }
    if let Some(path) = volume.get_mut("hostPath") {
        default(path, "type", "".into());
    }
    if let Some(claim) = inside(volume, &["ephemeral", "volumeClaimTemplate", "spec"]) {
        default(claim, "volumeMode", "Filesystem".into());
    }
    if let Some(projected) = volume.get_mut("projected") {
        for source in each(projected, "sources") {
            source.get_mut("downwardAPI").into_iter().for_each(downward_items);
            if let Some(token) = source.get_mut("serviceAccountToken") {
                default(token, "expirationSeconds", 3600.into());
            }
        }
    }
}

fn downward_items(source: &mut Value) {
    for item in each(source, "items") {
        if let Some(field) = item.get_mut("fieldRef") {
            default(field, "apiVersion", "v1".into());
        }
        if let Some(field) = item.get_mut("resourceFieldRef") {
            default(field, "divisor", quantity::normal("0").into());
        }
    }
}
