//! Causes: every problem is told once and whole, in one order; and the screens that tell them.

use std::collections::BTreeSet;

use dsgrid::app::{Capabilities, Model, Msg, NodesOf, Screen, Settings, update};
use dsgrid::domain::absence::Everywhere;
use dsgrid::domain::alert::{Alert, finding};
use dsgrid::domain::cause::{Cause, CauseKey, Scope as Looked, causes};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::grid::{Grid, Lens};
use dsgrid::domain::id::{NodeName, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{Node, Pod};
use dsgrid::domain::progress::Progress;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::monitor::{answer, links, press, screen, synthetic, text};

const POOLS: [&str; 3] = ["m5", "c5", "gpu"];

/// How a node or the pod on it is.
#[derive(Clone, Copy, Debug)]
struct Fate {
    pool: usize,
    /// 0: well, 1: not ready, 2: tainted, 3: gone.
    node: u8,
    /// 0: well, 1: crashing, 2: not ready, 3: none, 4: unschedulable, 5: being deleted for long, 6: outdated.
    pod: u8,
}

fn fate() -> impl Strategy<Value = Fate> {
    let (node, pod) =
        (prop_oneof![6 => Just(0_u8), 3 => 1..4_u8], prop_oneof![4 => Just(0_u8), 6 => 1..7_u8]);
    (0..POOLS.len(), node, pod).prop_map(|(pool, node, pod)| Fate { pool, node, pod })
}

fn made_node(name: &str, fate: Fate) -> Node {
    let taints: &[&str] = if fate.node == 2 { &["x=y:NoSchedule"] } else { &[] };
    let mut node = node(name, &[("pool", POOLS[fate.pool])], taints);
    node.meta.created = Some(ago(86_400).parse().expect("a time"));
    if fate.node == 1 {
        let silent = json!({"metadata": {"name": "x"}, "status": {"conditions":
            [{"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(600)}]}});
        node.conditions = read::<Node>(silent).conditions;
    }
    node
}

fn made_pod(set: &str, name: &str, fate: u8) -> Option<Pod> {
    let pod = pod_json(&format!("{set}-{name}"), name);
    let pod = with(pod, "/metadata/ownerReferences/0/uid", json!(set));
    let unready = |pod| with(pod, "/status/conditions/0/status", json!("False"));
    let pod = match fate {
        1 => {
            let state = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            with(unready(pod), "/status/containerStatuses/0/state", state)
        }
        2 => unready(pod),
        3 => return None,
        4 => {
            let says = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0/9 nodes are available: 1 Insufficient cpu, 8 node(s) didn't satisfy plugin(s) [NodeAffinity]."});
            let mut pod =
                with(with(unready(pod), "/status/conditions/1", says), "/status/phase", json!("Pending"));
            pod["spec"].as_object_mut().expect("an object").remove("nodeName");
            pod["status"].as_object_mut().expect("an object").remove("containerStatuses");
            pod
        }
        // The two words that the kubelet has for an image that does not come, try after try.
        7 | 8 => {
            let reason = if fate == 7 { "ErrImagePull" } else { "ImagePullBackOff" };
            let state = json!({"waiting": {"reason": reason}});
            with(unready(pod), "/status/containerStatuses/0/state", state)
        }
        5 => with(pod, "/metadata/deletionTimestamp", json!(ago(300))),
        6 => with(pod, "/metadata/labels/pod-template-generation", json!("1")),
        _ => pod,
    };
    Some(read(pod))
}

fn cluster(fates: &[(Fate, u8)]) -> Inventory {
    let sets = ["a", "b"];
    let named = || fates.iter().enumerate().map(|(at, fate)| (format!("n{at:02}"), *fate));
    let set = |name: &str| {
        let set =
            with(daemon_set_json(&json!({"containers": [{"name": "main"}]})), "/metadata/uid", json!(name));
        read(with(set, "/metadata/name", json!(name)))
    };
    let pods = named().flat_map(|(name, (fate, other))| {
        [made_pod(sets[0], &name, fate.pod), made_pod(sets[1], &name, other)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    });
    let nodes =
        named().filter(|(_, (fate, _))| fate.node != 3).map(|(name, (fate, _))| made_node(&name, fate));
    let mut inventory = Inventory::new(now());
    for event in [
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, sets.map(set).into())),
        ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, nodes.collect())),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods.collect())),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
    ] {
        inventory.apply(event);
    }
    inventory
}

fn all(inventory: &Inventory) -> Vec<Cause> {
    let grid = Grid::project(inventory, &Lens::default());
    let everywhere = Everywhere::default();
    causes(inventory, &Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere })
}

