//! Logs as people read them: what is found, what is waited for, how one gets back, what is said about it.

use dsgrid::app::{Capabilities, Colour, Msg, update};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::log::{LogEnd, LogNews};
use serde_json::json;

use super::log_sources::{on_cell, side_by_side};
use super::logs::{NODE_EXPORTER, at, hear, hear_lines, logs_of, opened, rows, said};
use crate::support::build::read;
use crate::support::monitor::{pod, press, screen, styles, synthetic, text};

const FOLDED: &str = r#"{"level":"warn","msg":"upstream refused","attempt":208633}"#;

#[test]
fn what_is_searched_for_is_what_stands_on_the_screen() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    hear_lines(&mut model, streams[0].0, &[(0, "hay"), (1, FOLDED)]);
    assert!(rows(&mut model).join("\n").contains("WARN  upstream refused  attempt=208633"));
    press(&mut model, r"/refused +attempt=\d+<enter>");
    assert_eq!(model.logs().unwrap().found(), 1);
    hear_lines(&mut model, streams[1].0, &[(2, FOLDED)]);
    assert_eq!(model.logs().unwrap().found(), 2, "of lines that come, too");
    press(&mut model, "x");
    assert_eq!(model.logs().unwrap().found(), 0, "spread it stands otherwise");
    press(&mut model, "xx/\"attempt\":<enter>");
    assert_eq!(model.logs().unwrap().found(), 2, "as the line came it is found as well");
}

#[test]
fn a_rare_line_can_be_waited_for() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    hear_lines(&mut model, streams[0].0, &[(0, "hay")]);
    press(&mut model, "&");
    assert_eq!(model.notice().unwrap().text, "/ searches first");
    press(&mut model, "/rare<enter>&");
    assert_eq!(model.notice().unwrap().text, "waiting for lines that match /rare");
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("no line matches yet") && !shown.contains("hay"), "{shown}");
    press(&mut model, "--");
    hear_lines(&mut model, streams[0].0, &[(1, "more hay"), (2, "a rare line"), (3, "hay again")]);
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("a rare line") && !shown.contains("hay"), "{shown}");
}

#[test]
fn q_goes_one_step_back_as_esc_does() {
    let (mut model, ..) = side_by_side();
    press(&mut model, "q");
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("Last words before the end, 1 node"), "{shown}");
    press(&mut model, "q");
    assert!(model.logs().is_some_and(|view| view.compare.is_none()), "the log under it");
    press(&mut model, "q");
    assert!(model.logs().is_none());
}

#[test]
fn errors_are_at_least_as_strong_as_warnings_without_colours() {
    let mono = Capabilities { colour: Colour::Mono, ..Capabilities::default() };
    for capabilities in [Capabilities::default(), mono] {
        let mut model = synthetic(3, capabilities);
        let streams = opened(&press(&mut model, "/node-exporter<enter>L"));
        hear_lines(&mut model, streams[0].0, &[(0, "level=warn"), (1, "level=error"), (2, "level=info")]);
        let buffer = screen(&mut model, (120, 40));
        let look = |word: &str| {
            let row = text(&buffer).lines().position(|line| line.contains(word)).expect(word);
            let column = text(&buffer).lines().nth(row).and_then(|line| line.find(word)).expect(word);
            let look = styles(&buffer).lines().nth(row).and_then(|line| line.chars().nth(column));
            " by_R".find(look.unwrap_or(' ')).unwrap_or_else(|| panic!("{word}: {look:?}"))
        };
        let looks = ["level=info", "level=warn", "level=error"].map(look);
        assert!(looks.is_sorted() && looks[0] < looks[1] && looks[1] < looks[2], "{looks:?}");
    }
}

#[test]
fn two_nodes_side_by_side_keep_their_runs() {
    let (mut model, ..) = side_by_side();
    for _ in 0..2 {
        assert!(opened(&press(&mut model, "p")).is_empty());
        assert!(model.notice().unwrap().text.contains("keep their runs"));
    }
    // A pod that is ready again, and was read in its previous run.
    let mut model = on_cell("node-exporter", "node-00001", 8);
    let mut recovered = pod(NODE_EXPORTER, 1);
    let status = &mut recovered["status"]["containerStatuses"][0];
    status["restartCount"] = json!(1);
    status["lastState"] = json!({"terminated": {"exitCode": 1, "finishedAt": at(-9_000)}});
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Pods(Change::Applied(read(recovered)))]));
    assert!(opened(&press(&mut model, "p"))[0].1.previous);
    let asked = opened(&press(&mut model, "="));
    hear_lines(&mut model, asked[0].0, &[(-9_000, "it ended so")]);
    hear(&mut model, asked[0].0, LogNews::Ended(LogEnd::Complete));
    let runs: Vec<(String, bool)> = opened(&press(&mut model, "="))
        .iter()
        .map(|(_, request)| (request.pod.key.name.to_string(), request.previous))
        .collect();
    assert!(runs.contains(&("node-exporter-00001".to_owned(), true)), "{runs:?}");
    assert_eq!(runs.iter().filter(|(_, previous)| *previous).count(), 1, "{runs:?}");
    assert!(text(&screen(&mut model, (120, 40))).contains("previous run, exit 1"));
}

