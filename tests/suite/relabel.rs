//! Editing nodes: what is shown before, how much it hurts, and whether it came true.

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::expectation::{Expectation, Fate};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node, Pod};
use dsgrid::domain::preview::NodeChange;
use dsgrid::domain::relabel::harm::{Harm, critical};
use dsgrid::domain::relabel::{known_keys, known_values, label_lines};
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::build::{daemon_set_json, node, now, pod_json, read, with};

fn inventory(sets: Vec<DaemonSet>, nodes: Vec<Node>, pods: Vec<Pod>) -> Inventory {
    let mut inventory = Inventory::new(now());
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets)));
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory.apply(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())));
    inventory
}

/// `default/ds` wants `pool=m5`; n1 and n2 have it, n3 has another, n4 has none; pods run on n1 and n2.
fn cluster() -> Inventory {
    let set = read(daemon_set_json(&json!({"nodeSelector": {"pool": "m5"}})));
    let nodes = vec![
        node("n1", &[("pool", "m5"), ("disk", "ssd")], &[]),
        node("n2", &[("pool", "m5"), ("disk", "")], &[]),
        node("n3", &[("pool", "m6")], &[]),
        node("n4", &[], &[]),
    ];
    let pods = [("a", "n1"), ("b", "n2")].map(|(name, node)| read(pod_json(name, node)));
    inventory(vec![set], nodes, pods.to_vec())
}

fn label(key: &str, value: Option<&str>) -> NodeChange {
    NodeChange { labels: [(key.into(), value.map(Text::new))].into(), ..NodeChange::default() }
}

#[test]
fn labels_that_a_daemon_set_uses_come_first_with_their_spread() {
    let inventory = cluster();
    let nodes: Vec<&Node> = inventory.columns().filter_map(|(_, column)| column.node.as_ref()).collect();
    let lines = label_lines(&inventory, &nodes);
    let line = |key: &str| lines.iter().find(|line| line.key == *key).expect("there is such a line");
    assert_eq!(lines[0].key, "pool");
    assert_eq!(lines[0].used_by.len(), 1);
    assert_eq!(line("pool").words(), "m5 on 2, m6 on 1, missing on 1");
    assert_eq!(line("disk").missing(), 2);
    assert_eq!(line("kubernetes.io/os").words(), "linux");
    let one: Vec<&Node> = nodes.into_iter().filter(|node| node.meta.key.name == "n2").collect();
    let lines = label_lines(&inventory, &one);
    let disk = lines.iter().find(|line| line.key == "disk").expect("there is such a line");
    assert_eq!(disk.words(), "\"\"", "an empty value is a value");
}

#[test]
fn keys_and_values_are_completed_from_rules_and_nodes() {
    let inventory = cluster();
    let texts = |found: Vec<Text>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        texts(known_keys(&inventory, "")),
        ["pool", "disk", "kubernetes.io/hostname", "kubernetes.io/os"]
    );
    assert_eq!(texts(known_keys(&inventory, "d")), ["disk"]);
    assert_eq!(texts(known_values(&inventory, "pool", "")), ["m5", "m6"]);
    assert_eq!(texts(known_values(&inventory, "pool", "m6")), ["m6"]);
    assert!(known_values(&inventory, "nothing", "").is_empty());
}

#[test]
fn harm_counts_pods_per_set_and_names_critical_ones() {
    let inventory = cluster();
    let all = ["n1", "n2", "n3", "n4"].map(Into::into);
    let harm = Harm::of(&inventory, &all, &label("pool", Some("m6")));
    assert_eq!((harm.stops(), harm.starts(), harm.kept()), (2, 0, 0));
    assert_eq!(harm.words(), "2 pods stop");
    assert_eq!((harm.sets.len(), harm.sets[0].running, harm.critical().count()), (1, 2, 0));
    let harm = Harm::of(&inventory, &all, &label("pool", Some("m5")));
    assert_eq!(harm.words(), "2 pods start");
    assert_eq!(Harm::of(&inventory, &all, &label("disk", None)).words(), "no daemon pod starts or stops");
}

