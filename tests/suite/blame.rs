//! What causes blame and advise: nothing that is not known, nothing that cannot be done.

use dsgrid::app::{Capabilities, Model, Msg, Settings, update};
use dsgrid::domain::absence::Everywhere;
use dsgrid::domain::cause::{Cause, Scope as Looked, causes};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::grid::{Grid, Lens};
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::text::Text;
use serde_json::{Value, json};

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::monitor::{press, screen, text};

fn plain() -> Value {
    daemon_set_json(&json!({"containers": [{"name": "main"}]}))
}

fn denied(kind: WatchKind) -> ClusterEvent {
    let why = Text::new("forbidden");
    ClusterEvent::Link(Watch { kind, scope: Scope::Cluster }, LinkState::Denied { why })
}

/// One DaemonSet with these pods, on nodes that may not be read.
fn without_nodes(pods: Vec<Value>) -> Vec<ClusterEvent> {
    vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(plain())])),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pods.into_iter().map(read).collect())),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
        denied(WatchKind::Nodes),
    ]
}

fn inventory(events: Vec<ClusterEvent>) -> Inventory {
    let mut inventory = Inventory::new(now());
    for event in events {
        inventory.apply(event);
    }
    inventory
}

fn found(inventory: &Inventory) -> Vec<Cause> {
    let grid = Grid::project(inventory, &Lens::default());
    let everywhere = Everywhere::default();
    causes(inventory, &Looked { rows: &grid.rows, columns: &grid.columns, everywhere: &everywhere })
}

fn monitor(events: Vec<ClusterEvent>) -> Model {
    let settings = Settings { capabilities: Capabilities::default(), ..Settings::default() };
    let mut model = Model::new(settings, now());
    update(&mut model, Msg::Cluster(events));
    model
}

#[test]
fn where_nodes_may_not_be_read_nothing_is_said_of_them() {
    let hangs = with(pod_json("p0", "n0"), "/metadata/deletionTimestamp", json!(ago(300)));
    let unready = with(pod_json("p1", "n1"), "/status/conditions/0/status", json!("False"));
    let events = || without_nodes(vec![hangs.clone(), unready.clone()]);
    let causes = found(&inventory(events()));
    assert_eq!(causes.len(), 2, "{causes:?}");
    for cause in &causes {
        let told = format!("{} {}", cause.words, cause.step);
        assert!(told.contains("nodes may not be read"), "{told}");
        assert!(!told.contains("gone") && !told.contains("F "), "{told}");
    }
    let mut model = monitor(events());
    let header = text(&screen(&mut model, (120, 40)));
    assert!(header.lines().next().is_some_and(|line| line.contains("nodes not readable")), "{header}");
    press(&mut model, "!");
    assert!(!text(&screen(&mut model, (120, 40))).contains(" gone"));
}

#[test]
fn a_node_that_is_gone_is_called_gone() {
    let mut events = without_nodes(vec![pod_json("p0", "n0")]);
    events.pop();
    events.push(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![node("n1", &[], &[])])));
    assert!(found(&inventory(events)).iter().any(|cause| cause.words.starts_with("n0 gone")));
}
