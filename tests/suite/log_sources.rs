//! Logs by where they come from: marks, causes, nodes; two nodes side by side; runs that follow each other.

use dsgrid::app::logs::Side;
use dsgrid::app::{Capabilities, Model, Msg, update};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::log::{LogEnd, LogNews, LogRequest, StreamId};
use serde_json::json;

use super::logs::{at, closed, hear, hear_lines, logs_of, opened, rows};
use crate::support::build::read;
use crate::support::monitor::{pod, press, screen, synthetic, text};

/// Where the made-up cluster keeps broken-agent.
const BROKEN_AGENT: usize = 7;

/// A monitor whose cursor is on a node of a DaemonSet.
pub(super) fn on_cell(name: &str, node: &str, nodes: usize) -> Model {
    let mut model = synthetic(nodes, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, &format!("/{name}<enter>$"));
    while model.cursor().column.node().is_none_or(|at| at.as_str() != node) {
        press(&mut model, "<left>");
    }
    model
}

fn nodes_of(streams: &[(StreamId, LogRequest)]) -> Vec<String> {
    streams.iter().map(|(_, request)| request.pod.key.name.to_string()).collect()
}

/// The logs of a crashing node beside those of a healthy one, with lines of both.
pub(super) fn side_by_side() -> (Model, StreamId, StreamId) {
    let mut model = on_cell("broken-agent", "node-00001", 8);
    press(&mut model, "L");
    for (id, _) in opened(&press(&mut model, "=")) {
        hear_lines(&mut model, id, &[(0, "open /var/log: permission denied")]);
        hear(&mut model, id, LogNews::Ended(LogEnd::Complete));
    }
    let streams = opened(&press(&mut model, "="));
    assert_eq!(streams.len(), 2, "{streams:?}");
    let of =
        |is_ill: bool| streams.iter().find(|(_, request)| request.previous == is_ill).expect("one of each").0;
    let (ill, healthy) = (of(true), of(false));
    hear_lines(&mut model, ill, &[(1_000, "ill starts"), (3_000, "ill: permission denied")]);
    hear(&mut model, ill, LogNews::Ended(LogEnd::Complete));
    let said: Vec<(i64, String)> = (0..60).map(|n| (n * 500, format!("well {n}"))).collect();
    let said: Vec<(i64, &str)> = said.iter().map(|(millis, text)| (*millis, text.as_str())).collect();
    hear_lines(&mut model, healthy, &said);
    (model, ill, healthy)
}

#[test]
fn two_nodes_are_side_by_side_at_the_same_time() {
    let (mut model, ..) = side_by_side();
    let shown = text(&screen(&mut model, (120, 40)));
    insta::assert_snapshot!("logs-beside-120x40", shown);
    // The ill one ended 3 s after the beginning: the healthy one is shown up to then.
    assert!(shown.contains("well 6") && !shown.contains("well 7"), "{shown}");
    press(&mut model, "<tab>");
    assert_eq!(model.logs().unwrap().split().unwrap().0.side, Side::Healthy);
    assert_eq!(&*model.logs().unwrap().current().unwrap().text, "well 59", "it follows");
    press(&mut model, "g");
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("well 0") && shown.contains("permission denied"), "{shown}");
    press(&mut model, "/permission<enter>");
    assert_eq!(model.logs().unwrap().split().unwrap().0.side, Side::Ill, "a match is gone to where it is");
}

#[test]
fn on_narrow_screens_one_is_over_the_other() {
    let (mut model, ..) = side_by_side();
    update(&mut model, Msg::Resized(80, 24));
    press(&mut model, "<tab>g");
    assert_eq!(&*model.logs().unwrap().current().unwrap().text, "well 0");
    press(&mut model, "<tab>G");
    let shown = text(&screen(&mut model, (80, 24)));
    insta::assert_snapshot!("logs-beside-80x24", shown);
    assert!(shown.contains("well 6") && !shown.contains("well 7"), "{shown}");
}

#[test]
fn where_two_do_not_fit_their_lines_are_merged_and_the_healthy_one_is_named() {
    let (mut model, ..) = side_by_side();
    let shown = text(&screen(&mut model, (50, 12)));
    assert!(model.logs().unwrap().split().is_none());
    insta::assert_snapshot!("logs-beside-50x12", shown);
}

#[test]
fn one_step_back_from_two_nodes_leads_to_the_comparison() {
    let (mut model, ..) = side_by_side();
    assert!(model.logs().unwrap().has_times, "two nodes are compared by time");
    let effects = press(&mut model, "<esc>");
    assert!(!model.logs().unwrap().has_times, "as it was before");
    assert_eq!(closed(&effects), 1, "the healthy one; the other has ended: {effects:?}");
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("Last words before the end, 1 node"), "{shown}");
    assert!(shown.contains("1 node: open /var/log: permission denied"), "{shown}");
    press(&mut model, "<esc><esc>");
    assert!(model.logs().is_none());
}

