//! Every counter fact of the semantics page (§8.2, C1-C26) that a picture of the cluster can show.

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{ControllerRevision, Node};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};

/// A cluster: nodes, the DaemonSet `default/ds`, its pods.
struct Picture {
    nodes: Vec<Node>,
    daemon_set: Value,
    pods: Vec<Value>,
}

impl Picture {
    /// Three plain nodes with an up-to-date, available pod each.
    fn settled() -> Self {
        Self {
            nodes: ["n1", "n2", "n3"].map(|name| node(name, &[], &[])).into(),
            daemon_set: daemon_set_json(&json!({})),
            pods: vec![pod_json("a", "n1"), pod_json("b", "n2"), pod_json("c", "n3")],
        }
    }

    fn with_pods(pods: Vec<Value>) -> Self {
        Self { pods, ..Self::settled() }
    }

    fn with_nodes(nodes: Vec<Node>) -> Self {
        Self { nodes, ..Self::settled() }
    }

    fn inventory(self) -> Inventory {
        let mut inventory = Inventory::new(now());
        let revisions: Vec<ControllerRevision> = [("old", 1), ("new", 2)]
            .map(|(hash, revision)| {
                read(json!({"metadata": {"name": format!("ds-{hash}"), "namespace": "default", "uid": hash,
                    "labels": {"controller-revision-hash": hash},
                    "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
                    "revision": revision}))
            })
            .into();
        inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, self.nodes)));
        inventory
            .apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(self.daemon_set)])));
        inventory.apply(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, revisions)));
        let pods = self.pods.into_iter().map(read).collect();
        inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
        inventory
    }

    /// `desired/current/ready/updated/available/misscheduled`.
    fn counts(self) -> String {
        counts(&self.inventory())
    }
}

fn counts(inventory: &Inventory) -> String {
    let (slot, _) = inventory.rows().next().expect("a DaemonSet");
    let c = inventory.computed(slot).expect("known");
    let updated = c.up_to_date.expect("observed");
    assert_eq!(c.unavailable, c.desired - c.available);
    format!("{}/{}/{}/{updated}/{}/{}", c.desired, c.current, c.ready, c.available, c.misscheduled)
}

fn old(pod: Value) -> Value {
    let labels = json!({"controller-revision-hash": "old", "pod-template-generation": "1"});
    with(pod, "/metadata/labels", labels)
}

fn unready(pod: Value) -> Value {
    with(pod, "/status/conditions/0/status", json!("False"))
}

fn deleting(pod: Value) -> Value {
    with(pod, "/metadata/deletionTimestamp", json!(ago(0)))
}

fn named(pod: Value, name: &str) -> Value {
    with(with(pod, "/metadata/name", json!(name)), "/metadata/uid", json!(name))
}

/// Not bound: the scheduler has not placed it.
fn unbound(pod: Value) -> Value {
    let pod = with(unready(pod), "/spec/nodeName", Value::Null);
    let pod = with(
        pod,
        "/status/conditions/1",
        json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}),
    );
    with(with(pod, "/status/phase", json!("Pending")), "/status/containerStatuses", json!([]))
}

fn younger(pod: Value) -> Value {
    with(pod, "/metadata/creationTimestamp", json!(ago(10)))
}

fn phase(pod: Value, phase: &str) -> Value {
    with(unready(pod), "/status/phase", json!(phase))
}

fn not_ready(name: &str) -> Node {
    read(json!({"metadata": {"name": name, "uid": name},
        "spec": {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
            {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]}}))
}

fn surge(picture: Picture) -> Picture {
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    let daemon_set = with(picture.daemon_set, "/spec/updateStrategy", strategy);
    Picture { daemon_set, ..picture }
}