/// Told of a DaemonSet as a whole: its cells have their own causes as well.
fn is_of_row(key: &CauseKey) -> bool {
    matches!(key, CauseKey::Stuck(_) | CauseKey::Paused(_) | CauseKey::Waiting(_) | CauseKey::Fell(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_problem_cell_has_exactly_one_cause(fates in prop::collection::vec((fate(), 0..7_u8), 1..24)) {
        let inventory = cluster(&fates);
        let causes = all(&inventory);
        let mut problems = 0;
        for (slot, row) in inventory.rows() {
            for (column, named) in inventory.columns() {
                let is_problem = row.cell(column).is_some_and(|cell| cell.problem);
                let own = causes.iter().filter(|cause| !is_of_row(&cause.key));
                let told = own.filter(|cause| cause.cells.contains(&(slot, column))).count();
                problems += usize::from(is_problem);
                if is_problem {
                    prop_assert_eq!(told, 1, "{} {}", &row.daemon_set.meta.key, &named.name);
                }
            }
        }
        let sum: u32 = inventory.rows().map(|(_, row)| row.tally.problems).sum();
        prop_assert_eq!(problems, usize::try_from(sum).expect("small"));
    }

    #[test]
    fn causes_count_what_they_name_and_have_one_order(fates in prop::collection::vec((fate(), 0..7_u8), 1..24)) {
        let inventory = cluster(&fates);
        let found = all(&inventory);
        let keys: BTreeSet<&CauseKey> = found.iter().map(|cause| &cause.key).collect();
        prop_assert_eq!(keys.len(), found.len(), "a key is a cause");
        for cause in &found {
            let cells: BTreeSet<_> = cause.cells.iter().collect();
            prop_assert_eq!(cells.len(), cause.cells.len(), "{}: a cell once", &cause.words);
            let nodes: BTreeSet<&NodeName> = cause.nodes.iter().collect();
            let of_cells: BTreeSet<&NodeName> =
                cause.cells.iter().filter_map(|(_, column)| Some(&inventory.column_at(*column)?.name)).collect();
            prop_assert_eq!(nodes.len(), cause.nodes.len());
            prop_assert_eq!(nodes, of_cells);
            let sets: BTreeSet<_> = cause.sets.iter().collect();
            prop_assert!(cause.cells.iter().all(|(row, _)| sets.contains(row)));
            prop_assert!(!cause.words.is_empty() && !cause.step.is_empty());
        }
        prop_assert!(found.is_sorted_by_key(|cause| cause.key.weight()), "problems before the rest");
        // The order does not depend on the order in which the grid stands.
        let grid = Grid::project(&inventory, &Lens::default());
        let (rows, columns): (Vec<_>, Vec<_>) =
            (grid.rows.iter().rev().copied().collect(), grid.columns.iter().rev().copied().collect());
        let everywhere = Everywhere::default();
        let turned = causes(&inventory, &Looked { rows: &rows, columns: &columns, everywhere: &everywhere });
        let order = |causes: &[Cause]| causes.iter().map(|cause| cause.key.clone()).collect::<Vec<_>>();
        prop_assert_eq!(order(&turned), order(&found));
    }

    #[test]
    fn what_nodes_share_is_true_of_those_counted(fates in prop::collection::vec((fate(), 0..7_u8), 1..40)) {
        let inventory = cluster(&fates);
        for cause in all(&inventory) {
            for shared in cause.shared(&inventory) {
                let words = shared.to_string();
                // `11 of 12 in pool=m5, 0 elsewhere`: counted again by hand.
                let Some((_, rest)) = words.split_once(" in pool=") else { continue };
                let pool: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                let numbers: Vec<usize> = words.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
                let in_pool = |name: &NodeName| {
                    let at: usize = name.as_str()[1..].parse().expect("a number");
                    POOLS[fates[at].0.pool] == pool && fates[at].0.node != 3
                };
                let hit = cause.nodes.iter().filter(|name| in_pool(name)).count();
                prop_assert_eq!(numbers[0], hit, "{}", words);
            }
        }
    }
}

#[test]
fn an_image_that_does_not_come_is_one_cause_whatever_the_kubelet_calls_it_just_now() {
    let well = Fate { pool: 0, node: 0, pod: 0 };
    let (pulling, waiting) = (Fate { pod: 7, ..well }, Fate { pod: 8, ..well });
    let found = all(&cluster(&[(pulling, 0), (waiting, 0), (pulling, 0), (well, 0)]));
    let failing: Vec<_> =
        found.iter().filter(|cause| matches!(cause.key, CauseKey::Failing { .. })).collect();
    assert_eq!(failing.len(), 1, "{found:?}");
    assert!(failing[0].words.contains("ImagePullBackOff") && failing[0].nodes.len() == 3, "{failing:?}");
}

fn monitor(nodes: usize) -> Model {
    synthetic(nodes, Capabilities::default())
}

fn at_every_size(name: &str, model: &mut Model) {
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let drawn = text(&screen(model, (width, height)));
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), drawn);
    }
}