#[test]
fn where_nothing_ended_the_node_is_set_beside_a_healthy_one_at_once() {
    let mut model = on_cell("node-exporter", "node-00001", 8);
    press(&mut model, "L");
    let streams = opened(&press(&mut model, "="));
    assert_eq!(streams.len(), 2, "{streams:?}");
    let beside = model.logs().unwrap().beside.clone().unwrap();
    assert_eq!(beside.ill.as_str(), "node-00001");
    assert_ne!(beside.healthy, beside.ill);
    press(&mut model, "<esc>");
    assert!(model.logs().is_some_and(|view| view.beside.is_none()), "back to the one");
}

#[test]
fn marked_cells_are_read_together() {
    let mut model = on_cell("node-exporter", "node-00005", 8);
    press(&mut model, " <left> ");
    assert_eq!(model.marks().len(), 2);
    let streams = opened(&press(&mut model, "L"));
    assert_eq!(nodes_of(&streams), ["node-exporter-00004", "node-exporter-00005"]);
}

#[test]
fn the_logs_of_a_cause_begin_with_how_its_containers_ended() {
    let mut model = synthetic(40, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, "!");
    let problems = text(&screen(&mut model, (120, 40)));
    let lines: Vec<&str> = problems.lines().collect();
    let at = lines.iter().position(|line| line.contains("broken-agent")).expect(&problems);
    for _ in 0..lines.len() {
        if text(&screen(&mut model, (120, 40))).lines().nth(at).is_some_and(|line| line.starts_with('>')) {
            break;
        }
        press(&mut model, "<down>");
    }
    // On its line in the list, and on its own page.
    let mut of_list = Vec::new();
    for keys in ["L", "<enter>L"] {
        let mut asked = opened(&press(&mut model, keys));
        let shown = rows(&mut model).join("\n");
        assert!(shown.contains("Last words before the end"), "{keys}: {shown}");
        asked.retain(|(_, request)| request.bytes.is_some());
        assert_eq!(asked.len(), 10, "{keys}: {asked:?}");
        if of_list.is_empty() {
            of_list = nodes_of(&asked);
        }
        assert_eq!(nodes_of(&asked), of_list);
        press(&mut model, "qq");
    }
}

#[test]
fn the_pods_of_one_node_are_told_apart_by_their_daemon_sets() {
    let mut model = synthetic(3, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, "o");
    if model.logs().is_none() {
        press(&mut model, "<esc>$o");
    }
    let streams = opened(&press(&mut model, "gL"));
    assert!(streams.len() > 2, "{streams:?}");
    for (n, (id, _)) in (0..).zip(&streams) {
        hear_lines(&mut model, *id, &[(n, "a word")]);
    }
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("node-exporter a word") || shown.contains("node-exporter  "), "{shown}");
}

#[test]
fn the_next_run_that_ends_is_read_after_a_separator_and_the_title_stays_true() {
    let mut model = on_cell("broken-agent", "node-00001", 8);
    let (id, _) = opened(&press(&mut model, "L"))[0].clone();
    hear_lines(&mut model, id, &[(-95_500, "first run")]);
    hear(&mut model, id, LogNews::Ended(LogEnd::Complete));
    assert!(opened(&update(&mut model, Msg::Ticked(at(1_500)))).is_empty(), "nothing new ended");
    let mut again = pod(BROKEN_AGENT, 1);
    let status = &mut again["status"]["containerStatuses"][0];
    status["lastState"] = json!({"terminated": {"exitCode": 2, "finishedAt": at(2_000)}});
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Pods(Change::Applied(read(again)))]));
    let effects = update(&mut model, Msg::Ticked(at(4_000)));
    assert!(matches!(&opened(&effects)[..], [(same, request)] if *same == id && request.previous));
    hear_lines(&mut model, id, &[(1_000, "second run")]);
    let shown = rows(&mut model).join("\n");
    let place = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"));
    assert!(place("first run") < place("ran again, until exit 2 at 03:04:07Z"));
    assert!(place("ran again") < place("second run"));
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("previous run, exit 2, 2s ago"), "{shown}");
}

#[test]
fn what_was_refused_does_not_let_the_next_ones_crowd_in() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    for (id, _) in &streams {
        hear(&mut model, *id, LogNews::Ended(LogEnd::Denied("forbidden".into())));
    }
    assert!(opened(&update(&mut model, Msg::Ticked(at(5_000)))).is_empty());
    let effects = hear(&mut model, streams[0].0, LogNews::Ended(LogEnd::Gone));
    assert_eq!(opened(&effects).len(), 1, "a pod that is gone leaves its place");
}
