//! Nodes that lose their daemon pods must not look green: what fell, why, until when, and what is no alarm.

use dsgrid::app::{Capabilities, Effect, Model, Msg, Settings, update};
use dsgrid::domain::absence::{Everywhere, Sighting};
use dsgrid::domain::cause::{Cause, CauseKey, Scope as Looked, Weight, causes};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope};
use dsgrid::domain::grid::{Grid, Lens};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node, Pod};
use dsgrid::domain::rollout::row_why;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::monitor::{links, press};

const WORKER: &[(&str, &str)] = &[("role", "worker"), ("pool", "m5")];
const RELABELLED: &[(&str, &str)] = &[("pool", "m5")];
const OTHER: &[(&str, &str)] = &[("role", "worker"), ("pool", "c5")];

fn aged(name: &str, labels: &[(&str, &str)], taints: &[&str], seconds: i64) -> Node {
    let mut node = node(name, labels, taints);
    node.meta.created = Some(ago(seconds).parse().expect("a time"));
    node
}

fn name(at: usize) -> String {
    format!("n{at:02}")
}

/// Sixty nodes, forty of them m5; the DaemonSet wants role=worker and runs on all.
fn cluster(spec: &Value, taints: &[&str]) -> Vec<ClusterEvent> {
    let labels = |at| if at < 40 { WORKER } else { OTHER };
    let nodes: Vec<Node> = (0..60).map(|at| aged(&name(at), labels(at), taints, 86_400)).collect();
    let set: DaemonSet = read(set_json(spec, 60));
    let pods = |at: usize| -> Pod { read(pod_json(&format!("p{at:02}"), &name(at))) };
    let pods = if taints.is_empty() { (0..60).map(pods).collect() } else { Vec::new() };
    vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set])),
        ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
    ]
}

/// The DaemonSet with a status that says that all is well on so many nodes.
fn set_json(spec: &Value, nodes: u32) -> Value {
    let mut set = daemon_set_json(spec);
    for counter in [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ] {
        set = with(set, &format!("/status/{counter}"), json!(nodes));
    }
    set
}

fn selecting() -> Value {
    json!({"nodeSelector": {"role": "worker"}, "containers": [{"name": "main"}]})
}

fn inventory(events: Vec<ClusterEvent>) -> Inventory {
    let mut inventory = Inventory::new(now());
    for event in events {
        inventory.apply(event);
    }
    inventory
}

/// The label goes, then the controller removes the pods.
fn incident() -> Vec<ClusterEvent> {
    let relabelled = |at| ClusterEvent::Nodes(Change::Applied(aged(&name(at), RELABELLED, &[], 86_400)));
    let stopped =
        |at: usize| ClusterEvent::Pods(Change::Deleted(read(pod_json(&format!("p{at:02}"), &name(at)))));
    (0..40).map(relabelled).chain((0..40).map(stopped)).collect()
}

fn all_causes(inventory: &Inventory, everywhere: &[&str]) -> Vec<Cause> {
    let grid = Grid::project(inventory, &Lens::default());
    let patterns: Vec<String> = everywhere.iter().map(|pattern| (*pattern).to_owned()).collect();
    let everywhere = Everywhere::new(&patterns).expect("they are patterns");
    causes(inventory, &Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere })
}

fn why(inventory: &Inventory) -> String {
    inventory.rows().next().map(|(slot, _)| row_why(inventory, slot)).expect("there is a row")
}

