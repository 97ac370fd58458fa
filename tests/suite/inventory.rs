//! The inventory: whatever happens in whatever order, it knows what a fresh look would show.

use std::collections::BTreeMap;

use dsgrid::domain::absence::Everywhere;
use dsgrid::domain::cause::{Cause, Scope as Looked, causes};
use dsgrid::domain::cell::Cell;
use dsgrid::domain::counts::Tally;
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::grid::{Filter, Grid, Histogram, Lens, Order};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use crate::support::build::{ago, node, now, read};

/// What the cluster holds, by uid.
#[derive(Clone, Debug, Default)]
struct World {
    daemon_sets: BTreeMap<u8, DaemonSet>,
    nodes: BTreeMap<u8, Node>,
    pods: BTreeMap<u8, Pod>,
    revisions: BTreeMap<u8, ControllerRevision>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    DaemonSet {
        id: u8,
        selector: bool,
        tolerates: bool,
        min_ready: u8,
    },
    DropDaemonSet(u8),
    Node {
        id: u8,
        labelled: bool,
        taint: u8,
        ready: u8,
    },
    DropNode(u8),
    Pod {
        id: u8,
        owner: u8,
        target: u8,
        bound: bool,
        ready: bool,
        deleting: bool,
        phase: u8,
        hash: u8,
        age: u8,
    },
    DropPod(u8),
    Revision {
        id: u8,
        owner: u8,
        number: u8,
    },
    DropRevision(u8),
    RelistPods,
    RelistNodes,
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Step> {
    let pod = (
        0..12_u8,
        0..3_u8,
        0..5_u8,
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.2),
        0..6_u8,
        0..3_u8,
        any::<u8>(),
    );
    prop_oneof![
        2 => (0..3_u8, any::<bool>(), any::<bool>(), 0..60_u8)
            .prop_map(|(id, selector, tolerates, min_ready)| Step::DaemonSet { id, selector, tolerates, min_ready }),
        1 => (0..3_u8).prop_map(Step::DropDaemonSet),
        3 => (0..4_u8, any::<bool>(), 0..4_u8, 0..3_u8)
            .prop_map(|(id, labelled, taint, ready)| Step::Node { id, labelled, taint, ready }),
        1 => (0..4_u8).prop_map(Step::DropNode),
        6 => pod.prop_map(|(id, owner, target, bound, ready, deleting, phase, hash, age)|
            Step::Pod { id, owner, target, bound, ready, deleting, phase, hash, age }),
        2 => (0..12_u8).prop_map(Step::DropPod),
        1 => (0..4_u8, 0..3_u8, 0..9_u8).prop_map(|(id, owner, number)| Step::Revision { id, owner, number }),
        1 => (0..4_u8).prop_map(Step::DropRevision),
        1 => Just(Step::RelistPods),
        1 => Just(Step::RelistNodes),
        2 => (0..400_u16).prop_map(Step::Wait),
    ]
}

/// A bound, ready pod comes.
fn ready_pod(id: u8, owner: u8, target: u8) -> Step {
    Step::Pod { id, owner, target, bound: true, ready: true, deleting: false, phase: 0, hash: 0, age: 9 }
}

fn make_daemon_set(id: u8, selector: bool, tolerates: bool, min_ready: u8) -> DaemonSet {
    let spec = json!({
        "nodeSelector": if selector { json!({"x": "1"}) } else { json!({}) },
        "tolerations": if tolerates { json!([{"operator": "Exists"}]) } else { json!([]) },
    });
    read(json!({"metadata": {"name": format!("ds{id}"), "namespace": "default", "uid": format!("ds{id}")},
        "spec": {"template": {"spec": spec}, "minReadySeconds": min_ready}}))
}

fn make_node(id: u8, labelled: bool, taint: u8, ready: u8) -> Node {
    let taints: &[&str] = match taint {
        0 | 1 => &[],
        2 => &["k:NoSchedule"],
        _ => &["node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute"],
    };
    let mut node = node(&format!("n{id}"), if labelled { &[("x", "1")] } else { &[] }, taints);
    node.conditions[0].status = [Some(true), Some(false), None][usize::from(ready)];
    node
}

