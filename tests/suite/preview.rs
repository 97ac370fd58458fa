//! Previews: what is said before a change is what the real controller did, and what the rules say.

use std::collections::{BTreeMap, BTreeSet};

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::expectation::{Expectation, Fate};
use dsgrid::domain::id::{NodeName, Uid};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Node, Pod, Taint};
use dsgrid::domain::placement::Placement;
use dsgrid::domain::preview::template::{TemplateEdit, template_impact};
use dsgrid::domain::preview::{NodeChange, Outcome, impact};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::relabel::patch::node_patch;
use dsgrid::domain::text::Text;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::build::{now, read};
use crate::support::oracle;
use crate::support::recording::{self, Line, Player};

/// `key[=value]:Effect`, as kubectl writes it.
fn taint(written: &str) -> Taint {
    let (key, effect) = written.rsplit_once(':').expect("an effect");
    let (key, value) = key.split_once('=').unwrap_or((key, ""));
    Taint { key: key.into(), value: value.into(), effect: Text::new(effect).into() }
}

/// The node and the change of a recorded kubectl command; none for what is not one of them.
fn change(command: &str) -> Option<(NodeName, NodeChange)> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut change = NodeChange::default();
    let node = match words.as_slice() {
        ["kubectl", "label", "node", node, label, ..] => {
            let (key, value) = label
                .split_once('=')
                .map_or((label.trim_end_matches('-'), None), |(k, v)| (k, Some(v.into())));
            change.labels.insert(key.into(), value);
            node
        }
        ["kubectl", "taint", "node", node, written] => {
            match written.strip_suffix('-') {
                Some(key) => change.remove_taints.push((key.into(), None)),
                None => change.add_taints.push(taint(written)),
            }
            node
        }
        ["kubectl", verb @ ("cordon" | "uncordon"), node] => {
            change.unschedulable = Some(*verb == "cordon");
            node
        }
        _ => return None,
    };
    Some(((*node).into(), change))
}

/// Pods that the real controller created and deleted, as `DaemonSet on node`.
#[derive(Debug, Default, PartialEq)]
struct Deeds {
    started: BTreeSet<String>,
    stopped: BTreeSet<String>,
}

impl Deeds {
    /// Notes what a pod event shows; template changes of the same recording are not ours to predict.
    fn note(&mut self, line: &Line) {
        if line.resource != "pods" || !matches!(line.kind.as_str(), "ADDED" | "MODIFIED") {
            return;
        }
        let pod: Pod = serde_json::from_str(line.object.get()).expect("a pod");
        let (Some(owner), Some(node)) = (&pod.meta.owner, pod.target()) else { return };
        let place = format!("{}/{} on {node}", pod.meta.key.namespace, owner.name);
        if pod.is_deleting() {
            self.stopped.insert(place);
        } else if line.kind == "ADDED" {
            self.started.insert(place);
        }
    }
}

impl Deeds {
    /// The second of two commands a millisecond apart is previewed before the pods of the first are there.
    fn stop_what_was_about_to_start(&mut self, inventory: &Inventory, node: &NodeName, change: &NodeChange) {
        let column = inventory.column_of(node).and_then(|slot| inventory.column_at(slot)).expect("a node");
        let after = change.applied(column.node.as_ref().expect("a node"));
        for (_, row) in inventory.rows() {
            let place = format!("{} on {node}", row.daemon_set.meta.key);
            if self.started.contains(&place) && !row.placement.verdict(&after).keep {
                self.stopped.insert(place);
            }
        }
    }
}

/// What the grid shows as expected is shown so no more; but what one command started and the next stopped is gone.
fn assert_met(expected: &[Expectation], foretold: &Deeds, inventory: &Inventory) {
    for expectation in expected {
        let impact = &expectation.impact;
        let place = format!("{} on {}", impact.daemon_set, impact.node);
        if impact.outcome == Outcome::Start && foretold.stopped.contains(&place) {
            continue;
        }
        assert_eq!(expectation.fate(inventory), Fate::Met, "{impact:?}");
    }
}

/// The recordings of label, taint and cordon commands, with how many effects of which kind are foretold in each.
const RECORDED: [(&str, &[(&str, usize)]); 3] = [
    ("05-", &[("start", 3), ("stop", 2)]),
    ("06-", &[("keepMisscheduled", 4), ("start", 4), ("stop", 4)]),
    ("11-", &[("keepMisscheduled", 5), ("start", 2), ("stop", 1)]),
];

