//! Labels, taints, cordons, vanished nodes, the scheduler and adoption (semantics §1.7, §2.1, §5).

use serde_json::json;

use super::Rig;
use crate::demo::kubelet::Outage;
use crate::demo::kubelet::logs::Run;
use crate::demo::store::{DeleteOptions, Kind, Propagation, Scope};

fn taint(effect: &str) -> serde_json::Value {
    json!([{"key": "k", "effect": effect}])
}

#[test]
fn a_label_moves_a_pod_in_and_out() {
    let mut rig = Rig::with_set(3, |ds| {
        ds["spec"]["template"]["spec"]["nodeSelector"] = json!({"role": "worker"});
    });
    assert_eq!(rig.counters(), [0; 6]);
    rig.node("n-a-001", |node| node["metadata"]["labels"]["role"] = "worker".into());
    rig.run(30);
    assert_eq!(rig.counters(), [1, 1, 1, 1, 1, 0]);
    rig.node("n-a-001", |node| node["metadata"]["labels"]["role"] = "other".into());
    assert_eq!(rig.counters(), [0, 0, 0, 0, 0, 1], "misscheduled until it is gone");
    rig.run(30);
    assert_eq!(rig.counters(), [0; 6]);
    assert!(rig.pods().is_empty());
}

#[test]
fn a_no_schedule_taint_wakes_nobody() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.node("n-a-001", |node| node["spec"]["taints"] = taint("NoSchedule"));
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0], "stale, as the real one is");
    rig.patch(|ds| ds["metadata"]["annotations"]["touched"] = "1".into());
    assert_eq!(rig.counters(), [2, 2, 2, 2, 2, 1]);
    rig.node("n-a-001", |node| node["spec"]["taints"] = json!([]));
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0], "noticed, because something was misscheduled");
}

#[test]
fn a_no_execute_taint_evicts() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.node("n-a-001", |node| node["spec"]["taints"] = taint("NoExecute"));
    rig.run(30);
    assert_eq!(rig.counters(), [2, 2, 2, 2, 2, 0]);
    assert!(rig.reasons().contains(&"TaintManagerEviction".to_owned()));
    rig.node("n-a-001", |node| node["spec"]["taints"] = json!([]));
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
}

#[test]
fn a_tolerated_time_makes_a_loop() {
    let mut rig = Rig::with_set(1, |ds| {
        ds["spec"]["template"]["spec"]["tolerations"] =
            json!([{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 10}]);
    });
    let first = rig.pods()[0]["metadata"]["uid"].clone();
    rig.node("n-a-001", |node| node["spec"]["taints"] = taint("NoExecute"));
    rig.run(5);
    assert_eq!(rig.pods()[0]["metadata"]["uid"], first);
    rig.run(20);
    assert_ne!(rig.pods()[0]["metadata"]["uid"], first, "evicted and made again");
}

#[test]
fn a_cordon_changes_nothing_but_the_taint() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.node("n-a-001", |node| node["spec"]["unschedulable"] = true.into());
    rig.run(10);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    let node = rig.store.get(Kind::Node, "", "n-a-001").unwrap().value();
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/unschedulable");
    rig.delete_pod_on("n-a-001");
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0], "daemon pods bind to cordoned nodes");
    rig.node("n-a-001", |node| node["spec"]["unschedulable"] = false.into());
    rig.run(1);
    assert!(rig.store.get(Kind::Node, "", "n-a-001").unwrap().value()["spec"].get("taints").is_none());
}

#[test]
fn a_deleted_nodes_pods_are_collected_later() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.store.delete(Kind::Node, "", "n-a-001", &DeleteOptions::default(), rig.now).unwrap();
    rig.run(35);
    assert_eq!((rig.pods().len(), rig.counters()), (3, [3, 3, 3, 3, 3, 0]));
    rig.run(50);
    assert_eq!((rig.pods().len(), rig.counters()), (2, [2, 2, 2, 2, 2, 0]));
}

#[test]
fn a_lost_node_leaves_desired_and_comes_back() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.outage("n-a-001", Some(Outage::Silent));
    rig.run(40);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    rig.run(30);
    assert_eq!(rig.counters(), [2, 2, 2, 2, 2, 1]);
    let node = rig.store.get(Kind::Node, "", "n-a-001").unwrap().value();
    assert_eq!(node["spec"]["taints"].as_array().unwrap().len(), 2);
    rig.outage("n-a-001", None);
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    let node = rig.store.get(Kind::Node, "", "n-a-001").unwrap().value();
    assert!(node["spec"].get("taints").is_none(), "{}", node["spec"]);
}

#[test]
fn a_posted_node_becomes_ready_and_gets_its_pod() {
    let mut rig = Rig::with_set(1, |_| ());
    let node = json!({"metadata": {"name": "late", "labels": {"kubernetes.io/hostname": "late"}}});
    rig.store.create(Kind::Node, node, rig.now).unwrap();
    rig.run(60);
    assert_eq!(rig.tags().keys().map(String::as_str).collect::<Vec<_>>(), ["late", "n-a-001"]);
}