impl World {
    /// Does the step, and says what a watch would send.
    fn step(&mut self, step: &Step) -> Option<ClusterEvent> {
        Some(match *step {
            Step::DaemonSet { id, selector, tolerates, min_ready } => {
                let daemon_set = make_daemon_set(id, selector, tolerates, min_ready);
                self.daemon_sets.insert(id, daemon_set.clone());
                ClusterEvent::DaemonSets(Change::Applied(daemon_set))
            }
            Step::DropDaemonSet(id) => {
                ClusterEvent::DaemonSets(Change::Deleted(self.daemon_sets.remove(&id)?))
            }
            Step::Node { id, labelled, taint, ready } => {
                let node = make_node(id, labelled, taint, ready);
                self.nodes.insert(id, node.clone());
                ClusterEvent::Nodes(Change::Applied(node))
            }
            Step::DropNode(id) => ClusterEvent::Nodes(Change::Deleted(self.nodes.remove(&id)?)),
            Step::Pod { id, owner, target, bound, ready, deleting, phase, hash, age } => {
                let phase =
                    ["Running", "Running", "Running", "Pending", "Failed", "Succeeded"][usize::from(phase)];
                let pod: Pod = read(json!({
                    "metadata": {"name": format!("p{id}"), "namespace": "default", "uid": format!("p{id}"),
                        "creationTimestamp": ago(i64::from(age)), "labels": {"controller-revision-hash": format!("h{hash}")},
                        "deletionTimestamp": deleting.then(|| ago(0)),
                        "ownerReferences": [{"kind": "DaemonSet", "name": "x", "uid": format!("ds{owner}"), "controller": true}]},
                    "spec": {"nodeName": bound.then(|| format!("n{target}")), "containers": [{"name": "main"}],
                        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms":
                            [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [format!("n{target}")]}]}]}}}},
                    "status": {"phase": phase, "conditions": [{"type": "Ready", "lastTransitionTime": ago(i64::from(age) / 2),
                        "status": if ready { "True" } else { "False" }}]},
                }));
                self.pods.insert(id, pod.clone());
                ClusterEvent::Pods(Change::Applied(pod))
            }
            Step::DropPod(id) => ClusterEvent::Pods(Change::Deleted(self.pods.remove(&id)?)),
            Step::Revision { id, owner, number } => {
                let revision: ControllerRevision = read(json!({"revision": number,
                    "metadata": {"name": format!("r{id}"), "uid": format!("r{id}"), "labels": {"controller-revision-hash": format!("h{}", id % 3)},
                        "ownerReferences": [{"kind": "DaemonSet", "name": "x", "uid": format!("ds{owner}"), "controller": true}]}}));
                self.revisions.insert(id, revision.clone());
                ClusterEvent::Revisions(Change::Applied(revision))
            }
            Step::DropRevision(id) => ClusterEvent::Revisions(Change::Deleted(self.revisions.remove(&id)?)),
            Step::RelistPods => {
                ClusterEvent::Pods(Change::Replaced(Scope::Cluster, self.pods.values().cloned().collect()))
            }
            Step::RelistNodes => {
                ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, self.nodes.values().cloned().collect()))
            }
            Step::Wait(_) => return None,
        })
    }

    /// What a fresh look shows.
    fn fresh(&self, at: jiff::Timestamp) -> Inventory {
        let mut inventory = Inventory::new(at);
        inventory.apply(ClusterEvent::Pods(Change::Replaced(
            Scope::Cluster,
            self.pods.values().cloned().collect(),
        )));
        let revisions = self.revisions.values().cloned().collect();
        inventory.apply(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, revisions)));
        let sets = self.daemon_sets.values().cloned().collect();
        inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets)));
        inventory.apply(ClusterEvent::Nodes(Change::Replaced(
            Scope::Cluster,
            self.nodes.values().cloned().collect(),
        )));
        inventory
    }
}

/// Everything the grid shows, by name: cells, sums, and how many sets are bad on each node.
type Shown = (BTreeMap<(String, String), Cell>, BTreeMap<String, Tally>, BTreeMap<String, u32>);