#[test]
fn what_was_foretold_is_what_the_real_controller_did() {
    for (recording, wanted) in RECORDED {
        let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
        let path = recording::all()
            .into_iter()
            .find(|path| path.to_string_lossy().contains(recording))
            .expect("a recording");
        let (mut player, mut foretold, mut done) = (Player::default(), Deeds::default(), Deeds::default());
        let mut expected: Vec<Expectation> = Vec::new();
        let mut last = f64::MIN;
        let mut ours = false;
        for line in recording::lines(&path) {
            if line.kind == "COMMAND" {
                // Commands within a second belong together: their effects overlap.
                if line.at - last > 1.0 {
                    if ours {
                        assert_eq!(foretold, done, "{recording} before {}", line.object.get());
                        assert_met(&expected, &foretold, &player.inventory);
                    }
                    expected.clear();
                    (foretold, done, ours) = (Deeds::default(), Deeds::default(), false);
                }
                last = line.at;
                let command: String = serde_json::from_str(line.object.get()).expect("text");
                if let Some((node, change)) = change(&command) {
                    ours = true;
                    foretold.stop_what_was_about_to_start(&player.inventory, &node, &change);
                    for impact in impact(&player.inventory, &node, &change) {
                        expected.push(Expectation { impact: impact.clone(), since: player.inventory.now() });
                        *compared.entry(impact.outcome.name()).or_default() += 1;
                        let place = format!("{} on {node}", impact.daemon_set);
                        match impact.outcome {
                            Outcome::Start => foretold.started.insert(place),
                            Outcome::Stop => foretold.stopped.insert(place),
                            Outcome::KeepMisscheduled | Outcome::EvictLoop => true,
                            Outcome::Replace | Outcome::RemoveOnRollout => {
                                panic!("no node change rolls a template")
                            }
                        };
                    }
                }
            }
            done.note(&line);
            player.play(&line);
        }
        assert_eq!(foretold, done, "{recording} at the end");
        assert_met(&expected, &foretold, &player.inventory);
        assert_eq!(compared.into_iter().collect::<Vec<_>>(), wanted, "{recording}");
    }
}

/// The request that dsgrid would have sent makes of the node what kubectl's made of it.
#[test]
fn the_bodies_do_what_the_recorded_commands_did() {
    let mut compared = 0;
    for recording in ["05-", "06-", "11-"] {
        let all = recording::all();
        let path =
            all.into_iter().find(|path| path.to_string_lossy().contains(recording)).expect("a recording");
        let mut nodes: BTreeMap<String, Value> = BTreeMap::new();
        let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
        for line in recording::lines(&path) {
            if line.kind == "COMMAND" {
                let command: String = serde_json::from_str(line.object.get()).expect("text");
                let Some((node, change)) = change(&command) else { continue };
                // Of several commands in a row, the next builds on what the one before made.
                let before =
                    wanted.get(node.as_str()).or(nodes.get(node.as_str())).expect("it was seen").clone();
                let fresh = RawObject::new(before.clone());
                let shown: Node = fresh.decode().expect("a node");
                let mut after = before;
                if let Ok(command) = node_patch(&shown, &fresh, &change) {
                    let operations: json_patch::Patch = serde_json::from_str(&command.body).expect("a patch");
                    json_patch::patch(&mut after, &operations).expect("it applies");
                }
                wanted.insert(node.to_string(), after);
            }
            if line.resource == "nodes" && line.kind == "LIST" {
                let list: Value = serde_json::from_str(line.object.get()).expect("a list");
                for node in list["items"].as_array().expect("items") {
                    nodes.insert(node["metadata"]["name"].as_str().expect("a name").to_owned(), node.clone());
                }
            }
            if line.resource != "nodes" || !matches!(line.kind.as_str(), "ADDED" | "MODIFIED") {
                continue;
            }
            let node: Value = serde_json::from_str(line.object.get()).expect("a node");
            let name = node["metadata"]["name"].as_str().expect("a name").to_owned();
            if let Some(after) = wanted.get(&name) {
                let is = |pointer: &str| {
                    node.pointer(pointer).unwrap_or(&Value::Null)
                        == after.pointer(pointer).unwrap_or(&Value::Null)
                };
                // The control plane's own taint of a cordoned node follows a moment later.
                let taints = |node: &Value| {
                    let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
                    let own = |taint: &Value| taint["key"] != "node.kubernetes.io/unschedulable";
                    let taint =
                        |taint: Value| format!("{}={}:{}", taint["key"], taint["value"], taint["effect"]);
                    taints.into_iter().filter(own).map(taint).collect::<BTreeSet<_>>()
                };
                if is("/metadata/labels") && is("/spec/unschedulable") && taints(&node) == taints(after) {
                    compared += 1;
                    wanted.remove(&name);
                }
            }
            nodes.insert(name, node);
        }
        assert!(wanted.is_empty(), "{recording}: never so: {:?}", wanted.keys());
    }
    assert!(compared >= 6, "{compared}");
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a"),
        Just("b"),
        Just("g"),
        Just("node.kubernetes.io/not-ready"),
        Just("node.kubernetes.io/unschedulable")
    ]
    .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![Just(""), Just("1"), Just("2"), Just("007"), Just("x")].prop_map(str::to_owned)
}