#[test]
fn pods_of_several_daemon_sets_are_counted_as_pods_and_the_node_is_named() {
    let mut model = synthetic(6, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, "g$<up>");
    let node = model.cursor().column.node().expect("a heading").clone();
    let streams = opened(&press(&mut model, "L"));
    let pods = streams.iter().filter(|(_, request)| request.bytes.is_none()).count();
    press(&mut model, "<esc>");
    let title = text(&screen(&mut model, (120, 40))).lines().nth(1).unwrap_or_default().to_owned();
    assert!(title.contains(&format!("logs of node {node}  {pods} pods")), "{title}");
    press(&mut model, "q*");
    press(&mut model, "L<esc>");
    let title = text(&screen(&mut model, (120, 40))).lines().nth(1).unwrap_or_default().to_owned();
    assert!(!title.contains("nodes"), "{title}");
}

#[test]
fn how_many_are_shown_is_not_lost_to_a_long_name() {
    let (mut model, _) = logs_of("node-local-dns-with-a-rather-long-name", 60);
    for (width, height) in [(80, 24), (120, 40)] {
        let title = text(&screen(&mut model, (width, height))).lines().nth(1).unwrap_or_default().to_owned();
        assert!(title.contains("16 of 60 nodes shown"), "{title}");
        assert!(!title.contains("outdated"), "none is: {title}");
        press(&mut model, "/nothing<enter>&");
        let title = text(&screen(&mut model, (width, height))).lines().nth(1).unwrap_or_default().to_owned();
        assert!(title.contains("16 of 60 nodes shown") && title.contains("only 0 matches"), "{title}");
        press(&mut model, "<esc>");
    }
}

#[test]
fn what_ended_does_not_follow() {
    let (mut model, ..) = side_by_side();
    let mut title = || text(&screen(&mut model, (120, 40))).lines().nth(1).unwrap_or_default().to_owned();
    assert!(title().contains(" ended "), "{}", title());
    press(&mut model, "<tab>");
    let title = text(&screen(&mut model, (120, 40))).lines().nth(1).unwrap_or_default().to_owned();
    assert!(title.contains(" following "), "{title}");
}

#[test]
fn refusals_are_one_group_and_endings_say_how() {
    let (mut model, _) = logs_of("broken-agent", 40);
    let asked = opened(&press(&mut model, "="));
    for (at, (id, request)) in asked.iter().enumerate() {
        let pod = &request.pod.key.name;
        let end = if at < 4 {
            let why = format!("pods {pod:?} is forbidden: User \"eve\" cannot get resource \"pods/log\"");
            LogEnd::Denied(why.as_str().into())
        } else {
            hear_lines(&mut model, *id, &[(0, &format!("{pod}: cannot lock /var/lib/agent"))]);
            LogEnd::Complete
        };
        hear(&mut model, *id, LogNews::Ended(end));
    }
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("6 nodes: <pod>: cannot lock /var/lib/agent  (exit 1; "), "{shown}");
    assert!(shown.contains("4 nodes: logs not readable: not allowed  ("), "{shown}");
    let title = shown.lines().nth(1).unwrap_or_default();
    assert!(title.contains("how containers ended") && !title.contains("following"), "{title}");
}

#[test]
fn a_place_that_was_dropped_is_not_lost_in_silence() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    let flood = |model: &mut dsgrid::app::Model, round: i64| {
        let text = "x".repeat(8_000);
        let lines = (0..200).map(|n| said(round * 200 + n, &text)).collect();
        hear(model, streams[0].0, LogNews::Lines(lines));
    };
    flood(&mut model, 0);
    press(&mut model, "g");
    let mut told = 0;
    for round in 1..60 {
        flood(&mut model, round);
        told += usize::from(
            model.notice().is_some_and(|notice| notice.text.contains("the line you read was dropped")),
        );
        model_without_notice(&mut model);
    }
    assert_eq!(told, 1, "once, until one moves again");
    assert!(model.logs().unwrap().buffer.dropped() > 0);
}