fn shown(inventory: &Inventory) -> Shown {
    let mut cells = BTreeMap::new();
    for (slot, row) in inventory.rows() {
        for (column, named) in inventory.columns() {
            let name = (row.daemon_set.meta.key.name.to_string(), named.name.to_string());
            cells.insert(name, inventory.cell(slot, column).expect("every pair has a cell"));
        }
    }
    let tallies = inventory
        .rows()
        .map(|(_, row)| (row.daemon_set.meta.key.name.to_string(), row.tally.clone()))
        .collect();
    let problems =
        inventory.columns().map(|(_, column)| (column.name.to_string(), column.problems)).collect();
    (cells, tallies, problems)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_one_by_one_show_what_a_fresh_look_shows(history in prop::collection::vec(steps(), 1..60)) {
        let mut world = World::default();
        let mut live = world.fresh(now());
        let mut at = now();
        for step in &history {
            if let Step::Wait(seconds) = step {
                at += SignedDuration::from_secs(i64::from(*seconds));
                live.advance(at);
            }
            if let Some(event) = world.step(step) {
                live.apply(event);
            }
            prop_assert_eq!(shown(&live), shown(&world.fresh(at)), "after {:?}", step);
        }
    }

    #[test]
    fn a_bar_shows_every_state_and_fills_its_width(counts in prop::array::uniform13(0..2_000_u32), width in 13..120_usize) {
        let histogram = Histogram(counts);
        let bar = histogram.bar(width);
        prop_assert_eq!(bar.len(), width.min(histogram.total() as usize));
        for (at, count) in counts.iter().enumerate() {
            let drawn = bar.iter().filter(|state| state.severity() == at).count();
            prop_assert_eq!(drawn > 0, *count > 0);
        }
    }
}

fn pool(names: &[(&'static str, &'static str)]) -> Inventory {
    let mut inventory = Inventory::new(now());
    let zone = |zone: &'static str| (!zone.is_empty()).then_some(("zone", zone));
    let nodes: Vec<Node> = names.iter().map(|(name, z)| node(name, zone(z).as_slice(), &[])).collect();
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
    let sets = (0..3).map(|id| make_daemon_set(id, false, false, 0)).collect();
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets)));
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, Vec::new())));
    inventory
}

fn columns(inventory: &Inventory, grid: &Grid) -> String {
    let name = |slot| inventory.column_at(slot).expect("known").name.to_string();
    grid.columns.iter().map(|slot| name(*slot)).collect::<Vec<_>>().join(" ")
}

#[test]
fn columns_are_grouped_by_a_label_and_those_without_it_come_last() {
    let inventory = pool(&[("d", ""), ("c", "b"), ("b", "a"), ("a", "b")]);
    let lens = Lens { group_by: Some(Text::new("zone")), ..Lens::default() };
    let grid = Grid::project(&inventory, &lens);
    assert_eq!(columns(&inventory, &grid), "b a c d");
    let groups: Vec<(&str, usize)> = grid.groups.iter().map(|group| (group.name(), group.len())).collect();
    assert_eq!(groups, [("a", 1), ("b", 2), ("without", 1)]);
    let plain = Grid::project(&inventory, &Lens::default());
    assert_eq!(columns(&inventory, &plain), "a b c d");
    assert_eq!(plain.groups.len(), 1);
}

#[test]
fn filters_choose_rows_and_columns() {
    let inventory = pool(&[("web-1", "a"), ("web-2", "b"), ("gpu-1", "a")]);
    let rows = |typed: &str| {
        let filter = Filter::parse(typed, None).expect("reads");
        let grid = Grid::project(&inventory, &Lens { filter, ..Lens::default() });
        (grid.rows.len(), columns(&inventory, &grid), grid.hidden_rows, grid.hidden_columns)
    };
    assert_eq!(rows(""), (3, "gpu-1 web-1 web-2".into(), 0, 0));
    assert_eq!(rows("DS1"), (1, "gpu-1 web-1 web-2".into(), 2, 0));
    assert_eq!(rows("!ds1 default/"), (2, "gpu-1 web-1 web-2".into(), 1, 0));
    assert_eq!(rows("@web"), (3, "web-1 web-2".into(), 0, 1));
    assert_eq!(rows("@zone=a @!gpu"), (3, "web-1".into(), 0, 2));
    assert_eq!(rows("!@gpu"), rows("@!gpu"));
    assert_eq!(rows("-l app=x").0, 0);
    assert_eq!(rows("nothing-like-it").0, 0);
    assert!(Filter::parse("-l =", None).is_err());
}

