//! A DaemonSet held against good practice: each rule both ways, and nothing said of a good one.

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node, Pod, PodDisruptionBudget};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::review::{Finding, Severity, review};
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};

/// A DaemonSet as it should be.
fn good() -> Value {
    let object = daemon_set_json(&json!({
        "containers": [{"name": "main", "image": "example.com/agent:1.2",
            "resources": {"requests": {"cpu": "10m", "memory": "20Mi"}, "limits": {"memory": "40Mi"}},
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}],
        "terminationGracePeriodSeconds": 30,
    }));
    let object = with(object, "/spec/minReadySeconds", json!(10));
    let object = with(object, "/spec/revisionHistoryLimit", json!(10));
    with(object, "/spec/template/metadata", json!({"labels": {"app": "x"}}))
}

fn picture(object: &Value, nodes: Vec<Node>, pods: Vec<Value>) -> Inventory {
    let mut inventory = Inventory::new(now());
    let daemon_set: DaemonSet = read(object.clone());
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![daemon_set])));
    let pods: Vec<Pod> = pods.into_iter().map(read).collect();
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory
}

fn found_in(object: &Value, inventory: &Inventory, budgets: &[PodDisruptionBudget]) -> Vec<Finding> {
    let (slot, _) = inventory.rows().next().expect("a row");
    review(&RawObject::new(object.clone()), inventory, slot, Some(budgets))
}