#[test]
fn pods_as_they_come_and_go() {
    let [a, b, c] = [pod_json("a", "n1"), pod_json("b", "n2"), pod_json("c", "n3")];
    let all = |f: fn(Value) -> Value| [a.clone(), b.clone(), c.clone()].map(f).to_vec();
    for (fact, pods, expected) in [
        ("C1", all(|p| p), "3/3/3/3/3/0"),
        ("C2", all(unbound), "3/3/0/3/0/0"),
        ("C3", vec![a.clone(), b.clone()], "3/2/2/2/2/0"),
        ("C10", vec![phase(a.clone(), "Failed"), b.clone(), c.clone()], "3/3/2/3/2/0"),
        ("C11", vec![old(deleting(a.clone())), old(b.clone()), old(c.clone())], "3/3/3/0/3/0"),
        ("C12", vec![unbound(a.clone()), old(b.clone()), old(c.clone())], "3/3/2/1/2/0"),
        (
            "C17",
            vec![
                deleting(phase(a.clone(), "Succeeded")),
                named(unbound(younger(a.clone())), "a2"),
                b.clone(),
                c.clone(),
            ],
            "3/3/2/3/2/0",
        ),
        (
            "C19, before the newest is deleted",
            vec![a.clone(), named(younger(a.clone()), "a2"), b.clone(), c.clone()],
            "3/3/3/3/3/0",
        ),
        ("C21", all(old), "3/3/3/0/3/0"),
        (
            "C24, same second: lexically first",
            vec![unready(old(a.clone())), named(a.clone(), "zz"), b.clone(), c.clone()],
            "3/3/2/2/2/0",
        ),
        (
            "C25",
            vec![unbound(a.clone()), named(younger(a.clone()), "zz"), b.clone(), c.clone()],
            "3/3/3/3/3/0",
        ),
    ] {
        assert_eq!(Picture::with_pods(pods).counts(), expected, "{fact}");
    }
}

#[test]
fn nodes_as_they_change() {
    let plain = |name| node(name, &[], &[]);
    let tainted = node("n1", &[], &["k:NoSchedule"]);
    let cordoned = node("n1", &[], &["node.kubernetes.io/unschedulable:NoSchedule"]);
    for (fact, nodes, expected) in [
        ("C5", vec![tainted, plain("n2"), plain("n3")], "2/2/2/2/2/1"),
        ("C8", vec![plain("n1"), not_ready("n2"), plain("n3")], "2/2/2/2/2/1"),
        ("C9", vec![cordoned, plain("n2"), plain("n3")], "3/3/3/3/3/0"),
        ("a gone node is counted nowhere", vec![plain("n2"), plain("n3")], "2/2/2/2/2/0"),
    ] {
        assert_eq!(Picture::with_nodes(nodes).counts(), expected, "{fact}");
    }
}

#[test]
fn selectors() {
    let selecting = |spec: &Value, pods: Vec<Value>, nodes: Vec<Node>| {
        Picture { daemon_set: daemon_set_json(spec), pods, nodes }.counts()
    };
    let labelled = |name: &str, wanted: bool| node(name, if wanted { &[("x", "1")] } else { &[] }, &[]);
    let wants = json!({"nodeSelector": {"x": "1"}});
    let nodes = |first: bool| vec![labelled("n1", first), labelled("n2", true), labelled("n3", true)];
    let [a, b, c] = [pod_json("a", "n1"), pod_json("b", "n2"), pod_json("c", "n3")];
    assert_eq!(selecting(&json!({"nodeSelector": {"x": "2"}}), vec![], nodes(true)), "0/0/0/0/0/0", "C4");
    assert_eq!(selecting(&wants, vec![deleting(a), b.clone(), c.clone()], nodes(false)), "2/2/2/2/2/1", "C7");
    assert_eq!(selecting(&wants, vec![b.clone(), c.clone()], nodes(false)), "2/2/2/2/2/0", "C7, removed");
    let only_n1 = vec![labelled("n1", true), labelled("n2", false), labelled("n3", false)];
    let pods = vec![old(pod_json("a", "n1")), old(b), old(c)];
    assert_eq!(selecting(&wants, pods, only_n1), "1/1/1/0/1/2", "C20");
}