fn causes_in(inventory: &Inventory, grid: &Grid) -> Vec<Cause> {
    let everywhere = Everywhere::default();
    causes(inventory, &Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere })
}

#[test]
fn only_affected_and_causes_show_what_is_wrong() {
    let mut inventory = pool(&[("a", ""), ("b", "")]);
    inventory.apply(ClusterEvent::DaemonSets(Change::Deleted(make_daemon_set(1, false, false, 0))));
    let grid = Grid::project(&inventory, &Lens { only_affected: true, ..Lens::default() });
    assert_eq!((grid.rows.len(), grid.columns.len()), (2, 2), "every pod is missing");
    let causes = causes_in(&inventory, &grid);
    assert_eq!(causes.iter().map(|cause| cause.cells.len()).collect::<Vec<_>>(), [2, 2]);
    let sets = Grid::project(&inventory, &Lens { row_order: Order::Name, ..Lens::default() });
    let first = inventory.row(sets.rows[0]).expect("known");
    assert_eq!(first.daemon_set.meta.key.name, "ds0");
}

#[test]
fn an_order_by_state_waits_while_it_is_held() {
    let mut inventory = pool(&[("a", ""), ("b", "")]);
    let lens = Lens::default();
    let mut grid = Grid::project(&inventory, &lens);
    let before = grid.rows.clone();
    // Every pod of ds0 arrives: it is no longer among the worst.
    for name in ["a", "b"] {
        let pod: Pod = read(json!({
            "metadata": {"name": name, "namespace": "default", "uid": name,
                "ownerReferences": [{"kind": "DaemonSet", "name": "ds0", "uid": "ds0", "controller": true}]},
            "spec": {"nodeName": name, "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(60)}]},
        }));
        let changed = inventory.apply(ClusterEvent::Pods(Change::Applied(pod)));
        assert!(changed.cells && !changed.columns);
        grid.refresh(&inventory, &lens, changed, true);
    }
    assert_eq!(grid.rows, before);
    grid.refresh(
        &inventory,
        &lens,
        dsgrid::domain::inventory::Changed { cells: true, ..Default::default() },
        false,
    );
    assert_eq!(grid.rows.last(), before.first());
}

#[test]
fn nothing_is_claimed_before_it_is_known() {
    let mut inventory = Inventory::new(now());
    let sets = vec![make_daemon_set(0, false, false, 0)];
    inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets)));
    inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![node("a", &[], &[])])));
    let (slot, _) = inventory.rows().next().expect("a row");
    assert_eq!(inventory.computed(slot), None);
    assert_eq!(shown(&inventory).0.values().next().expect("a cell").state.name(), "unknown");
    let elsewhere = Change::Replaced(Scope::Namespace(Text::new("other")), Vec::new());
    inventory.apply(ClusterEvent::Pods(elsewhere));
    assert_eq!(inventory.computed(slot), None, "another namespace's pods say nothing about this one");
    inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Namespace(Text::new("default")), Vec::new())));
    assert_eq!(inventory.computed(slot).expect("known").desired, 1);
    assert_eq!(shown(&inventory).0.values().next().expect("a cell").state.name(), "missing");
}

#[test]
fn denied_nodes_leave_what_pods_say() {
    let mut inventory = Inventory::new(now());
    let watch = Watch { kind: WatchKind::Nodes, scope: Scope::Cluster };
    inventory.apply(ClusterEvent::Link(watch, LinkState::Denied { why: Text::new("no") }));
    inventory.apply(ClusterEvent::DaemonSets(Change::Applied(make_daemon_set(0, false, false, 0))));
    let mut world = World::default();
    let step = ready_pod(1, 0, 3);
    inventory.apply(world.step(&step).expect("an event"));
    inventory
        .apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, world.pods.values().cloned().collect())));
    let (cells, ..) = shown(&inventory);
    assert_eq!(
        cells.iter().map(|((_, node), cell)| (node.as_str(), cell.state.name())).collect::<Vec<_>>(),
        [("n3", "ready")]
    );
}

