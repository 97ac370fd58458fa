//! Bad manifests are told precisely; templates are the same where the server would say so.

use serde_json::{Value, json};

use super::*;

const GOOD: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: main
        image: registry.example/agent:v1
";

const STRATEGY: &str = "/spec/updateStrategy";
const TERMS: &str =
    "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

fn good() -> Value {
    serde_yaml::from_str(GOOD).unwrap()
}

/// The good manifest with a value at a JSON pointer's place.
fn with(pointer: &str, value: &Value) -> Value {
    let mut object = good();
    let mut at = &mut object;
    for part in pointer.trim_start_matches('/').split('/') {
        at = match part.parse::<usize>() {
            Ok(index) if at.is_array() => &mut at[index],
            _ => &mut at[part],
        };
    }
    *at = value.clone();
    object
}

fn refused(text: &str) -> String {
    read("f.yaml", text).map(|read| read.len()).unwrap_err().to_string()
}

#[test]
fn good_manifests_are_read_in_every_form() {
    let json = good().to_string();
    for (text, count) in [
        (GOOD.to_owned(), 1),
        (json.clone(), 1),
        (format!("{json}\n{json}"), 2),
        (format!("---\n# nothing\n---\n{GOOD}---\n"), 1),
        (format!("{GOOD}---\n{GOOD}"), 2),
        (json!({"apiVersion": "v1", "kind": "List", "items": [good(), good()]}).to_string(), 2),
    ] {
        let manifests = read("f.yaml", &text).unwrap();
        assert_eq!(manifests.len(), count, "{text}");
        assert_eq!(manifests[0].daemon_set.meta.key.name, "agent");
    }
    // What the server adds is no mistake.
    let mut served = good();
    served["metadata"] = json!({"name": "agent", "uid": "u", "resourceVersion": "1", "generation": 3,
        "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [{"manager": "x", "fieldsV1": {"f:a": {}}}]});
    served["status"] = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0,
        "numberReady": 0});
    assert!(read("f.yaml", &served.to_string()).is_ok());
}

#[test]
fn what_is_no_manifest_is_told_with_its_place() {
    for (text, told) in [
        ("", "f.yaml: it holds no object"),
        ("# nothing\n---\n", "it holds no object"),
        ("a: [", "f.yaml: it is no valid YAML: "),
        ("a: b: c\n", "line 1"),
        ("a: 1\na: 2\n", "duplicate entry"),
        ("{\"a\": ", "it is no valid JSON: "),
        ("just text", "it is no object"),
        ("a: 1\n", "it has no kind"),
        ("apiVersion: apps/v1\nkind: Deployment\n", "it is a Deployment, not a DaemonSet"),
        (
            "apiVersion: extensions/v1beta1\nkind: DaemonSet\n",
            "\"extensions/v1beta1\"; DaemonSets are of apps/v1",
        ),
        (&format!("{GOOD}---\nkind: ConfigMap\n"), "f.yaml, document 2: it is a ConfigMap"),
        (
            &json!({"kind": "List", "items": [good(), {"kind": "Pod"}]}).to_string(),
            "f.yaml, item 2: it is a Pod",
        ),
        (
            &GOOD.replace("- name: main", "- name: main\n        imagge: x"),
            "unknown field spec.template.spec.containers.0.imagge",
        ),
        (&GOOD.replace("spec:\n  sel", "spec:\n  paused: true\n  sel"), "unknown field spec.paused"),
        (&GOOD.replace("image: registry.example/agent:v1", "image: [1]"), "line 14"),
        (&GOOD.replace("  selector:", "  minReadySeconds: soon\n  selector:"), "line 6"),
    ] {
        let why = refused(text);
        assert!(why.contains(told), "{told} in {why}");
        assert_eq!(why.lines().count(), 1, "one sentence: {why}");
    }
}

/// Every value at its place is refused with these words.
fn all_refused(cases: &[(&str, Value, &str)]) {
    for (pointer, value, told) in cases {
        let why = refused(&with(pointer, value).to_string());
        assert!(why.contains(told), "{told} in {why}");
    }
}

