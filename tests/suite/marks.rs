//! Marks and groups: what is marked by which key, by identity, and what keys are about where a whole group is selected.

use dsgrid::app::{Action, Mark, Screen};
use dsgrid::app::{
    Capabilities, ColumnPlace, Focus, Model, Msg, RelabelStage, RowPlace, relabel_page, unavailable, update,
};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::id::Uid;
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::{Node, Pod};
use dsgrid::domain::text::Text;

use crate::support::monitor::{press, screen, synthetic, text};

/// Twelve nodes, a character each, by zone: 4 nodes in each of three.
fn matrix() -> Model {
    let mut model = synthetic(12, Capabilities::default());
    screen(&mut model, (120, 40));
    press(&mut model, "z<down><enter>");
    screen(&mut model, (120, 40));
    model
}

/// 300 nodes as bars, and a map of one row.
fn bars(width: u16) -> Model {
    let mut model = synthetic(300, Capabilities::default());
    screen(&mut model, (width, 40));
    model
}

fn group(label: &str) -> ColumnPlace {
    ColumnPlace::Group(Some(Text::new(label)))
}

/// The nodes that the editor is about, and its title.
fn edited(model: &mut Model) -> (Vec<String>, String) {
    press(model, "E");
    let title = relabel_page(model).expect("the editor").title;
    let RelabelStage::Editing(editor) = &model.relabel().expect("the editor").stage else { panic!() };
    let nodes = editor.nodes.iter().map(ToString::to_string).collect();
    press(model, "<esc>");
    (nodes, title)
}

fn zone(inventory: &Inventory, name: &str) -> Option<String> {
    let column = inventory.column_at(inventory.column_of(&name.into())?)?;
    column.node.as_ref()?.meta.labels.get("topology.kubernetes.io/zone").map(ToString::to_string)
}

#[test]
fn the_heading_of_a_group_is_above_its_nodes() {
    let mut model = matrix();
    press(&mut model, "g<tab><up>");
    assert_eq!(model.cursor().row, RowPlace::Header);
    let first = model.cursor().column.clone();
    press(&mut model, "<up>");
    assert_eq!(model.cursor().column, group("eu-1a"));
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("eu-1a  4 nodes by topology.kubernetes.io/zone, 4 Ready"), "{drawn}");
    press(&mut model, "<left><right>");
    assert_eq!(model.cursor().column, group("eu-1b"));
    let (nodes, title) = edited(&mut model);
    assert_eq!(nodes, ["node-00001", "node-00004", "node-00007", "node-00010"]);
    assert!(title.starts_with("labels and taints of 4 nodes of eu-1b in prod-eu-1"), "{title}");
    press(&mut model, " ");
    assert_eq!(model.marks().nodes().len(), 4);
    assert!(model.marks().iter().all(|mark| matches!(mark, Mark::Node(_))));
    press(&mut model, " <left><down>");
    assert_eq!((model.marks().len(), &model.cursor().column), (0, &first));
    // `v` from one group to another marks both, and `*` everything that is shown.
    press(&mut model, "<up>v<right>v");
    assert_eq!(model.marks().len(), 8);
    press(&mut model, "*");
    assert_eq!(model.marks().len(), 12);
    // Going down is into the group, going to the top is to the first row.
    press(&mut model, "<esc><esc><enter>");
    assert_eq!(model.cursor().column, ColumnPlace::Node("node-00001".into()));
    press(&mut model, "<up>g");
    assert!(matches!(model.cursor().row, RowPlace::DaemonSet(_)));
}

#[test]
fn a_bar_is_the_cells_of_a_group() {
    let mut model = bars(200);
    let counts = model.layout().columns.counters.columns().len();
    press(&mut model, &format!("j{}", "<right>".repeat(counts + 1)));
    assert_eq!((model.focus(), &model.cursor().column), (Focus::List, &group("eu-1a")));
    let drawn = text(&screen(&mut model, (200, 40)));
    assert!(drawn.contains("storage/broken-agent on eu-1a: 100 nodes: 25 failing, 75 ready"), "{drawn}");
    press(&mut model, "$ ");
    assert_eq!((model.marks().len(), &model.cursor().column), (100, &group("eu-1c")));
    let broken = Uid::new("broken-agent");
    assert!(model.marks().iter().all(|mark| matches!(mark, Mark::Cell(uid, _) if *uid == broken)));
    assert_eq!(unavailable(&model, Action::EditNodes), None);
    press(&mut model, " ");
    let (nodes, title) = edited(&mut model);
    assert!(nodes.len() == 100 && title.contains("100 nodes of eu-1c"), "{title}");
    assert!(nodes.iter().all(|name| zone(model.inventory(), name).as_deref() == Some("eu-1c")));
    // Where there are no bars, the cursor is back among the names.
    press(&mut model, "zg<enter>");
    assert_eq!(model.cursor().column, ColumnPlace::Name);
}