#[test]
fn a_heartbeat_changes_nothing() {
    let mut inventory = pool(&[("a", "")]);
    let mut beating = node("a", &[], &[]);
    beating.meta.resource_version = Some(99);
    let changed = inventory.apply(ClusterEvent::Nodes(Change::Applied(beating)));
    assert!(!changed.any());
}

#[test]
fn an_older_version_of_a_pod_is_ignored() {
    let mut inventory = pool(&[("a", "")]);
    let pod = |version: &str, ready: &str| -> Pod {
        read(json!({"metadata": {"name": "p", "namespace": "default", "uid": "p", "resourceVersion": version,
            "ownerReferences": [{"kind": "DaemonSet", "name": "ds0", "uid": "ds0", "controller": true}]},
            "spec": {"nodeName": "a"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}))
    };
    inventory.apply(ClusterEvent::Pods(Change::Applied(pod("7", "True"))));
    inventory.apply(ClusterEvent::Pods(Change::Applied(pod("6", "False"))));
    let cell = |inventory: &Inventory| shown(inventory).0[&("ds0".to_owned(), "a".to_owned())];
    assert!(cell(&inventory).ready);
    inventory.apply(ClusterEvent::Pods(Change::Applied(pod("not a number", "False"))));
    assert!(!cell(&inventory).ready, "a version that cannot be compared is believed");
}

#[test]
fn a_watchs_own_list_is_believed_however_old_its_versions_are() {
    // As after a restart from a backup: the same objects, with other content and lower versions.
    let mut inventory = pool(&[("a", ""), ("b", "")]);
    let mut world = World::default();
    let put = |inventory: &mut Inventory, world: &World, version: u64, label: &str| {
        let mut pods: Vec<Pod> = world.pods.values().cloned().collect();
        for pod in &mut pods {
            pod.meta.resource_version = Some(version);
        }
        let mut nodes = vec![node("a", &[("pool", label)], &[])];
        for node in &mut nodes {
            node.meta.resource_version = Some(version);
        }
        inventory.apply(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes)));
        inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods)));
    };
    for (id, owner) in [(0, 0), (1, 1)] {
        inventory.apply(world.step(&ready_pod(id, owner, 0)).expect("an event"));
    }
    put(&mut inventory, &world, 900, "late");
    for pod in world.pods.values_mut() {
        pod.ready = false;
    }
    put(&mut inventory, &world, 3, "early");
    let (cells, ..) = shown(&inventory);
    assert!(!cells.is_empty() && cells.values().all(|cell| !cell.ready), "{cells:?}");
    let nodes = inventory.columns().filter_map(|(_, column)| column.node.as_ref());
    let labels: Vec<_> = nodes.map(|node| node.meta.labels.clone()).collect();
    assert_eq!(labels.len(), 1, "a node that is not listed is gone");
    assert!(format!("{labels:?}").contains("early"), "{labels:?}");
}

#[test]
fn a_lost_node_is_one_cause_however_many_sets_miss_it() {
    let mut inventory = pool(&[("a", ""), ("b", "")]);
    let mut world = World::default();
    for (id, owner) in [(0, 0), (1, 1), (2, 2)] {
        let step = ready_pod(id, owner, 9);
        inventory.apply(world.step(&step).expect("an event"));
    }
    let grid = Grid::project(&inventory, &Lens::default());
    let lost: Vec<usize> = causes_in(&inventory, &grid)
        .iter()
        .filter(|cause| cause.key.state().name() == "lost")
        .map(|cause| cause.cells.len())
        .collect();
    assert_eq!(lost, [3], "n9 does not exist, and three pods target it");
}

#[test]
fn sums_of_a_namespace_are_its_own() {
    let inventory = pool(&[("a", ""), ("b", "")]);
    let all = inventory.totals_in(None);
    assert_eq!((all.daemon_sets, all.nodes), (3, 2));
    assert_eq!(inventory.totals_in(Some(&Text::new("default"))).daemon_sets, 3);
    let other = inventory.totals_in(Some(&Text::new("other")));
    assert_eq!((other.daemon_sets, other.pods, other.nodes), (0, 0, 2), "nodes belong to no namespace");
}
