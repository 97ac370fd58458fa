//! Which nodes are not wanted by which rule, and which of the controller's counters are old, and why.

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::exclusion::exclusions;
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node};
use dsgrid::domain::staleness::{counters, stale_why};
use serde_json::json;

use crate::support::build::{daemon_set, node, now, pod, pod_json};
use crate::support::recording::{self, Player};

#[test]
fn every_node_that_is_not_wanted_stands_under_one_rule() {
    let set = daemon_set(&json!({"nodeSelector": {"pool": "gpu"}}));
    let nodes: Vec<Node> = vec![
        node("a", &[("pool", "gpu")], &[]),
        node("b", &[("pool", "gpu")], &["x=1:NoSchedule"]),
        node("c", &[("pool", "gpu")], &["soft:PreferNoSchedule", "x=1:NoSchedule"]),
        node("d", &[("pool", "cpu")], &["x=1:NoSchedule"]),
        node("e", &[], &[]),
        node("f", &[], &[]),
    ];
    let mut inventory = Inventory::new(now());
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set])));
    let (slot, _) = inventory.rows().next().expect("a row");
    let told: Vec<(String, String)> = exclusions(&inventory, slot)
        .iter()
        .map(|one| {
            let names: Vec<&str> = one.nodes.iter().map(dsgrid::domain::id::NodeName::as_str).collect();
            (one.to_string(), names.join(" "))
        })
        .collect();
    let expected = [("3 by selector pool=gpu", "d e f"), ("2 by taint x=1:NoSchedule", "b c")];
    assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

/// `stale counters; why` of a DaemonSet at a mark of a recording.
fn at_mark(recording: &str, daemon_set: &str, name: &str, synced: bool) -> (Vec<String>, Option<String>) {
    let path = recording::all()
        .into_iter()
        .find(|path| path.to_string_lossy().contains(recording))
        .expect("is there");
    let mut player = Player::default();
    for line in recording::lines(&path) {
        let Some(mark) = player.play(&line) else { continue };
        if (mark.name.as_str(), mark.synced) != (name, synced) {
            continue;
        }
        let inventory = &player.inventory;
        let (slot, _) = inventory
            .rows()
            .find(|(_, row)| row.daemon_set.meta.key.to_string() == daemon_set)
            .expect("a set");
        let stale =
            counters(inventory, slot).into_iter().filter(dsgrid::domain::staleness::Counter::is_stale);
        return (stale.map(|counter| counter.name.to_owned()).collect(), stale_why(inventory, slot));
    }
    panic!("no mark {name}");
}

#[test]
fn stale_counters_of_a_real_controller_are_explained() {
    let (stale, why) = at_mark("06-", "logging/fluent-bit", "noschedule", false);
    assert_eq!(stale, ["desired", "current", "ready", "up-to-date", "available", "misscheduled"]);
    assert_eq!(
        why.as_deref(),
        Some(
            "a NoSchedule taint on node-00008 wakes no controller; it counts again when a pod of the set or the set \
             itself changes"
        )
    );
    assert_eq!(at_mark("06-", "logging/fluent-bit", "noschedule", true), (Vec::new(), None));
    let (_, why) = at_mark("07-", "kube-system/kube-proxy", "gone", false);
    let told = "was deleted, and nothing wakes the controller until garbage collection removes the pod there";
    assert!(why.as_deref().is_some_and(|why| why.ends_with(told)), "{why:?}");
}

#[test]
fn a_node_that_is_not_ready_and_a_mere_delay_are_told_apart() {
    let set = || {
        let mut set: DaemonSet = daemon_set(&json!({}));
        (set.status.desired, set.status.current, set.status.ready) = (2, 2, 2);
        (set.status.available, set.status.up_to_date) = (2, 2);
        set
    };
    let stale = |second: Node| {
        let mut inventory = Inventory::new(now());
        let nodes = vec![node("n1", &[], &[]), second];
        inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
        inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set()])));
        let pods = vec![pod(pod_json("a", "n1")), pod(pod_json("b", "n2"))];
        inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
        let (slot, _) = inventory.rows().next().expect("a row");
        stale_why(&inventory, slot)
    };
    assert_eq!(stale(node("n2", &[], &[])), None);
    let why = stale(node("n2", &[], &["node.kubernetes.io/not-ready:NoSchedule"])).expect("stale");
    assert!(why.starts_with("n2 is not ready, which wakes no controller"), "{why}");
    let why = stale(node("n3", &[], &[])).expect("stale");
    assert!(why.starts_with("n2 was deleted"), "{why}");
}
