//! Manifests against what a real server made of them, and what a changed template does, node by node.

use std::collections::{BTreeMap, BTreeSet};

use dsgrid::cluster::manifest;
use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{DaemonSet, Pod};
use dsgrid::domain::preview::template::{TemplateEdit, template_impact};
use dsgrid::domain::preview::{Impact, Outcome};
use dsgrid::domain::text::Text;
use serde_json::{Value, json};

use crate::support::build::{daemon_set_json, node, now, pod_json, read, with};
use crate::support::recording::{self, Player};

/// The objects of a line: one, or those of a list.
fn objects(line: &recording::Line) -> Vec<Value> {
    let object: Value = serde_json::from_str(line.object.get()).expect("JSON");
    match object.get("items") {
        Some(items) => items.as_array().expect("a list").clone(),
        None => vec![object],
    }
}

#[test]
fn what_was_applied_is_what_the_real_server_kept() {
    let mut compared = 0;
    for path in recording::all() {
        let (mut sets, mut revisions) = (BTreeMap::new(), BTreeMap::<String, Vec<Value>>::new());
        for line in recording::lines(&path) {
            if !matches!(line.kind.as_str(), "LIST" | "ADDED" | "MODIFIED") {
                continue;
            }
            for object in objects(&line) {
                let key = format!("{}", object["metadata"]["uid"]);
                match line.resource.as_str() {
                    "daemonsets" => drop(sets.insert(key, object)),
                    "controllerrevisions" => {
                        let owner = format!("{}", object["metadata"]["ownerReferences"][0]["uid"]);
                        revisions.entry(owner).or_default().push(object);
                    }
                    _ => {}
                }
            }
        }
        for (uid, mut live) in sets {
            // Lists leave them out.
            (live["apiVersion"], live["kind"]) = (json!("apps/v1"), json!("DaemonSet"));
            let name = live["metadata"]["name"].clone();
            let stored = revisions.get(&uid).map_or(&[][..], Vec::as_slice);
            let itself = manifest::read("live", &live.to_string()).expect("the server accepted it").remove(0);
            let update = itself.against(&live, stored).expect("itself");
            assert!(!update.changed, "{path:?} {name}");
            assert!(update.revision.is_some(), "{path:?} {name}: its own revision holds its template");
            let applied =
                &live["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
            let Some(applied) = applied.as_str() else { continue };
            let applied = manifest::read("applied", applied).expect("the server accepted it").remove(0);
            let update = applied.against(&live, stored).expect("the same selector");
            assert!(update.revision.is_some(), "{path:?} {name}: some revision holds what was applied");
            compared += 1;
        }
    }
    assert!(compared >= 80, "{compared} manifests compared");
}

/// `default/ds` with a pod on each node that should have one, and what the edit does.
struct Case {
    strategy: Value,
    changed: bool,
    revision: Option<&'static str>,
    before: Value,
    after: Value,
    expected: Vec<&'static str>,
}

fn edited(case: &Case) -> BTreeSet<String> {
    let live = with(daemon_set_json(&case.before), "/spec/updateStrategy", case.strategy[0].clone());
    let after = with(daemon_set_json(&case.after), "/spec/updateStrategy", case.strategy[1].clone());
    let (live, after): (DaemonSet, DaemonSet) = (read(live), read(after));
    let mut inventory = Inventory::new(now());
    let uid = live.meta.uid.clone();
    let revision = json!({
        "metadata": {"name": "ds-new", "namespace": "default", "uid": "r", "labels": {"controller-revision-hash": "new"},
            "ownerReferences": [{"kind": "DaemonSet", "name": "ds", "uid": "ds-uid", "controller": true}]},
        "revision": 2});
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![live])));
    inventory.apply(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, vec![read(revision)])));
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(
        Scope::Cluster,
        vec![
            node("plain", &[("pool", "a")], &[]),
            node("old", &[("pool", "a")], &[]),
            node("empty", &[("pool", "b")], &[]),
            node("tainted", &[("pool", "a")], &["x:NoSchedule"]),
            node("leaving", &[("pool", "a")], &["y:NoExecute"]),
        ],
    )));
    let stale = |pod: Value| {
        let pod = with(pod, "/metadata/labels/controller-revision-hash", json!("old"));
        with(pod, "/metadata/labels/pod-template-generation", json!("1"))
    };
    let pods = [
        pod_json("a", "plain"),
        stale(pod_json("b", "old")),
        pod_json("c", "tainted"),
        // Deleted already: nobody's doing any more.
        with(pod_json("d", "leaving"), "/metadata/deletionTimestamp", json!("2026-01-02T03:04:35Z")),
    ];
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods.map(read).into())));
    let revision = case.revision.map(Text::new);
    let edit =
        TemplateEdit { after: &after, live: Some(&uid), changed: case.changed, revision: revision.as_ref() };
    template_impact(&inventory, &edit)
        .iter()
        .map(|impact| {
            let pods: Vec<&str> = impact.pods.iter().map(Text::as_str).collect();
            format!("{} {} [{}]", impact.outcome.name(), impact.node, pods.join(","))
        })
        .collect()
}