#[test]
fn what_the_server_would_refuse_is_told_with_its_field() {
    let strategy = STRATEGY;
    let rolling = |limits: &Value| json!({"rollingUpdate": limits});
    all_refused(&[
        ("/metadata/name", json!(null), "metadata.name is missing"),
        ("/metadata/name", json!("Agent"), "metadata.name has to be lower-case"),
        ("/spec", json!(null), "spec is missing"),
        ("/spec/selector", json!(null), "spec.selector is missing or empty"),
        ("/spec/selector", json!({"matchLabels": {"app": "x"}}), "do not match spec.selector (app=x)"),
        ("/spec/selector/matchExpressions", json!([{"key": "a", "operator": "Is"}]), "\"Is\" is no operator"),
        ("/spec/selector/matchExpressions", json!([{"key": "a", "operator": "In"}]), "In needs values"),
        ("/spec/minReadySeconds", json!(-1), "spec.minReadySeconds has to be 0 or more"),
        (strategy, json!({"type": "Recreate"}), "\"Recreate\" is not supported"),
        (
            strategy,
            rolling(&json!({"maxSurge": 1})),
            "maxSurge may not be set when maxUnavailable is non-zero",
        ),
        (strategy, rolling(&json!({"maxSurge": 1, "maxUnavailable": 1})), "may not be set"),
        (strategy, rolling(&json!({"maxUnavailable": 0})), "cannot be 0 when maxSurge is 0"),
        (strategy, rolling(&json!({"maxUnavailable": "0%", "maxSurge": "0%"})), "cannot be 0"),
        (strategy, rolling(&json!({"maxUnavailable": "150%"})), "more than 100%"),
        (strategy, rolling(&json!({"maxUnavailable": "5"})), "\"5\" is neither a number nor a percentage"),
        (strategy, rolling(&json!({"maxUnavailable": -1})), "has to be 0 or more"),
    ]);
}

#[test]
fn pod_specs_that_the_server_would_refuse_are_told_with_their_field() {
    let (tolerations, terms) = ("/spec/template/spec/tolerations", TERMS);
    all_refused(&[
        ("/spec/template/spec", json!(null), "spec.template.spec is missing"),
        ("/spec/template/spec/restartPolicy", json!("OnFailure"), "restartPolicy has to be Always"),
        ("/spec/template/spec/activeDeadlineSeconds", json!(1), "activeDeadlineSeconds is not allowed"),
        ("/spec/template/spec/containers", json!([]), "containers is missing or empty"),
        ("/spec/template/spec/containers/0/name", json!(""), "containers[0].name is missing"),
        ("/spec/template/spec/containers/0/image", json!(null), "containers[0].image is missing"),
        ("/spec/template/spec/nodeSelector", json!({"a b": "c"}), "nodeSelector: \"a b\" is no valid key"),
        (tolerations, json!([{"value": "x"}]), "without a key needs operator Exists"),
        (tolerations, json!([{"key": "a", "operator": "Gt", "value": "1"}]), "has operator \"Gt\""),
        (tolerations, json!([{"key": "a", "operator": "Exists", "value": "1"}]), "takes no value"),
        (tolerations, json!([{"key": "a", "effect": "No"}]), "has effect \"No\""),
        (tolerations, json!([{"key": "a", "tolerationSeconds": 3}]), "need effect NoExecute"),
        (terms, json!({"nodeSelectorTerms": []}), "at least one node selector term"),
        (
            terms,
            json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "X"}]}]}),
            "\"X\" is no operator",
        ),
        (
            terms,
            json!({"nodeSelectorTerms": [{"matchFields": [{"key": "a", "operator": "In", "values": ["b"]}]}]}),
            "metadata.name",
        ),
    ]);
}