fn nodes_denied() -> ClusterEvent {
    let why = Text::new("nodes is forbidden: User \"dev\" cannot list resource \"nodes\" in API group \"\"");
    ClusterEvent::Link(Watch { kind: WatchKind::Nodes, scope: Scope::Cluster }, LinkState::Denied { why })
}

/// The made-up cluster seen by somebody who may not list nodes; its DaemonSets want more nodes than have pods.
fn without_nodes() -> Model {
    let mut model = crate::support::monitor::silent(Capabilities::default());
    let mut events = crate::support::monitor::synthetic_events(12);
    events.remove(2);
    if let Some(ClusterEvent::DaemonSets(Change::Replaced(_, sets))) = events.first_mut() {
        for set in sets {
            set.status.desired += 3;
        }
    }
    events.push(nodes_denied());
    update(&mut model, Msg::Cluster(events));
    model
}

#[test]
fn problems_and_a_cause_at_every_size() {
    let mut model = monitor(150);
    screen(&mut model, (120, 40));
    press(&mut model, "!");
    at_every_size("problems", &mut model);
    press(&mut model, "<enter>");
    at_every_size("cause", &mut model);
}

#[test]
fn what_an_alert_says_at_every_size() {
    let settings = Settings {
        context: Text::new("prod-eu-1"),
        start_at: Some(Text::new("logging/fluent-bit")),
        alert: Some(Alert::RolloutStuck),
        ..Settings::default()
    };
    let mut model = Model::new(settings, now());
    let mut events = crate::support::monitor::synthetic_events(150);
    if let Some(ClusterEvent::DaemonSets(Change::Replaced(_, sets))) = events.first_mut() {
        for set in sets.iter_mut().filter(|set| set.meta.key.name == *"fluent-bit") {
            (set.status.up_to_date, set.status.available) = (9, 134);
        }
    }
    update(&mut model, Msg::Cluster(events));
    at_every_size("alert", &mut model);
}

#[test]
fn what_may_not_be_read_is_named_with_the_role_to_ask_for() {
    let mut model = without_nodes();
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("15 wanted, 12 columns: 3 nodes you cannot see"), "{drawn}");
    assert!(drawn.contains("3 NOT SEEN"), "{drawn}");
    press(&mut model, "!/may not be read<enter><enter>");
    at_every_size("rights", &mut model);
    let copied = press(&mut model, "c");
    let is_role = |effect: &dsgrid::app::Effect| {
        matches!(effect, dsgrid::app::Effect::CopyToClipboard(text)
            if text.contains("kind: ClusterRole") && text.contains("resources: [nodes]"))
    };
    assert!(copied.iter().any(is_role), "{copied:?}");
}

#[test]
fn lines_of_a_daemon_set_lead_to_their_nodes() {
    let mut model = monitor(12);
    screen(&mut model, (120, 40));
    let open = |model: &mut Model, search: &str| {
        press(model, &format!("/{search}<enter><enter>"));
        model.screen().map(|open| (open.screen.clone(), open.page.lines.len()))
    };
    press(&mut model, "/dcgm<enter>0d");
    let (left_out, lines) = open(&mut model, "by selector").expect("a screen");
    assert!(
        matches!(&left_out, Screen::Nodes { of: NodesOf::LeftOut(what), .. } if what == "selector pool=gpu"),
        "{left_out:?}"
    );
    assert!(lines > 10, "eleven nodes");
    at_every_size("left-out", &mut model);
    press(&mut model, "<esc><esc><esc><esc>/cni<enter>0d");
    let (old, _) = open(&mut model, "hash cni-r2").expect("a screen");
    assert!(
        matches!(&old, Screen::Nodes { of: NodesOf::Revision(hash), .. } if hash.as_str() == "cni-r2"),
        "{old:?}"
    );
    let uid = Uid::new("cni");
    assert!(matches!(&old, Screen::Nodes { daemon_set, .. } if *daemon_set == uid));
}