#[test]
fn critical_sets_are_known_by_priority_namespace_or_network() {
    let base = || daemon_set_json(&json!({}));
    let set = |object: Value| read::<DaemonSet>(object);
    assert_eq!(critical(&set(base())), None);
    let priority = "/spec/template/spec/priorityClassName";
    assert!(critical(&set(with(base(), priority, json!("system-node-critical")))).is_some());
    assert!(critical(&set(with(base(), priority, json!("high")))).is_none());
    assert!(critical(&set(with(base(), "/metadata/namespace", json!("kube-system")))).is_some());
    let network = json!({"hostNetwork": true, "tolerations": [{"operator": "Exists"}]});
    assert!(critical(&set(daemon_set_json(&network))).is_some());
    assert!(critical(&set(daemon_set_json(&json!({"hostNetwork": true})))).is_none());
}

#[test]
fn an_expectation_is_met_waits_or_says_what_is_there_instead() {
    let mut inventory = cluster();
    let nodes = ["n1".into(), "n4".into()];
    let change = label("pool", Some("m6"));
    let impacts = Harm::of(&inventory, &nodes, &change).impacts;
    let stop = Expectation { impact: impacts[0].clone(), since: now() };
    assert_eq!(stop.fate(&inventory), Fate::Waiting);
    inventory.advance(now() + SignedDuration::from_secs(61));
    let Fate::Otherwise(words) = stop.fate(&inventory) else { panic!("it did not happen") };
    assert!(words.contains("default/ds on n1") && words.contains("did not stop"), "{words}");
    let deleted = read::<Pod>(pod_json("a", "n1"));
    inventory.apply(ClusterEvent::Pods(Change::Deleted(deleted)));
    assert_eq!(stop.fate(&inventory), Fate::Met);
}

/// On a node whose kubelet does not answer, a deleted pod stays Terminating: that is foretold, and else it is told.
#[test]
fn a_pod_on_a_node_that_is_not_ready_cannot_end() {
    let mut inventory = cluster();
    let set_ready = |inventory: &mut Inventory, is_ready: bool| {
        let mut node = node("n1", &[("pool", "m6")], &[]);
        node.conditions[0].status = Some(is_ready);
        inventory.apply(ClusterEvent::Nodes(Change::Applied(node)));
    };
    let deleting = || {
        read::<Pod>(with(
            pod_json("a", "n1"),
            "/metadata/deletionTimestamp",
            json!(crate::support::build::ago(1)),
        ))
    };
    let change = label("pool", Some("m6"));
    let ready = Harm::of(&inventory, &["n1".into()], &change).impacts.remove(0);
    assert!(!ready.is_stuck);
    let mut sick = node("n1", &[("pool", "m5")], &[]);
    sick.conditions[0].status = Some(false);
    inventory.apply(ClusterEvent::Nodes(Change::Applied(sick)));
    let harm = Harm::of(&inventory, &["n1".into()], &change);
    assert_eq!(harm.words(), "1 pod stops, 1 of them cannot end, its node is NotReady");
    let stuck = harm.impacts[0].clone();
    assert!(stuck.is_stuck && stuck.reason.ends_with("cannot end: the node is NotReady"), "{}", stuck.reason);

    // Deleted is all that was foretold of it.
    inventory.apply(ClusterEvent::Pods(Change::Applied(deleting())));
    set_ready(&mut inventory, false);
    assert_eq!(Expectation { impact: stuck, since: now() }.fate(&inventory), Fate::Met);
    // More was foretold of a node that was ready then.
    let expectation = Expectation { impact: ready, since: now() };
    assert_eq!(expectation.fate(&inventory), Fate::Waiting);
    inventory.advance(now() + SignedDuration::from_secs(61));
    let Fate::Otherwise(words) = expectation.fate(&inventory) else { panic!("it is still there") };
    assert!(words.ends_with("deleted, and cannot end: the node is NotReady"), "{words}");
    // No pod is made beside it.
    let back = label("pool", Some("m5"));
    assert_eq!(Harm::of(&inventory, &["n1".into()], &back).words(), "no daemon pod starts or stops");
    set_ready(&mut inventory, true);
    let start = Harm::of(&inventory, &["n1".into()], &back).impacts.remove(0);
    assert!(start.reason.ends_with("once the pod that is Terminating there has ended"), "{}", start.reason);
}
