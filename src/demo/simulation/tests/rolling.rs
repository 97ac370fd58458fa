//! Rolling updates, revisions and failed pods (semantics §8.3).

use serde_json::json;

use super::Rig;
use crate::demo::kubelet::Outage;
use crate::demo::store::Scope;

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn strategy(unavailable: serde_json::Value, surge: serde_json::Value) -> serde_json::Value {
    json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}})
}

#[test]
fn c1_settled() {
    let rig = Rig::with_set(3, |_| ());
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    assert_eq!(rig.revisions(), [1]);
    assert!(rig.reasons().contains(&"SuccessfulCreate".to_owned()));
}

#[test]
fn u1_one_after_the_other() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.image("x:2");
    assert_eq!((rig.nodes_with(&["-1"]), rig.nodes_with(&["1"])), (1, 2));
    for _ in 0..60 {
        rig.run(1);
        let calm = rig.nodes_with(&["1"]) + usize::try_from(rig.counters()[3]).unwrap();
        assert!(calm >= 2, "{:?}", rig.tags());
    }
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    assert_eq!(rig.nodes_with(&["2"]), 3);
}

#[test]
fn u2_old_unready_pods_go_without_budget() {
    let mut rig = Rig::with_set(5, |ds| {
        ds["spec"]["updateStrategy"] = strategy(json!("30%"), json!(0));
        let sim = json!({"neverReady": {"nodes": ["n-a-001", "n-b-001", "n-c-001"]}}).to_string();
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": sim});
    });
    assert_eq!(rig.counters()[2], 2);
    rig.image("x:2");
    assert_eq!((rig.nodes_with(&["-1"]), rig.nodes_with(&["1"])), (3, 2));
    rig.run(60);
    assert_eq!(rig.nodes_with(&["1"]), 2, "healthy ones wait for the new ones");
}

#[test]
fn u4b_an_unready_pod_uses_the_budget() {
    let mut rig = Rig::with_set(3, |ds| {
        let sim = json!({"neverReady": {"nodes": ["n-b-001"]}}).to_string();
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": sim});
    });
    rig.image("x:2");
    assert_eq!(rig.tags()["n-b-001"], ["-1"]);
    rig.run(60);
    assert_eq!((rig.nodes_with(&["1"]), rig.nodes_with(&["2"])), (2, 1));
}

#[test]
fn u5_a_pod_that_cannot_end_stalls_the_rollout() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.outage("n-a-001", Some(Outage::Silent));
    rig.run(70);
    rig.image("x:2");
    rig.run(120);
    assert_eq!(rig.tags()["n-a-001"], ["-1"]);
    assert_eq!(rig.nodes_with(&["1"]), 2, "{:?}", rig.tags());
    assert_eq!(rig.counters(), [2, 2, 2, 0, 2, 1]);
    // Forcing the pod away frees the rollout.
    let pod = rig.pods().into_iter().find(|pod| super::target(pod) == "n-a-001").unwrap();
    let options = crate::demo::store::DeleteOptions { grace_seconds: Some(0), ..Default::default() };
    let name = pod["metadata"]["name"].as_str().unwrap();
    rig.store.delete(crate::demo::store::Kind::Pod, "default", name, &options, rig.now).unwrap();
    rig.run(60);
    assert_eq!(rig.counters(), [2, 2, 2, 2, 2, 0]);
}

#[test]
fn u6_a_tainted_nodes_old_pod_is_not_replaced() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.node("n-a-001", |node| node["spec"]["taints"] = json!([{"key": "k", "effect": "NoSchedule"}]));
    rig.image("x:2");
    rig.run(90);
    assert_eq!(rig.counters(), [2, 2, 2, 2, 2, 0]);
    assert!(!rig.tags().contains_key("n-a-001"));
}

#[test]
fn u8_u16_surge_in_share() {
    let mut rig = Rig::with_set(3, |ds| ds["spec"]["updateStrategy"] = strategy(json!(0), json!("34%")));
    rig.image("x:2");
    assert_eq!((rig.nodes_with(&["1", "2"]), rig.nodes_with(&["1"])), (2, 1));
    rig.run(90);
    assert_eq!(rig.nodes_with(&["2"]), 3);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
}

#[test]
fn u8_an_unready_old_pod_is_surged_without_budget() {
    let mut rig = Rig::with_set(3, |ds| {
        ds["spec"]["updateStrategy"] = strategy(json!(0), json!(1));
        let sim = json!({"neverReady": {"nodes": ["n-c-001"]}}).to_string();
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": sim});
    });
    rig.image("x:2");
    assert_eq!(rig.tags()["n-c-001"], ["-1", "2"], "created beside it, and the old one deleted at once");
    assert_eq!(rig.nodes_with(&["1", "2"]), 1, "one healthy node within the budget");
}