#[test]
fn what_the_server_accepts_is_accepted() {
    let (strategy, terms) = (STRATEGY, TERMS);
    let rolling = |limits: &Value| json!({"rollingUpdate": limits});
    for (pointer, value) in [
        (strategy, rolling(&json!({"maxSurge": "50%", "maxUnavailable": 0}))),
        (strategy, rolling(&json!({"maxUnavailable": 10000}))),
        (strategy, json!({"type": "OnDelete", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}})),
        (strategy, json!({})),
        // Malformed, and yet accepted: it matches nothing.
        (
            terms,
            json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "g", "operator": "Gt", "values": ["abc"]}]}]}),
        ),
    ] {
        assert!(read("f.yaml", &with(pointer, &value).to_string()).is_ok(), "{value}");
    }
}

#[test]
fn a_template_changes_where_the_server_would_see_a_change() {
    let container = "/spec/template/spec/containers/0";
    let at = |field: &str| format!("{container}/{field}");
    for (pointer, live, wanted, changed) in [
        (at("image"), json!("registry.example/agent:v1"), json!("registry.example/agent:v2"), true),
        (at("imagePullPolicy"), json!("IfNotPresent"), json!(null), false),
        (at("imagePullPolicy"), json!("Always"), json!(null), true),
        (at("env"), json!([{"name": "A"}]), json!([{"name": "A", "value": ""}]), false),
        (at("env"), json!(null), json!([]), false),
        (at("resources"), json!({"limits": {"cpu": "500m"}}), json!({"limits": {"cpu": "0.5"}}), false),
        (at("resources"), json!({"limits": {"cpu": "500m"}}), json!({"limits": {"cpu": "0.6"}}), true),
        (at("resources"), json!({}), json!({"requests": {}}), false),
        (
            at("ports"),
            json!([{"containerPort": 80, "protocol": "TCP"}]),
            json!([{"containerPort": 80}]),
            false,
        ),
        (
            at("readinessProbe"),
            json!({"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                   "successThreshold": 1, "failureThreshold": 3}),
            json!({"httpGet": {"port": 80}, "initialDelaySeconds": 0}),
            false,
        ),
        (
            "/spec/template/spec/volumes".into(),
            json!([{"name": "a", "hostPath": {"path": "/x", "type": ""}}, {"name": "b", "emptyDir": {}},
                   {"name": "c", "configMap": {"name": "c", "defaultMode": 420}}]),
            json!([{"name": "a", "hostPath": {"path": "/x"}}, {"name": "b"}, {"name": "c", "configMap": {"name": "c"}}]),
            false,
        ),
        ("/spec/template/spec/serviceAccountName".into(), json!("x"), json!("x"), false),
        ("/spec/template/spec/hostNetwork".into(), json!(null), json!(false), false),
        ("/spec/template/spec/hostNetwork".into(), json!(null), json!(true), true),
        ("/spec/template/spec/terminationGracePeriodSeconds".into(), json!(30), json!(0), true),
        ("/spec/template/spec/nodeSelector".into(), json!(null), json!({}), false),
        ("/spec/template/spec/nodeSelector".into(), json!(null), json!({"q": ""}), true),
        ("/spec/template/metadata/annotations".into(), json!({RESTARTED: "2026"}), json!(null), false),
        (
            "/spec/template/metadata/annotations".into(),
            json!({RESTARTED: "2026"}),
            json!({RESTARTED: "2027"}),
            true,
        ),
        ("/spec/minReadySeconds".into(), json!(0), json!(30), false),
    ] {
        let manifest = read("f.yaml", &with(&pointer, &wanted).to_string()).unwrap().remove(0);
        let update = manifest.against(&with(&pointer, &live), &[]).unwrap();
        assert_eq!(update.changed, changed, "{pointer}: {live} to {wanted}");
    }
    let other = with("/spec/selector", &json!({"matchLabels": {"app": "agent", "x": "y"}}));
    let manifest = read("f.yaml", GOOD).unwrap().remove(0);
    let why = manifest.against(&other, &[]).unwrap_err().to_string();
    assert!(why.contains("spec.selector cannot be changed"), "{why}");
}