/// Lets a message go that was read.
fn model_without_notice(model: &mut dsgrid::app::Model) {
    press(model, "t");
    assert!(model.notice().is_none());
}

#[test]
fn help_opens_at_the_keys_of_where_one_is() {
    let (mut model, _) = logs_of("node-exporter", 3);
    press(&mut model, "?");
    let shown = text(&screen(&mut model, (80, 24)));
    assert!(
        shown.lines().nth(2).is_some_and(|line| line.trim() == "> Logs" || line.trim() == "Logs"),
        "{shown}"
    );
    press(&mut model, "<esc>");
    assert!(model.logs().is_some());
    let mut model = synthetic(3, Capabilities::default());
    press(&mut model, "!?");
    let shown = text(&screen(&mut model, (80, 24)));
    assert!(shown.lines().nth(2).is_some_and(|line| line.contains("Pages: ")), "{shown}");
}

#[test]
fn the_hints_and_the_menus_are_those_of_logs() {
    let (mut model, _) = logs_of("node-exporter", 3);
    let last = |model: &mut dsgrid::app::Model| {
        text(&screen(model, (120, 40))).lines().last().unwrap_or_default().to_owned()
    };
    let hints = last(&mut model);
    assert!(hints.contains("0-6 since") && !hints.contains("& only"), "{hints}");
    press(&mut model, "/x<enter><esc>/x<enter>f");
    let hints = last(&mut model);
    assert!(hints.contains("& only matches"), "{hints}");
    press(&mut model, "p");
    press(&mut model, "w");
    assert!(last(&mut model).contains("p present run"), "{}", last(&mut model));
    for menu in ["a", ":"] {
        press(&mut model, menu);
        let shown = text(&screen(&mut model, (120, 60)));
        for own in
            ["follow the newest line", "save what is shown", "choose the container", "the last 5 minutes"]
        {
            assert!(shown.contains(own), "{menu} {own}: {shown}");
        }
        for other in [
            "map of the selected DaemonSet",
            "copy the selected name",
            "between the list and the map",
            "nodes become rows",
        ] {
            assert!(!shown.contains(other), "{menu} {other}: {shown}");
        }
        press(&mut model, "<esc>");
    }
    press(&mut model, ":the last hour");
    assert_eq!(opened(&press(&mut model, "<enter>")).len(), 3, "taken from the menu");
}

#[test]
fn a_lost_server_is_one_line() {
    let (mut model, streams) = logs_of("node-exporter", 16);
    for (n, (id, _)) in streams.iter().enumerate() {
        hear(&mut model, *id, LogNews::Broken("the connection broke".into()));
        if n == 1 {
            let shown = rows(&mut model).join("\n");
            assert!(shown.contains("node-00000, node-00001: the connection broke"), "{shown}");
        }
    }
    let shown = rows(&mut model);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].contains("16 nodes: the connection broke; trying again"), "{shown:?}");
}

#[test]
fn lines_that_are_left_out_leave_a_mark() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    for n in 0..40 {
        hear_lines(&mut model, streams[0].0, &[(n, if n % 20 == 5 { "needle" } else { "hay" })]);
    }
    press(&mut model, "/needle<enter>&--g");
    let shown = text(&screen(&mut model, (120, 40)));
    let marks = shown.lines().filter(|line| line.ends_with("needle")).count();
    assert_eq!(marks, 2, "{shown}");
    assert!(shown.lines().any(|line| line.starts_with('─') && line.ends_with("needle")), "{shown}");
    assert!(shown.contains("only 2 matches +-0"), "{shown}");
}

#[test]
fn nodes_have_colours_of_their_own() {
    let (mut model, streams) = logs_of("node-exporter", 10);
    for (n, (id, _)) in (0..).zip(&streams) {
        hear_lines(&mut model, *id, &[(n, "a word")]);
    }
    let buffer = screen(&mut model, (120, 40));
    let looks: std::collections::BTreeSet<char> = text(&buffer)
        .lines()
        .zip(styles(&buffer).lines())
        .filter(|(line, _)| line.ends_with("a word"))
        .filter_map(|(_, styles)| styles.chars().nth(1))
        .collect();
    assert_eq!(looks.len(), 10, "{looks:?}");
}