fn case(
    strategy: [&Value; 2],
    changed: bool,
    revision: Option<&'static str>,
    [before, after]: [&Value; 2],
    expected: &[&'static str],
) -> Case {
    let (before, after) = (before.clone(), after.clone());
    Case { strategy: json!(strategy), changed, revision, before, after, expected: expected.to_vec() }
}

fn all_as_expected(cases: &[Case]) {
    for (number, case) in cases.iter().enumerate() {
        let expected: BTreeSet<String> = case.expected.iter().map(ToString::to_string).collect();
        assert_eq!(edited(case), expected, "case {number}");
    }
}

fn tolerant() -> Value {
    json!({"tolerations": [{"operator": "Exists", "effect": "NoSchedule"}]})
}

#[test]
fn a_changed_template_rolls_each_node_as_the_controller_does() {
    let rolling = json!({"type": "RollingUpdate"});
    let surge = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    let (base, tolerant) = (json!({}), tolerant());
    all_as_expected(&[
        // The template alone: wanted nodes are rolled, the tainted one loses its pod for good (§3.5, U6).
        case(
            [&rolling, &rolling],
            true,
            None,
            [&base, &base],
            &["replace plain [a]", "replace old [b]", "removeOnRollout tainted [c]"],
        ),
        case(
            [&surge, &surge],
            true,
            None,
            [&base, &base],
            &["replace plain [a]", "replace old [b]", "removeOnRollout tainted [c]"],
        ),
        // Back to what two pods have.
        case([&rolling, &rolling], true, Some("new"), [&base, &base], &["replace old [b]"]),
        case(
            [&rolling, &rolling],
            true,
            Some("old"),
            [&base, &base],
            &["replace plain [a]", "removeOnRollout tainted [c]"],
        ),
        // A tolerance lost under RollingUpdate.
        case(
            [&rolling, &rolling],
            true,
            None,
            [&tolerant, &base],
            &["replace plain [a]", "replace old [b]", "removeOnRollout tainted [c]"],
        ),
        case(
            [&rolling, &rolling],
            true,
            None,
            [&base, &tolerant],
            &["replace plain [a]", "replace old [b]", "replace tainted [c]"],
        ),
    ]);
}

#[test]
fn what_is_deleted_by_hand_still_follows_placement() {
    let (rolling, by_hand) = (json!({"type": "RollingUpdate"}), json!({"type": "OnDelete"}));
    let (base, tolerant) = (json!({}), tolerant());
    let pool = |pool: &str| json!({"nodeSelector": {"pool": pool}});
    let timed = json!({"tolerations": [{"key": "y", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}]});
    all_as_expected(&[
        // OnDelete rolls nothing; placement changes all the same.
        case([&by_hand, &by_hand], true, None, [&base, &base], &[]),
        case([&rolling, &by_hand], true, None, [&base, &base], &[]),
        case(
            [&by_hand, &by_hand],
            true,
            None,
            [&pool("a"), &pool("b")],
            &["stop plain [a]", "stop old [b]", "stop tainted [c]", "start empty []"],
        ),
        case([&by_hand, &by_hand], true, None, [&tolerant, &base], &["keepMisscheduled tainted [c]"]),
        // Only the strategy: what OnDelete left behind goes, what rolls already is not this edit's doing.
        case([&by_hand, &rolling], false, None, [&base, &base], &["replace old [b]"]),
        case([&rolling, &rolling], false, None, [&base, &base], &[]),
        case([&rolling, &by_hand], false, None, [&base, &base], &[]),
        // A toleration that runs out.
        case(
            [&by_hand, &by_hand],
            true,
            None,
            [&base, &timed],
            &["start leaving []", "evictLoop leaving []"],
        ),
    ]);
}

/// The nodes on which a DaemonSet's pods went and came until somebody did the next thing.
#[derive(Debug, Default, PartialEq)]
struct Deeds {
    gone: BTreeSet<String>,
    come: BTreeSet<String>,
}

impl Deeds {
    fn note(&mut self, line: &recording::Line, owner: &Text) {
        if line.resource != "pods" || !matches!(line.kind.as_str(), "ADDED" | "MODIFIED") {
            return;
        }
        let pod: Pod = serde_json::from_str(line.object.get()).expect("a pod");
        let ours = pod.meta.owner.as_ref().is_some_and(|pods| pods.name == *owner);
        let Some(node) = pod.target().filter(|_| ours) else { return };
        if pod.is_deleting() {
            self.gone.insert(node.to_string());
        } else if line.kind == "ADDED" {
            self.come.insert(node.to_string());
        }
    }

    fn foretold(impacts: &[Impact]) -> Self {
        let nodes = |outcomes: &[Outcome]| -> BTreeSet<String> {
            let meant = impacts.iter().filter(|impact| outcomes.contains(&impact.outcome));
            meant.map(|impact| impact.node.to_string()).collect()
        };
        Self {
            gone: nodes(&[Outcome::Stop, Outcome::Replace, Outcome::RemoveOnRollout]),
            come: nodes(&[Outcome::Start, Outcome::Replace]),
        }
    }
}

#[test]
fn what_was_foretold_of_a_template_is_what_the_real_controller_did() {
    let mut compared = 0;
    for (recording, name) in [("02-", "fluent-bit"), ("11-", "dcgm-exporter")] {
        let name = Text::new(name);
        let path = recording::all().into_iter().find(|path| path.to_string_lossy().contains(recording));
        let (mut player, mut live, mut revisions) = (Player::default(), None::<Value>, Vec::new());
        let mut pending: Option<(Deeds, Deeds)> = None;
        for line in recording::lines(&path.expect("a recording")) {
            if line.kind == "COMMAND"
                && let Some((foretold, done)) = pending.take()
            {
                assert_eq!(foretold, done, "{recording} before {}", line.object.get());
                compared += 1;
            }
            if matches!(line.kind.as_str(), "LIST" | "ADDED" | "MODIFIED") {
                for mut object in objects(&line) {
                    match line.resource.as_str() {
                        "controllerrevisions" => revisions.push(object),
                        "daemonsets" if object["metadata"]["name"] == name.as_str() => {
                            (object["apiVersion"], object["kind"]) = (json!("apps/v1"), json!("DaemonSet"));
                            let known = live.replace(object.clone());
                            let newer = |known: &Value| {
                                known["metadata"]["generation"] != object["metadata"]["generation"]
                            };
                            if let Some(known) = known.filter(newer) {
                                let wanted =
                                    manifest::read("f", &object.to_string()).expect("a manifest").remove(0);
                                let update = wanted.against(&known, &revisions).expect("the same selector");
                                let edit = TemplateEdit {
                                    after: &wanted.daemon_set,
                                    live: Some(&wanted.daemon_set.meta.uid),
                                    changed: update.changed,
                                    revision: update.revision.as_ref(),
                                };
                                let impacts = template_impact(&player.inventory, &edit);
                                pending = Some((Deeds::foretold(&impacts), Deeds::default()));
                            }
                        }
                        _ => {}
                    }
                }
            }
            if let Some((_, done)) = &mut pending {
                done.note(&line, &name);
            }
            player.play(&line);
        }
        if let Some((foretold, done)) = pending {
            assert_eq!(foretold, done, "{recording} at the end");
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}");
}