#[test]
fn surge_counts_the_old_pod_first() {
    let [a, b, c] = [pod_json("a", "n1"), pod_json("b", "n2"), pod_json("c", "n3")];
    let beside =
        |first: Value, new: Value| vec![first, named(younger(new), "a2"), old(b.clone()), old(c.clone())];
    for (fact, pods, expected) in [
        ("C13", beside(old(a.clone()), unbound(a.clone())), "3/3/3/0/3/0"),
        ("C14", beside(deleting(old(a.clone())), a.clone()), "3/3/3/0/3/0"),
        ("C15", beside(deleting(unready(old(a.clone()))), a.clone()), "3/3/2/0/2/0"),
    ] {
        assert_eq!(surge(Picture::with_pods(pods)).counts(), expected, "{fact}");
    }
}

#[test]
fn availability_comes_with_time() {
    let ready_2s_ago = |p: Value| with(p, "/status/conditions/0/lastTransitionTime", json!(ago(2)));
    let pods = Picture::settled().pods.into_iter().map(ready_2s_ago).collect();
    let daemon_set = with(daemon_set_json(&json!({})), "/spec/minReadySeconds", json!(6));
    let mut inventory = Picture { daemon_set, ..Picture::with_pods(pods) }.inventory();
    assert_eq!(counts(&inventory), "3/3/3/3/0/0", "C16");
    let due = inventory.next_due().expect("something is due");
    assert_eq!(due, now() + SignedDuration::from_secs(4));
    inventory.advance(due - SignedDuration::from_millis(1));
    assert_eq!(counts(&inventory), "3/3/3/3/0/0");
    inventory.advance(due);
    assert_eq!(counts(&inventory), "3/3/3/3/3/0", "C16, four seconds later");
}

#[test]
fn the_template_generation_makes_stale_pods_new() {
    let other_hash = |p: Value| with(p, "/metadata/labels/controller-revision-hash", json!("other"));
    let pods = Picture::settled().pods.into_iter().map(other_hash).collect();
    assert_eq!(Picture::with_pods(pods).counts(), "3/3/3/3/3/0", "C26");
}

#[test]
fn status_that_lags_is_named_as_stale() {
    // C6: the controller is not woken by a NoSchedule taint; its status stays as it was.
    let status = json!({"observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
        "numberReady": 3, "updatedNumberScheduled": 3, "numberAvailable": 3, "numberMisscheduled": 0});
    let nodes = vec![node("n1", &[], &["k:NoSchedule"]), node("n2", &[], &[]), node("n3", &[], &[])];
    let daemon_set = with(daemon_set_json(&json!({})), "/status", status);
    let inventory = Picture { daemon_set, ..Picture::with_nodes(nodes) }.inventory();
    let (_, row) = inventory.rows().next().expect("a DaemonSet");
    assert_eq!(row.stale_since, Some(now()));
    assert_eq!(row.daemon_set.status.desired, 3);
    assert_eq!(counts(&inventory), "2/2/2/2/2/1");
}

#[test]
fn pods_of_two_namespaces_and_strange_owners_do_not_mix() {
    let [a, b, c] = [pod_json("a", "n1"), pod_json("b", "n2"), pod_json("c", "n3")];
    let strange = |p: Value, owner: Value| with(p, "/metadata/ownerReferences", json!([owner]));
    let elsewhere = json!({"kind": "DaemonSet", "name": "ds", "uid": "another-uid", "controller": true});
    let not_controlling = json!({"kind": "DaemonSet", "name": "ds", "uid": "ds-uid"});
    let pods = vec![a, strange(b, elsewhere), strange(c, not_controlling)];
    assert_eq!(Picture::with_pods(pods).counts(), "3/1/1/1/1/0");
}