#[test]
fn what_does_not_fit_waits_and_says_why() {
    let rig = Rig::with_set(3, |ds| {
        ds["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "64"}});
    });
    assert_eq!(rig.counters(), [3, 3, 0, 3, 0, 0]);
    let pod = &rig.pods()[0];
    assert_eq!(pod["status"]["conditions"][0]["reason"], "Unschedulable");
    assert_eq!(
        pod["status"]["conditions"][0]["message"],
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new \
         claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    );
    assert!(rig.reasons().contains(&"FailedScheduling".to_owned()));
}

#[test]
fn u11_surge_and_a_host_port_never_advance() {
    let mut rig = Rig::with_set(2, |ds| {
        ds["spec"]["updateStrategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
        ds["spec"]["template"]["spec"]["containers"][0]["ports"] =
            json!([{"containerPort": 80, "hostPort": 8080}]);
    });
    rig.image("x:2");
    rig.run(60);
    assert_eq!((rig.nodes_with(&["1", "2"]), rig.nodes_with(&["1"])), (1, 1));
    let waits = |pod: &serde_json::Value| {
        let message = pod["status"]["conditions"][0]["message"].as_str().unwrap_or_default();
        message.contains("didn't have free ports")
    };
    assert_eq!(rig.pods().iter().filter(|pod| waits(pod)).count(), 1);
}

#[test]
fn orphans_are_adopted_by_a_successor() {
    let mut rig = Rig::with_set(3, |_| ());
    let options = DeleteOptions { propagation: Propagation::Orphan, ..DeleteOptions::default() };
    let mut ds = rig.store.get(Kind::DaemonSet, "default", "x").unwrap().value();
    rig.store.delete(Kind::DaemonSet, "default", "x", &options, rig.now).unwrap();
    rig.run(5);
    assert_eq!(rig.pods().len(), 3);
    let before: Vec<_> = rig.pods().iter().map(|pod| pod["metadata"]["uid"].clone()).collect();
    for key in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
        ds["metadata"].as_object_mut().unwrap().remove(key);
    }
    rig.store.create(Kind::DaemonSet, ds, rig.now).unwrap();
    rig.run(30);
    let after: Vec<_> = rig.pods().iter().map(|pod| pod["metadata"]["uid"].clone()).collect();
    assert_eq!(before, after);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
}

#[test]
fn out_of_service_frees_a_lost_nodes_pods() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.outage("n-a-001", Some(Outage::Silent));
    rig.run(70);
    rig.delete_pod_on("n-a-001");
    rig.run(60);
    assert_eq!(rig.tags()["n-a-001"], ["-1"], "nobody ends it");
    rig.node("n-a-001", |node| {
        let taint = json!({"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"});
        node["spec"]["taints"].as_array_mut().unwrap().push(taint);
    });
    rig.run(25);
    assert!(!rig.tags().contains_key("n-a-001"));
}

#[test]
fn logs_are_there_for_running_and_crashed_containers() {
    let mut rig = Rig::with_set(2, |ds| {
        let sim = json!({"crash": {"exitCode": 3, "afterSeconds": 5, "nodes": ["n-a-001"]}}).to_string();
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": sim});
    });
    rig.run(30);
    for pod in rig.pods() {
        let lines = Run::of(&pod, "main", false).unwrap().lines(&pod, "main", (super::start(), rig.now), 100);
        assert!(!lines.is_empty(), "{}", pod["status"]);
        let crashed = super::target(&pod) == "n-a-001";
        assert_eq!(Run::of(&pod, "main", true).is_ok(), crashed);
        assert!(Run::of(&pod, "other", false).is_err());
    }
}

#[test]
fn a_node_under_pressure_refuses_what_is_not_critical() {
    let mut rig = Rig::with_set(2, |_| ());
    rig.node("n-a-001", |_| ());
    let pressure = |value: &mut serde_json::Value| {
        for condition in value["status"]["conditions"].as_array_mut().unwrap() {
            if condition["type"] == "DiskPressure" {
                condition["status"] = "True".into();
            }
        }
        Ok(())
    };
    rig.store.write(Scope::Status, Kind::Node, "", "n-a-001", rig.now, pressure).unwrap();
    rig.delete_pod_on("n-a-001");
    rig.run(10);
    let failed = rig.pods().into_iter().find(|pod| pod["status"]["phase"] == "Failed");
    if let Some(failed) = failed {
        assert_eq!(failed["status"]["reason"], "Evicted");
        assert_eq!(failed["status"]["message"], "Pod was rejected: The node had condition: [DiskPressure]. ");
    }
    for reason in ["Evicted", "FailedDaemonPod"] {
        assert!(rig.reasons().iter().any(|said| said == reason), "{reason} in {:?}", rig.reasons());
    }
}

#[test]
fn a_pod_that_never_gets_ready_is_told_of() {
    let mut rig = Rig::with_set(1, |ds| {
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": r#"{"neverReady":{}}"#});
    });
    rig.run(60);
    assert!(rig.reasons().iter().any(|said| said == "Unhealthy"), "{:?}", rig.reasons());
}