fn taints() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![Just("NoSchedule"), Just("NoExecute"), Just("PreferNoSchedule")];
    (keys(), values(), effect)
        .prop_map(|(key, value, effect)| json!({"key": key, "value": value, "effect": effect}))
}

fn nodes() -> impl Strategy<Value = Value> {
    (prop::collection::btree_map(keys(), values(), 0..4), prop::collection::vec(taints(), 0..3)).prop_map(|(labels, taints)| {
        // Taints are unique by key and effect.
        let unique: BTreeMap<String, Value> =
            taints.into_iter().map(|taint| (format!("{}{}", taint["key"], taint["effect"]), taint)).collect();
        json!({"metadata": {"name": "n1", "uid": "n1", "labels": labels}, "spec": {"taints": unique.into_values().collect::<Vec<_>>()},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    })
}

fn expressions() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        Just("In"),
        Just("NotIn"),
        Just("Exists"),
        Just("DoesNotExist"),
        Just("Gt"),
        Just("Lt"),
        Just("Odd")
    ];
    (keys(), operator, prop::collection::vec(values(), 0..3))
        .prop_map(|(key, operator, values)| json!({"key": key, "operator": operator, "values": values}))
}

fn terms() -> impl Strategy<Value = Value> {
    let field = (prop_oneof![Just("In"), Just("NotIn"), Just("Exists")], prop_oneof![Just("n1"), Just("n2")])
        .prop_map(|(operator, name)| json!({"key": "metadata.name", "operator": operator, "values": [name]}));
    (prop::collection::vec(expressions(), 0..3), prop::collection::vec(field, 0..2))
        .prop_map(|(expressions, fields)| json!({"matchExpressions": expressions, "matchFields": fields}))
}

fn tolerations() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![Just(""), Just("Equal"), Just("Exists"), Just("Gt")];
    let effect = prop_oneof![Just(""), Just("NoSchedule"), Just("NoExecute")];
    (prop::option::of(keys()), operator, values(), effect, prop::option::of(0..100_i64)).prop_map(|(key, operator, value, effect, seconds)| {
        json!({"key": key.unwrap_or_default(), "operator": operator, "value": value, "effect": effect, "tolerationSeconds": seconds})
    })
}

fn pod_specs() -> impl Strategy<Value = Value> {
    (
        prop_oneof![4 => Just(""), 1 => Just("n1"), 1 => Just("n2")],
        prop::collection::btree_map(keys(), values(), 0..2),
        prop::option::of(prop::collection::vec(terms(), 0..3)),
        prop::collection::vec(tolerations(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(node_name, selector, terms, tolerations, host_network)| {
            let affinity = terms.map(|terms| json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}));
            json!({"nodeName": node_name, "nodeSelector": selector, "affinity": {"nodeAffinity": affinity},
                "tolerations": tolerations, "hostNetwork": host_network})
        })
}

/// A pod on n1: none, running, being deleted, or not scheduled yet.
fn pods() -> impl Strategy<Value = Option<Value>> {
    let of = |bound: bool, deleting: bool| {
        json!({"metadata": {"name": "p", "namespace": "default", "uid": "p", "deletionTimestamp": deleting.then_some("2026-01-02T03:04:05Z"),
            "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds", "controller": true}]},
            "spec": {"nodeName": bound.then_some("n1"), "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}}}},
            "status": {"phase": if bound { "Running" } else { "Pending" }}})
    };
    prop_oneof![
        Just(None),
        Just(Some(of(true, false))),
        Just(Some(of(true, true))),
        Just(Some(of(false, false)))
    ]
}

fn set(pod_spec: &Value) -> DaemonSet {
    read(
        json!({"metadata": {"name": "ds", "namespace": "default", "uid": "ds"}, "spec": {"template": {"spec": pod_spec}}}),
    )
}

fn cluster(pod_spec: &Value, node: &Value, pod: Option<&Value>) -> Inventory {
    let mut inventory = Inventory::new(now());
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![read::<Node>(node.clone())])));
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set(pod_spec)])));
    let pods = pod.cloned().into_iter().map(read).collect();
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    inventory
}