#[test]
fn the_label_of_a_group_in_the_map_stands_before_its_nodes() {
    let mut model = bars(80);
    press(&mut model, "<tab>0<left>");
    assert_eq!((model.focus(), &model.cursor().column), (Focus::Map, &group("eu-1a")));
    press(&mut model, "<down>");
    assert_eq!(model.cursor().column, group("eu-1b"));
    assert!(edited(&mut model).1.contains("100 nodes of eu-1b"));
    press(&mut model, "<right>");
    assert_eq!(model.cursor().column, ColumnPlace::Node("node-00001".into()));
    press(&mut model, "<left><left>");
    assert_eq!(model.cursor().column, ColumnPlace::Node("node-00297".into()), "the last of the group before");
    press(&mut model, "<right><left><tab>");
    assert_eq!((model.focus(), &model.cursor().column), (Focus::List, &ColumnPlace::Name));
}

#[test]
fn shift_and_arrows_mark_what_they_pass() {
    let mut model = matrix();
    press(&mut model, "g<tab><s-right><s-right>");
    assert_eq!(model.marks().nodes().len(), 3);
    press(&mut model, "<s-down>");
    assert_eq!((model.marks().len(), model.marks().nodes().len()), (4, 3));
    // In the other axis, and with the nodes as rows.
    press(&mut model, "<esc><esc>t<s-down><s-down>");
    assert_eq!(model.marks().nodes().len(), 3);
    // Names are marked as names.
    press(&mut model, "<esc><esc>tg0<s-down>");
    assert!(model.marks().iter().all(|mark| matches!(mark, Mark::DaemonSet(_))) && model.marks().len() == 2);
}

#[test]
fn lists_of_nodes_are_marked_line_by_line_or_all_at_once() {
    let mut model = matrix();
    // The nodes behind a number.
    press(&mut model, "g<right><enter>");
    assert!(matches!(model.screen().expect("the nodes").screen, Screen::Count { .. }));
    while !matches!(model.screen().and_then(|open| open.leads()), Some(Screen::Cell { .. })) {
        press(&mut model, "<down>");
    }
    press(&mut model, " ");
    assert_eq!(model.marks().len(), 1);
    assert_eq!(edited(&mut model).0.len(), 1);
    press(&mut model, "*");
    let marked = model.marks().len();
    assert!(marked > 1 && model.marks().iter().all(|mark| matches!(mark, Mark::Cell(..))), "{marked}");
    assert_eq!(edited(&mut model).0.len(), marked);
    // Where lines lead to causes, the cells of all of them.
    press(&mut model, "<esc><esc>!*");
    assert!(model.marks().len() > 1);
}

#[test]
fn marks_stay_on_their_nodes_when_everything_moves() {
    let mut model = matrix();
    press(&mut model, "g<tab><up> <right> ");
    let marked: Vec<String> = model.marks().nodes().into_iter().map(ToString::to_string).collect();
    assert_eq!(marked, ["node-00000", "node-00003"]);
    for keys in ["s", "zg<enter>", "t", "t", "x", "x"] {
        press(&mut model, keys);
        let now: Vec<String> = model.marks().nodes().into_iter().map(ToString::to_string).collect();
        assert_eq!(now, marked, "{keys}");
    }
    let drawn = text(&screen(&mut model, (120, 40)));
    assert!(drawn.contains("2 marked"), "{drawn}");
}

fn node(model: &Model, name: &str) -> Node {
    let slot = model.inventory().column_of(&name.into()).expect("it is there");
    model.inventory().column_at(slot).and_then(|column| column.node.clone()).expect("a node")
}

fn pods_on(model: &Model, name: &str) -> Vec<Pod> {
    let inventory = model.inventory();
    let all = inventory.rows().flat_map(|(slot, _)| inventory.pods_of(slot));
    all.filter(|pod| pod.node_name.as_ref().is_some_and(|node| node.as_str() == name)).cloned().collect()
}

#[test]
fn a_mark_never_outlives_its_object() {
    let mut model = matrix();
    press(&mut model, "g<tab><up>*");
    assert_eq!(model.marks().nodes().len(), 12);
    // A node that is gone, though its pods still stand in its column.
    let first = node(&model, "node-00005");
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Nodes(Change::Deleted(first.clone()))]));
    assert_eq!(model.marks().nodes().len(), 11);
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Nodes(Change::Applied(first))]));
    assert_eq!(model.marks().nodes().len(), 11, "what comes back is not marked");
    // Another node under the same name, in one breath.
    let mut other = node(&model, "node-00007");
    let before = other.clone();
    other.meta.uid = Uid::new("another");
    let events = [Change::Deleted(before), Change::Applied(other)].map(ClusterEvent::Nodes);
    update(&mut model, Msg::Cluster(events.to_vec()));
    assert_eq!(model.marks().nodes().len(), 10);
    assert_eq!(edited(&mut model).0.len(), 10);
    // A cell stays as long as its pods do.
    press(&mut model, "<esc><esc><down> ");
    let name = model.cursor().column.node().expect("a node").to_string();
    assert_eq!(model.marks().len(), 1);
    let gone = node(&model, &name);
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Nodes(Change::Deleted(gone))]));
    assert_eq!(model.marks().len(), 1);
    let pods = pods_on(&model, &name).into_iter();
    let events = pods.map(|pod| ClusterEvent::Pods(Change::Deleted(pod))).collect();
    update(&mut model, Msg::Cluster(events));
    assert!(model.marks().is_empty());
}