/// Each clause of each alert, by the controller's own counters, with the nodes behind it by ours.
#[test]
fn each_clause_of_an_alert_holds_or_does_not() {
    let well = ["desired", "current", "ready", "up_to_date", "available"];
    for (alert, counter, value, clause) in [
        (Alert::RolloutStuck, "", 0, None),
        (Alert::RolloutStuck, "current", 2, Some("current 2 is not desired 3")),
        (Alert::RolloutStuck, "misscheduled", 1, Some("misscheduled 1 is not 0")),
        (Alert::RolloutStuck, "up_to_date", 1, Some("updated 1 is not desired 3")),
        (Alert::RolloutStuck, "available", 0, Some("available 0 is not desired 3")),
        (Alert::RolloutStuck, "ready", 0, None),
        (Alert::NotScheduled, "", 0, None),
        (Alert::NotScheduled, "current", 1, Some("current 1 is not desired 3")),
        (Alert::NotScheduled, "available", 1, None),
        (Alert::MisScheduled, "", 0, None),
        (Alert::MisScheduled, "misscheduled", 2, Some("misscheduled 2 is not 0")),
        (Alert::MisScheduled, "current", 0, None),
    ] {
        let well_fate = (Fate { pool: 0, node: 0, pod: 0 }, 0);
        let mut inventory = cluster(&[well_fate, well_fate, well_fate]);
        let mut set = inventory.rows().next().map(|(_, row)| row.daemon_set.clone()).expect("a row");
        for name in well.iter().copied().chain([counter]) {
            let number = if name == counter { value } else { 3 };
            match name {
                "desired" => set.status.desired = number,
                "current" => set.status.current = number,
                "ready" => set.status.ready = number,
                "up_to_date" => set.status.up_to_date = number,
                "available" => set.status.available = number,
                "misscheduled" => set.status.misscheduled = number,
                _ => {}
            }
        }
        let uid = set.meta.uid.clone();
        inventory.apply(ClusterEvent::DaemonSets(Change::Applied(set)));
        let slot = inventory.row_of(&uid).expect("a row");
        let found = finding(&inventory, slot, alert, &Progress::default()).expect("a finding");
        let words: Vec<&str> = found.clauses.iter().map(|clause| clause.words.as_str()).collect();
        assert_eq!(words, clause.into_iter().collect::<Vec<_>>(), "{alert} {counter}");
        assert_eq!(found.holds(now()), clause.is_some(), "{alert} {counter}");
        let told = clause.unwrap_or("none of its clauses holds now");
        assert!(found.lines(now())[0].starts_with(told));
    }
}

fn relabelled() -> Value {
    json!({"metadata": {"name": "n00", "labels": {"pool": "m5"}, "managedFields": [
        {"manager": "ansible", "operation": "Update", "time": ago(120), "fieldsType": "FieldsV1",
         "fieldsV1": {"f:metadata": {"f:labels": {"f:pool": {}}}}}]}})
}

/// An incident must not look green: forty nodes lose a label.
#[test]
fn forty_nodes_without_a_label_are_seen_on_every_screen() {
    let labels = |at: usize| [("role", "worker"), ("pool", if at < 40 { "m5" } else { "c5" })];
    let aged = |at: usize, labels: &[(&str, &str)]| {
        let mut node = node(&format!("n{at:02}"), labels, &[]);
        node.meta.created = Some(ago(86_400).parse().expect("a time"));
        node
    };
    let spec = json!({"nodeSelector": {"role": "worker"}, "containers": [{"name": "main"}]});
    let set = |desired: u32| {
        let mut set: dsgrid::domain::object::DaemonSet = read(daemon_set_json(&spec));
        let status = &mut set.status;
        (status.desired, status.current, status.ready) = (desired, desired, desired);
        (status.up_to_date, status.available) = (desired, desired);
        set
    };
    let settings = Settings { context: Text::new("prod-eu-1"), ..Settings::default() };
    let mut model = Model::new(settings, now());
    let mut events = vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![set(60)])),
        ClusterEvent::Nodes(Change::Replaced(
            Scope::Cluster,
            (0..60).map(|at| aged(at, &labels(at))).collect(),
        )),
        ClusterEvent::Pods(Change::Replaced(
            Scope::Cluster,
            (0..60).map(|at| read(pod_json(&format!("p{at:02}"), &format!("n{at:02}")))).collect(),
        )),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
    ];
    events.extend(links(&LinkState::Live { since: now() }));
    events.extend((0..40).map(|at| ClusterEvent::Nodes(Change::Applied(aged(at, &[("pool", "m5")])))));
    events.extend((0..40).map(|at| {
        ClusterEvent::Pods(Change::Deleted(read(pod_json(&format!("p{at:02}"), &format!("n{at:02}")))))
    }));
    events.push(ClusterEvent::DaemonSets(Change::Applied(set(20))));
    update(&mut model, Msg::Cluster(events));
    for size in [(80, 24), (120, 40)] {
        let drawn = text(&screen(&mut model, size));
        let header = drawn.lines().next().expect("a header");
        assert!(header.contains("40 UNCOVERED"), "{header}");
    }
    at_every_size("fell-grid", &mut model);
    let effects = press(&mut model, "!<enter>");
    answer(&mut model, effects, |inquiry| match inquiry {
        Inquiry::Object(_) => Some(Answer::Object(Some(RawObject::new(relabelled())))),
        _ => None,
    });
    at_every_size("fell", &mut model);
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("ansible"), "who changed the labels is named: {drawn}");
}