#[test]
fn u9_surge_to_on_delete_deletes_the_new_pod() {
    let mut rig = Rig::with_set(3, |ds| ds["spec"]["updateStrategy"] = strategy(json!(0), json!(1)));
    rig.image("x:2");
    assert_eq!(rig.nodes_with(&["1", "2"]), 1);
    rig.run(1);
    rig.patch(|ds| ds["spec"]["updateStrategy"] = json!({"type": "OnDelete"}));
    rig.run(10);
    assert_eq!(rig.nodes_with(&["1"]), 3, "{:?}", rig.tags());
}

#[test]
fn u10_on_delete_and_back() {
    let mut rig = Rig::with_set(3, |ds| ds["spec"]["updateStrategy"] = json!({"type": "OnDelete"}));
    rig.image("x:2");
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 0, 3, 0]);
    assert_eq!(rig.revisions(), [1, 2]);
    rig.delete_pod_on("n-b-001");
    rig.run(30);
    assert_eq!(rig.tags()["n-b-001"], ["2"], "the new template under OnDelete, too");
    rig.patch(|ds| ds["spec"]["updateStrategy"] = strategy(json!(1), json!(0)));
    rig.run(90);
    assert_eq!(rig.nodes_with(&["2"]), 3);
}

#[test]
fn u13_undo_renumbers() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.image("x:2");
    rig.run(60);
    assert_eq!(rig.revisions(), [1, 2]);
    rig.image("x:1");
    rig.run(60);
    assert_eq!(rig.revisions(), [2, 3]);
    assert_eq!(rig.nodes_with(&["1"]), 3);
}

#[test]
fn u14_history_keeps_what_pods_carry() {
    let mut rig = Rig::with_set(3, |ds| {
        ds["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        ds["spec"]["revisionHistoryLimit"] = json!(1);
    });
    for image in ["x:2", "x:3", "x:4", "x:5"] {
        rig.image(image);
        rig.run(5);
    }
    assert_eq!(rig.revisions(), [1, 5]);
}

#[test]
fn u15_everything_at_once() {
    let mut rig = Rig::with_set(3, |ds| ds["spec"]["updateStrategy"] = strategy(json!(10_000), json!(0)));
    rig.image("x:2");
    assert_eq!(rig.nodes_with(&["-1"]), 3);
}

#[test]
fn u17_failed_pods_wait_longer_each_time() {
    let mut rig = Rig::with_set(1, |_| ());
    let mut gone_after = Vec::new();
    for _ in 0..4 {
        let failed = rig.pods()[0]["metadata"]["name"].as_str().unwrap().to_owned();
        rig.edit_status(&failed, |pod| {
            pod["status"]["phase"] = "Failed".into();
            pod["status"]["reason"] = "Evicted".into();
        });
        let mut seconds = 0;
        while rig.pods().iter().any(|pod| pod["metadata"]["name"] == *failed) && seconds < 100 {
            rig.run(1);
            seconds += 1;
        }
        gone_after.push(seconds);
    }
    assert_eq!(gone_after, [0, 1, 2, 4]);
    assert!(rig.reasons().contains(&"FailedDaemonPod".to_owned()));
}

impl Rig {
    fn edit_status(&mut self, pod: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let write = |value: &mut serde_json::Value| {
            change(value);
            Ok(())
        };
        self.store
            .write(Scope::Status, crate::demo::store::Kind::Pod, "default", pod, self.now, write)
            .unwrap();
        self.sim.step(&mut self.store, self.now);
    }
}

#[test]
fn a_broken_image_stops_the_rollout_and_undo_mends_it() {
    let mut rig = Rig::with_set(3, |_| ());
    rig.image("x:broken");
    rig.run(60);
    assert_eq!(rig.counters(), [3, 3, 2, 1, 2, 0]);
    let broken = rig.pods().into_iter().find(|p| p["spec"]["containers"][0]["image"] == "x:broken").unwrap();
    let why = &broken["status"]["containerStatuses"][0]["state"]["waiting"]["reason"];
    assert!(*why == "ImagePullBackOff" || *why == "ErrImagePull", "{why}");
    assert_eq!(broken["status"]["phase"], "Pending");
    rig.image("x:1");
    rig.run(60);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
}

#[test]
fn a_crashing_container_backs_off_longer_and_longer() {
    let mut rig = Rig::with_set(1, |ds| {
        let sim = json!({"crash": {"exitCode": 3, "afterSeconds": 1}}).to_string();
        ds["spec"]["template"]["metadata"]["annotations"] = json!({"dsgrid.dev/sim": sim});
    });
    rig.run(240);
    let pod = &rig.pods()[0];
    let status = &pod["status"]["containerStatuses"][0];
    assert!((4..=7).contains(&status["restartCount"].as_i64().unwrap()), "{status}");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(pod["status"]["phase"], "Running");
}

#[test]
fn min_ready_seconds_delay_availability() {
    let mut rig = Rig::with_set(3, |ds| ds["spec"]["minReadySeconds"] = json!(30));
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
    rig.patch(|ds| ds["spec"]["updateStrategy"] = strategy(json!(3), json!(0)));
    rig.image("x:2");
    rig.run(20);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 0, 0]);
    rig.run(30);
    assert_eq!(rig.counters(), [3, 3, 3, 3, 3, 0]);
}