/// What is found on three plain nodes without pods.
fn found(object: &Value) -> Vec<Finding> {
    let nodes = ["n1", "n2", "n3"].map(|name| node(name, &[], &[])).to_vec();
    found_in(object, &picture(object, nodes, Vec::new()), &[])
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn nothing_is_said_of_a_good_one() {
    assert_eq!(found(&good()), []);
}

const MAIN: &str = "/spec/template/spec/containers/0";
const POD: &str = "/spec/template/spec";

#[test]
fn each_rule_of_the_template_speaks_only_where_it_should() {
    let at = |base: &str, rest: &str| format!("{base}{rest}");
    for (pointer, value, expected) in [
        (at(MAIN, "/resources/requests"), json!({"memory": "1Mi"}), vec!["no cpu request"]),
        (at(MAIN, "/resources"), json!({"requests": {"cpu": "1"}, "limits": {"memory": "1Mi"}}), vec![]),
        (at(MAIN, "/resources/requests"), json!({"cpu": "1"}), vec![]),
        (at(MAIN, "/resources"), json!({"requests": {"cpu": "1", "memory": "1Mi"}}), vec!["no memory limit"]),
        (at(MAIN, "/resources"), json!(null), vec!["no cpu request", "no memory request", "no memory limit"]),
        (at(MAIN, "/readinessProbe"), json!(null), vec!["no readiness probe"]),
        (at(MAIN, "/image"), json!("example.com:5000/agent"), vec!["image without a version"]),
        (at(MAIN, "/image"), json!("agent:latest"), vec!["image without a version"]),
        (at(MAIN, "/image"), json!("agent@sha256:0123"), vec![]),
        (at(MAIN, "/securityContext"), json!({"privileged": true}), vec!["privileged"]),
        (at(MAIN, "/securityContext"), json!({"privileged": false}), vec![]),
        (at(POD, "/hostNetwork"), json!(true), vec!["host network"]),
        (at(POD, "/hostPID"), json!(true), vec!["host processes"]),
        (at(POD, "/hostIPC"), json!(true), vec!["host ipc"]),
        (at(POD, "/initContainers"), json!([{"name": "once", "image": "a:1"}]), vec![]),
        (
            at(POD, "/initContainers"),
            json!([{"name": "once", "image": "a"}]),
            vec!["image without a version"],
        ),
        (
            at(POD, "/initContainers"),
            json!([{"name": "side", "image": "a:1", "restartPolicy": "Always"}]),
            vec!["no cpu request", "no memory request", "no memory limit"],
        ),
        (at(POD, "/terminationGracePeriodSeconds"), json!(599), vec![]),
        (at(POD, "/terminationGracePeriodSeconds"), json!(600), vec!["long grace period"]),
        ("/spec/minReadySeconds".to_owned(), json!(0), vec!["no minReadySeconds"]),
        ("/spec/revisionHistoryLimit".to_owned(), json!(0), vec!["no history"]),
        ("/spec/revisionHistoryLimit".to_owned(), json!(1), vec![]),
        ("/metadata/namespace".to_owned(), json!("kube-system"), vec!["no priority class"]),
    ] {
        let object = with(good(), &pointer, value.clone());
        assert_eq!(rules(&found(&object)), expected, "{pointer} = {value}");
    }
    let critical = with(good(), "/metadata/namespace", json!("kube-system"));
    let critical = with(critical, &at(POD, "/priorityClassName"), json!("system-node-critical"));
    assert_eq!(found(&critical), []);
    let patient = with(
        with(good(), "/spec/minReadySeconds", json!(0)),
        "/spec/updateStrategy",
        json!({"type": "OnDelete"}),
    );
    assert_eq!(found(&patient), [], "minReadySeconds guides no update under OnDelete");
}

#[test]
fn findings_name_the_field_and_the_reason() {
    let object = with(good(), &format!("{MAIN}/resources/requests"), json!({"memory": "1Mi"}));
    let [finding] = found(&object).try_into().expect("one");
    assert_eq!(finding.field, "spec.template.spec.containers[0].resources.requests.cpu");
    assert_eq!(
        finding.why,
        "container main asks for no cpu: a full node takes the pod, and starves it first when the node is busy"
    );
    let mounted = |read_only: Value| {
        let object =
            with(good(), &format!("{POD}/volumes"), json!([{"name": "v", "hostPath": {"path": "/var/log"}}]));
        let mounts = json!([{"name": "v", "mountPath": "/l", "readOnly": read_only}]);
        with(object, &format!("{MAIN}/volumeMounts"), mounts)
    };
    for (read_only, why) in [
        (json!(true), "it reads /var/log of its node"),
        (json!(null), "it reads and writes /var/log of its node"),
    ] {
        let [finding] = found(&mounted(read_only)).try_into().expect("one");
        assert_eq!((finding.why.as_str(), finding.severity), (why, Severity::Info));
        assert_eq!(finding.field, "spec.template.spec.volumes[0].hostPath");
    }
}

#[test]
fn surge_cannot_work_with_ports_of_the_node() {
    let surge = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    let port = |object: Value, port: Value| with(object, &format!("{MAIN}/ports"), json!([port]));
    let host = |object: Value| with(object, &format!("{POD}/hostNetwork"), json!(true));
    let surging = || with(good(), "/spec/updateStrategy", surge.clone());
    for (object, expected) in [
        (surging(), vec![]),
        (port(surging(), json!({"containerPort": 80})), vec![]),
        (port(surging(), json!({"containerPort": 80, "hostPort": 8080})), vec!["surge with host ports"]),
        (host(port(surging(), json!({"containerPort": 80}))), vec!["surge with host ports", "host network"]),
        (host(surging()), vec!["surge on the host network", "host network"]),
        (port(good(), json!({"containerPort": 80, "hostPort": 8080})), vec![]),
    ] {
        assert_eq!(rules(&found(&object)), expected, "{object}");
    }
}

/// So many nodes, each with a pod of the current template that took ten minutes to be available.
fn many(object: &Value, count: usize, took: i64) -> Inventory {
    let name = |at: usize| format!("n{at:03}");
    let nodes = (0..count).map(|at| node(&name(at), &[], &[])).collect();
    let pods = (0..count).map(|at| {
        let pod =
            with(pod_json(&name(at), &name(at)), "/metadata/creationTimestamp", json!(ago(9000 + took)));
        with(pod, "/status/conditions/0/lastTransitionTime", json!(ago(9000 + 10)))
    });
    picture(object, nodes, pods.collect())
}

#[test]
fn one_node_at_a_time_is_told_in_hours() {
    for (max_unavailable, count, took, expected) in [
        (json!(1), 49, 600, None),
        (json!("10%"), 60, 600, None),
        (
            json!(1),
            60,
            600,
            Some((
                Severity::Warning,
                "an update visits 60 nodes one after the other: pods take 10m until they are available, so about 10h",
            )),
        ),
        (
            json!(1),
            60,
            60,
            Some((
                Severity::Info,
                "an update visits 60 nodes one after the other: pods take 60s until they are available, so about 60m",
            )),
        ),
    ] {
        let object = with(good(), "/spec/updateStrategy/rollingUpdate/maxUnavailable", max_unavailable);
        let findings = found_in(&object, &many(&object, count, took), &[]);
        let told = findings.first().map(|finding| (finding.severity, finding.why.as_str()));
        assert_eq!(told, expected);
    }
    // Without pods there is only minReadySeconds to go by, and without that nothing.
    let nodes = |count: usize| (0..count).map(|at| node(&format!("n{at}"), &[], &[])).collect();
    for (seconds, told) in [
        (300, "at least 8h by minReadySeconds 5m, and no pod's real time is known yet"),
        (0, "how long a pod takes is not known yet"),
    ] {
        let object = with(good(), "/spec/minReadySeconds", json!(seconds));
        let findings = found_in(&object, &picture(&object, nodes(100), Vec::new()), &[]);
        let pace = findings.iter().find(|finding| finding.rule == "one node at a time").expect("said");
        assert_eq!(pace.why, format!("an update visits 100 nodes one after the other: {told}"));
    }
}

#[test]
fn a_grace_period_counts_once_for_each_round() {
    let object = |seconds: i64, limit: Value| {
        let object = with(good(), &format!("{POD}/terminationGracePeriodSeconds"), json!(seconds));
        with(object, "/spec/updateStrategy/rollingUpdate/maxUnavailable", limit)
    };
    let why = |object: &Value| {
        let findings = found_in(object, &many(object, 200, 10), &[]);
        findings.into_iter().find(|finding| finding.rule == "long grace period").map(|finding| finding.why)
    };
    assert_eq!(why(&object(30, json!(1))), None, "the default is nobody's choice");
    assert_eq!(why(&object(120, json!("10%"))), None);
    assert_eq!(
        why(&object(120, json!(1))).as_deref(),
        Some(
            "a pod that does not end by itself is killed after 2m; with maxUnavailable 1 of 200 nodes that can make \
             an update 6h40m longer"
        )
    );
}

#[test]
fn tolerations_for_a_time_evict_over_and_over() {
    let object = |tolerations: Value| with(good(), &format!("{POD}/tolerations"), tolerations);
    let timed =
        json!({"key": "maintenance", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30});
    let automatic = "node.kubernetes.io/not-ready";
    for (tolerations, expected) in [
        (json!([timed]), vec!["evicted and made again, over and over"]),
        (json!([{"key": "maintenance", "operator": "Exists", "effect": "NoExecute"}]), vec![]),
        (json!([{"operator": "Exists"}, timed]), vec![]),
        (json!([timed, {"operator": "Exists"}]), vec!["evicted and made again, over and over"]),
        // The controller replaces one that is the same as its own; one that differs stays, and comes first.
        (
            json!([{"key": automatic, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}]),
            vec![],
        ),
        (
            json!([{"key": automatic, "operator": "Equal", "effect": "NoExecute", "tolerationSeconds": 30}]),
            vec!["evicted and made again, over and over"],
        ),
    ] {
        assert_eq!(rules(&found(&object(tolerations.clone()))), expected, "{tolerations}");
    }
    let nodes = vec![node("n1", &[], &["maintenance:NoExecute"]), node("n2", &[], &[])];
    let object = object(json!([timed]));
    let [finding] = found_in(&object, &picture(&object, nodes, Vec::new()), &[]).try_into().expect("one");
    assert_eq!(finding.severity, Severity::Danger);
    assert_eq!(finding.field, "spec.template.spec.tolerations[0].tolerationSeconds");
    assert!(
        finding
            .why
            .ends_with("evicted after 30s, a new one is made at once, and so on; 1 node is tainted so now")
    );
}

#[test]
fn nodes_missed_only_for_a_taint_are_counted() {
    let nodes = || {
        vec![
            node("n1", &[], &[]),
            node("n2", &[], &["gpu=present:NoSchedule"]),
            node("n3", &[], &["gpu=present:NoSchedule"]),
            node("n4", &[], &["node.kubernetes.io/not-ready:NoSchedule"]),
            node("n5", &[], &["soft:PreferNoSchedule"]),
        ]
    };
    let object = good();
    let [finding] = found_in(&object, &picture(&object, nodes(), Vec::new()), &[]).try_into().expect("one");
    assert_eq!(
        finding.why,
        "2 nodes of 5 have no pod only because of the taint gpu=present:NoSchedule, which no toleration covers"
    );
    let tolerant = with(good(), &format!("{POD}/tolerations"), json!([{"key": "gpu", "operator": "Exists"}]));
    assert_eq!(found_in(&tolerant, &picture(&tolerant, nodes(), Vec::new()), &[]), []);
    let elsewhere = with(good(), &format!("{POD}/nodeSelector"), json!({"pool": "none"}));
    assert_eq!(found_in(&elsewhere, &picture(&elsewhere, nodes(), Vec::new()), &[]), []);
}

#[test]
fn on_delete_with_outdated_pods_is_said_unless_it_is_a_pause() {
    let old = |pod: Value| {
        with(
            pod,
            "/metadata/labels",
            json!({"controller-revision-hash": "old", "pod-template-generation": "1"}),
        )
    };
    let on_delete = with(good(), "/spec/updateStrategy", json!({"type": "OnDelete"}));
    let saved = json!(r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"a","at":"2026-01-02T00:04:05Z"}"#);
    let paused = with(on_delete.clone(), "/metadata/annotations/dsgrid.dev~1paused", saved);
    let nodes = || vec![node("n1", &[], &[]), node("n2", &[], &[])];
    let pods = |first: fn(Value, &dyn Fn(Value) -> Value) -> Value| {
        vec![first(pod_json("a", "n1"), &old), pod_json("b", "n2")]
    };
    for (object, pods, expected) in [
        (&on_delete, pods(|pod, old| old(pod)), vec!["OnDelete with outdated pods"]),
        (&on_delete, pods(|pod, _| pod), vec![]),
        (&paused, pods(|pod, old| old(pod)), vec![]),
    ] {
        assert_eq!(rules(&found_in(object, &picture(object, nodes(), pods), &[])), expected);
    }
}

#[test]
fn budgets_that_never_allow_are_named() {
    let budget = |selector: Value, form: Value| -> PodDisruptionBudget {
        let mut spec = form;
        spec["selector"] = selector;
        read(json!({"metadata": {"name": "b", "namespace": "default"}, "spec": spec,
            "status": {"expectedPods": 3, "currentHealthy": 3, "desiredHealthy": 1, "disruptionsAllowed": 2}}))
    };
    let ours = || json!({"matchLabels": {"app": "x"}});
    for (selector, form, expected) in [
        (ours(), json!({"minAvailable": "50%"}), vec!["a budget that never allows an eviction"]),
        (ours(), json!({"maxUnavailable": 1}), vec!["a budget that never allows an eviction"]),
        (ours(), json!({"minAvailable": 1}), vec![]),
        (json!({"matchLabels": {"app": "other"}}), json!({"maxUnavailable": 1}), vec![]),
    ] {
        let object = good();
        let inventory = picture(&object, vec![node("n1", &[], &[])], Vec::new());
        let findings = found_in(&object, &inventory, &[budget(selector, form.clone())]);
        assert_eq!(rules(&findings), expected, "{form}");
        assert!(findings.iter().all(|finding| finding.field == "PodDisruptionBudget default/b"));
    }
}

#[test]
fn what_is_no_daemon_set_is_not_judged() {
    let object = good();
    let inventory = picture(&object, vec![node("n1", &[], &[])], Vec::new());
    for odd in
        [json!(null), json!([]), json!({"spec": {"template": {"spec": {"containers": "none"}}}}), json!("x")]
    {
        assert_eq!(found_in(&odd, &inventory, &[]), [], "{odd}");
    }
}