#[test]
fn forty_nodes_that_lose_a_label_are_a_cause_with_their_names() {
    let mut inventory = inventory(cluster(&selecting(), &[]));
    assert!(all_causes(&inventory, &[]).is_empty());
    for event in incident() {
        inventory.apply(event);
    }
    let found = all_causes(&inventory, &[]);
    let [cause] = found.as_slice() else { panic!("one cause: {found:?}") };
    assert!(matches!(cause.key, CauseKey::Fell(_)));
    assert_eq!(cause.words, "default/ds DES fell 60 -> 20 at 03:04Z: label role=worker gone");
    assert_eq!((cause.nodes.len(), cause.nodes[0].as_str()), (40, "n00"));
    assert_eq!(cause.shared(&inventory)[0].to_string(), "40 of 40 in pool=m5, 0 elsewhere");
    assert!(cause.step.contains("E puts the label back"), "{}", cause.step);
    let fell = "DES fell 60 -> 20 at 03:04Z: label role=worker gone";
    assert!(
        why(&inventory).starts_with(&format!("{fell}; status not refreshed: desired 60, now 20")),
        "{}",
        why(&inventory)
    );
    inventory.apply(ClusterEvent::DaemonSets(Change::Applied(read(set_json(&selecting(), 20)))));
    assert_eq!(why(&inventory), fell);
    // One comes back, one is deleted: neither is uncovered any more.
    inventory.apply(ClusterEvent::Nodes(Change::Applied(aged(&name(0), WORKER, &[], 86_400))));
    inventory.apply(ClusterEvent::Nodes(Change::Deleted(aged(&name(1), RELABELLED, &[], 86_400))));
    let found = all_causes(&inventory, &[]);
    let fell = found.iter().find(|cause| matches!(cause.key, CauseKey::Fell(_))).expect("still");
    assert_eq!(fell.nodes.len(), 38);
    let uid = inventory.rows().next().map(|(_, row)| row.daemon_set.meta.uid.clone()).expect("a row");
    assert!(inventory.acknowledge(&uid));
    assert!(!why(&inventory).contains("fell"), "{}", why(&inventory));
}

#[test]
fn a_cluster_that_shrinks_or_grows_is_no_alarm() {
    let mut inventory = inventory(cluster(&selecting(), &[]));
    for at in 0..10 {
        inventory.apply(ClusterEvent::Pods(Change::Deleted(read(pod_json(&format!("p{at:02}"), &name(at))))));
        inventory.apply(ClusterEvent::Nodes(Change::Deleted(aged(&name(at), WORKER, &[], 86_400))));
    }
    // A node that joins gets its taint a moment later.
    inventory.apply(ClusterEvent::Nodes(Change::Applied(aged("new", WORKER, &[], 20))));
    inventory.apply(ClusterEvent::Nodes(Change::Applied(aged("new", WORKER, &["gpu:NoExecute"], 30))));
    // A node that is not ready, or about to be removed, says so itself.
    for taint in ["node.kubernetes.io/not-ready:NoSchedule", "ToBeDeletedByClusterAutoscaler:NoExecute"] {
        inventory.apply(ClusterEvent::Nodes(Change::Applied(aged(&name(20), WORKER, &[taint], 86_400))));
    }
    assert!(inventory.falls().of(&dsgrid::domain::id::Uid::new("ds-uid")).is_none());
}

#[test]
fn a_taint_that_evicts_and_a_changed_template_are_named() {
    let mut tainted = inventory(cluster(&selecting(), &[]));
    tainted.apply(ClusterEvent::Nodes(Change::Applied(aged(&name(3), WORKER, &["x=y:NoExecute"], 86_400))));
    assert!(why(&tainted).contains("DES fell 60 -> 59 at 03:04Z: taint x=y:NoExecute"), "{}", why(&tainted));
    let mut edited = inventory(cluster(&selecting(), &[]));
    let spec = json!({"nodeSelector": {"role": "none"}, "containers": [{"name": "main"}]});
    edited.apply(ClusterEvent::DaemonSets(Change::Applied(read(daemon_set_json(&spec)))));
    assert!(
        why(&edited).contains("DES fell 60 -> 0 at 03:04Z: the template was changed"),
        "{}",
        why(&edited)
    );
}

#[test]
fn what_only_a_taint_keeps_off_is_ranked_by_what_was_meant() {
    let plain = json!({"containers": [{"name": "main"}]});
    let linux = json!({"nodeSelector": {"kubernetes.io/os": "linux"}, "containers": [{"name": "main"}]});
    let taint = ["node-role.kubernetes.io/control-plane:NoSchedule"];
    for (spec, taints, everywhere, weight) in [
        (&plain, taint, vec![], Weight::Usual),
        (&linux, taint, vec![], Weight::Usual),
        (&selecting(), taint, vec![], Weight::Problem),
        (&plain, taint, vec!["default/*"], Weight::Problem),
        (&selecting(), ["node.kubernetes.io/not-ready:NoSchedule"], vec![], Weight::Usual),
    ] {
        let inventory = inventory(cluster(spec, &taints));
        let found = all_causes(&inventory, &everywhere);
        assert_eq!(found.len(), 1, "{spec}");
        assert_eq!((found[0].key.weight(), found[0].nodes.len()), (weight, 60), "{spec} {}", found[0].words);
    }
}