/// The change that turns one node into another.
fn difference(before: &Value, after: &Value) -> NodeChange {
    let mut change = NodeChange::default();
    let (old, new): (Node, Node) = (read(before.clone()), read(after.clone()));
    change.labels = old.meta.labels.iter().map(|(key, _)| (key.clone(), None)).collect();
    change.labels.extend(new.meta.labels.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
    change.remove_taints =
        old.taints.iter().map(|taint| (taint.key.clone(), Some(taint.effect.clone()))).collect();
    change.add_taints = new.taints.to_vec();
    change
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn placement_agrees_with_a_second_reading(spec in pod_specs(), node in nodes()) {
        let placement = Placement::new(&set(&spec).template);
        let parsed: Node = read(node.clone());
        let verdict = placement.verdict(&parsed);
        prop_assert_eq!((verdict.run, verdict.keep), oracle::verdict(&spec, &node));
        // The reasons tell the same story as the verdict.
        let reasons = placement.reasons(&parsed, false);
        prop_assert_eq!(verdict.run, reasons.is_empty());
        let stops = reasons.iter().any(|reason| reason.verdict == dsgrid::domain::reason::Ruling::Stop);
        prop_assert_eq!(verdict.keep, !stops);
    }

    #[test]
    fn a_preview_is_the_recipe(spec in pod_specs(), before in nodes(), after in nodes(), pod in pods()) {
        let inventory = cluster(&spec, &before, pod.as_ref());
        let change = difference(&before, &after);
        let impacts = impact(&inventory, &"n1".into(), &change);
        let (was, is) = (oracle::verdict(&spec, &before), oracle::verdict(&spec, &after));
        let there = pod.as_ref().is_some_and(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        let told = impacts.first().map(|impact| impact.outcome);
        let expected = match (was, is, there) {
            ((_, true), (_, false), true) => Some(Outcome::Stop),
            ((true, _), (false, true), true) => Some(Outcome::KeepMisscheduled),
            ((false, _), (true, _), false) => Some(Outcome::Start),
            _ => None,
        };
        match told {
            Some(Outcome::EvictLoop) => prop_assert!(is.0 && expected.is_none()),
            // Tolerated for a while, and not wanted again.
            Some(Outcome::Stop) if impacts[0].reason.contains("no pod comes again") => {
                prop_assert!(is == (false, true) && there, "{}", impacts[0].reason);
            }
            told => prop_assert_eq!(told, expected),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_manifest_preview_is_the_recipe(
        before in pod_specs(), after in pod_specs(), node in nodes(), pod in pods(), rolling in any::<bool>(),
    ) {
        let inventory = cluster(&before, &node, pod.as_ref());
        let kind = if rolling { "RollingUpdate" } else { "OnDelete" };
        let after_set: DaemonSet = read(json!({"metadata": {"name": "ds", "namespace": "default"},
            "spec": {"template": {"spec": after}, "updateStrategy": {"type": kind}}}));
        let uid = Uid::new("ds");
        let edit = TemplateEdit { after: &after_set, live: Some(&uid), changed: true, revision: None };
        let impacts = template_impact(&inventory, &edit);
        let (was, is) = (oracle::verdict(&before, &node), oracle::verdict(&after, &node));
        let there = pod.as_ref().is_some_and(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        let expected = match (there, is, was) {
            (false, (true, _), (false, _)) => Some(Outcome::Start),
            (false, ..) => None,
            (true, (_, false), (_, kept)) => kept.then_some(Outcome::Stop),
            (true, (true, _), _) => rolling.then_some(Outcome::Replace),
            (true, (false, true), _) if rolling => Some(Outcome::RemoveOnRollout),
            (true, (false, true), (ran, _)) => ran.then_some(Outcome::KeepMisscheduled),
        };
        let told = impacts.iter().map(|impact| impact.outcome).filter(|outcome| *outcome != Outcome::EvictLoop);
        prop_assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(expected));
        // Only what runs can be evicted again and again.
        prop_assert!(is.0 || !impacts.iter().any(|impact| impact.outcome == Outcome::EvictLoop));
    }
}

#[test]
fn a_toleration_with_seconds_is_an_eviction_loop() {
    let spec = json!({"tolerations": [{"key": "x", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}]});
    let node = json!({"metadata": {"name": "n1", "uid": "n1"}});
    let inventory = cluster(&spec, &node, None);
    let change = NodeChange { add_taints: vec![taint("x=1:NoExecute")], ..NodeChange::default() };
    let impacts = impact(&inventory, &"n1".into(), &change);
    assert_eq!(impacts[0].outcome, Outcome::EvictLoop);
    assert!(impacts[0].reason.contains("30 s"), "{}", impacts[0].reason);
}

#[test]
fn cordoning_moves_no_daemon_pod() {
    let spec = json!({});
    let node = json!({"metadata": {"name": "n1", "uid": "n1"}});
    let inventory = cluster(&spec, &node, None);
    let change = NodeChange { unschedulable: Some(true), ..NodeChange::default() };
    let cordoned = change.applied(&read(node));
    assert!(cordoned.unschedulable && cordoned.taints.len() == 1);
    assert!(impact(&inventory, &"n1".into(), &change).is_empty());
    let back = NodeChange { unschedulable: Some(false), ..NodeChange::default() }.applied(&cordoned);
    assert!(!back.unschedulable && back.taints.is_empty());
}