fn monitor(last_look: Option<Sighting>) -> Model {
    let settings = Settings {
        context: Text::new("prod"),
        capabilities: Capabilities::default(),
        last_look,
        ..Settings::default()
    };
    Model::new(settings, now())
}

fn hear(model: &mut Model, events: Vec<ClusterEvent>) -> Vec<Effect> {
    update(model, Msg::Cluster(events));
    update(model, Msg::Cluster(links(&LinkState::Live { since: now() })));
    update(model, Msg::Ticked(now()))
}

fn remembered(effects: &[Effect]) -> Option<Sighting> {
    effects.iter().find_map(|effect| match effect {
        Effect::RememberDesired(sighting) => Some((**sighting).clone()),
        _ => None,
    })
}

#[test]
fn what_fell_since_the_last_look_is_told_until_somebody_has_looked() {
    let mut first = monitor(None);
    hear(&mut first, cluster(&selecting(), &[]));
    let look = remembered(&press(&mut first, "q")).expect("it is remembered at the end");
    assert!(press(&mut first, "<c-c>").contains(&Effect::Quit));
    // While nobody looks, forty nodes lose their label, and two are deleted.
    let mut later: Vec<ClusterEvent> = cluster(&selecting(), &[]);
    later.extend(incident());
    later
        .extend([0, 50].map(|at| ClusterEvent::Nodes(Change::Deleted(aged(&name(at), WORKER, &[], 86_400)))));
    later.extend(
        [50_usize]
            .map(|at| ClusterEvent::Pods(Change::Deleted(read(pod_json(&format!("p{at:02}"), &name(at)))))),
    );
    let fresh = |look: Option<Sighting>| {
        let mut model = monitor(look);
        // A second instance lists the cluster as it is: it sees no node leave.
        let mut known = inventory(later.clone());
        known.acknowledge(&dsgrid::domain::id::Uid::new("ds-uid"));
        let nodes = known.columns().filter_map(|(_, column)| column.node.clone()).collect();
        let pods = known.rows().flat_map(|(slot, _)| known.pods_of(slot)).cloned().collect();
        let sets = vec![read(daemon_set_json(&selecting()))];
        let effects = hear(
            &mut model,
            vec![
                ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets)),
                ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)),
                ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)),
                ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
            ],
        );
        update(&mut model, Msg::FrameCame);
        (model, effects)
    };
    let (mut second, effects) = fresh(Some(look));
    let told = why(second.inventory());
    assert!(
        told.contains(
            "DES fell 60 -> 19 since the last look 0s ago: label role=worker gone on 39, 2 deleted"
        ),
        "{told}"
    );
    assert!(second.digest().tags.iter().any(|tag| tag.text == "39 UNCOVERED"), "{:?}", second.digest().tags);
    // A look that ends without a word, as a dropped connection ends it, leaves the news for the next.
    let (third, _) = fresh(remembered(&effects));
    assert_eq!(why(third.inventory()).split(" since").next(), Some("DES fell 60 -> 19"));
    // One that ends as it should has seen it.
    let (fourth, _) = fresh(remembered(&press(&mut second, "q")));
    assert!(!why(fourth.inventory()).contains("fell"), "{}", why(fourth.inventory()));
}

#[test]
fn what_is_shown_worst_first_begins_with_what_fell() {
    let mut model = monitor(None);
    let other = with(
        daemon_set_json(&json!({"containers": [{"name": "main"}]})),
        "/metadata/name",
        json!("a-healthy"),
    );
    let other = with(other, "/metadata/uid", json!("other"));
    let other = with(other, "/spec/template/spec/nodeSelector", json!({"no": "node"}));
    hear(&mut model, cluster(&selecting(), &[]));
    hear(&mut model, vec![ClusterEvent::DaemonSets(Change::Applied(read(other)))]);
    hear(&mut model, incident());
    let first = model.grid().rows.first().and_then(|slot| model.inventory().row(*slot)).expect("a row");
    assert_eq!(first.daemon_set.meta.key.name, "ds");
    update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(3)));
    press(&mut model, "n");
    assert!(
        model.notice().is_some_and(|notice| notice.text.starts_with("cause 1 of 1: default/ds DES fell"))
    );
}
