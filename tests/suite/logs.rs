//! Logs as they are used: opened, followed, looked through, compared and left; never more than their memory.

use dsgrid::app::logs::{JsonMode, StreamState};
use dsgrid::app::{Capabilities, Effect, Model, Msg, update};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::log::{Limits, Line, LogEnd, LogNews, LogRequest, Since, StreamId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::build::{now, read};
use crate::support::monitor::{pod, press, screen, styles, synthetic, text};

/// Where the made-up cluster keeps node-exporter.
pub(super) const NODE_EXPORTER: usize = 4;

pub(super) fn opened(effects: &[Effect]) -> Vec<(StreamId, LogRequest)> {
    let open = |effect: &Effect| match effect {
        Effect::OpenLog(id, request) => Some((*id, request.as_ref().clone())),
        _ => None,
    };
    effects.iter().filter_map(open).collect()
}

pub(super) fn closed(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::CloseLog(_))).count()
}

/// A monitor with the logs of a DaemonSet open.
pub(super) fn logs_of(name: &str, nodes: usize) -> (Model, Vec<(StreamId, LogRequest)>) {
    let mut model = synthetic(nodes, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, &format!("/{name}<enter>"));
    let effects = press(&mut model, "L");
    (model, opened(&effects))
}

pub(super) fn at(millis: i64) -> Timestamp {
    now() + SignedDuration::from_millis(millis)
}

pub(super) fn said(millis: i64, text: &str) -> Line {
    Line::read(format!("{} {text}", at(millis)).as_bytes(), 0)
}

pub(super) fn hear(model: &mut Model, id: StreamId, news: LogNews) -> Vec<Effect> {
    update(model, Msg::Cluster(vec![ClusterEvent::Log(id, news)]))
}

pub(super) fn hear_lines(model: &mut Model, id: StreamId, lines: &[(i64, &str)]) {
    let lines = lines.iter().map(|(millis, text)| said(*millis, text)).collect();
    hear(model, id, LogNews::Lines(lines));
}

pub(super) fn rows(model: &mut Model) -> Vec<String> {
    let shown = text(&screen(model, (120, 40)));
    shown.lines().skip(2).take(37).map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

#[test]
fn failing_and_outdated_pods_come_first_and_the_title_says_how_many() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    assert_eq!(streams.len(), 16);
    assert!(streams.iter().all(|(_, request)| request.follow && request.tail == Some(500)));
    // Nodes 1, 17, 33 and 49 are up to date.
    assert!(streams.iter().all(|(_, request)| !request.pod.key.name.ends_with("00001")));
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("16 of 54 nodes shown: outdated and failing first"), "{shown}");

    let (mut model, streams) = logs_of("broken-agent", 60);
    assert_eq!(
        streams.iter().filter(|(_, request)| request.previous).count(),
        15,
        "crashing ones: the run before"
    );
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("15 previous runs"), "{shown}");
}

#[test]
fn a_crashing_cell_opens_on_its_previous_run_and_says_so() {
    let mut model = synthetic(8, Capabilities::default());
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, "/broken-agent<enter>");
    // The second node of eight crashes.
    press(&mut model, "$");
    while model.cursor().column.node().is_none_or(|node| node.as_str() != "node-00001") {
        press(&mut model, "<left>");
    }
    let streams = opened(&press(&mut model, "L"));
    assert!(matches!(&streams[..], [(_, request)] if request.previous && !request.follow), "{streams:?}");
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("previous run, exit 1, 95s ago"), "{shown}");
    let effects = press(&mut model, "p");
    assert!(!opened(&effects)[0].1.previous && closed(&effects) == 1);
}

#[test]
fn lines_of_many_pods_are_merged_by_time() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    hear_lines(&mut model, streams[0].0, &[(10, "first"), (30, "third")]);
    hear_lines(&mut model, streams[1].0, &[(20, "second"), (40, "fourth")]);
    let shown = rows(&mut model);
    let words: Vec<&str> = shown.iter().map(|row| row.split_whitespace().last().unwrap()).collect();
    assert_eq!(words, ["first", "second", "third", "fourth"]);
}

#[test]
fn one_scrolls_back_without_losing_the_place_and_follows_again() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    for n in 0..200 {
        hear_lines(&mut model, streams[0].0, &[(n, &format!("line {n}"))]);
    }
    assert!(rows(&mut model).last().unwrap().ends_with("line 199"));
    press(&mut model, "<pgup><pgup>");
    let before = rows(&mut model);
    for n in 200..400 {
        hear_lines(&mut model, streams[0].0, &[(n, &format!("line {n}"))]);
    }
    assert_eq!(rows(&mut model), before);
    assert!(text(&screen(&mut model, (120, 40))).contains("not following"));
    press(&mut model, "G");
    assert!(rows(&mut model).last().unwrap().ends_with("line 399"));
    assert!(model.logs().unwrap().follows);
    press(&mut model, "f");
    hear_lines(&mut model, streams[0].0, &[(500, "later")]);
    assert!(rows(&mut model).last().unwrap().ends_with("line 399"), "f stays where it is");
}

#[test]
fn a_search_steps_through_matches_and_filters_with_context() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    for n in 0..300 {
        let word = if n % 100 == 50 { "needle" } else { "hay" };
        hear_lines(&mut model, streams[0].0, &[(n, &format!("{word} {n}"))]);
    }
    press(&mut model, "/need.e<enter>");
    assert_eq!(&*model.logs().unwrap().current().unwrap().text, "needle 250", "the newest match first");
    press(&mut model, "N");
    assert_eq!(&*model.logs().unwrap().current().unwrap().text, "needle 150");
    let around = rows(&mut model);
    assert!(around.iter().any(|row| row.ends_with("hay 149")), "the lines around are there");
    press(&mut model, "&");
    let only: Vec<String> =
        rows(&mut model).iter().map(|row| row.split_whitespace().last().unwrap().to_owned()).collect();
    assert_eq!(
        only,
        ["48", "49", "50", "51", "52", "148", "149", "150", "151", "152", "248", "249", "250", "251", "252"]
    );
    press(&mut model, "--");
    assert_eq!(rows(&mut model).len(), 3);
    hear_lines(&mut model, streams[1].0, &[(1000, "another needle"), (1001, "hay")]);
    assert_eq!(rows(&mut model).len(), 4, "what comes is filtered, too");
    press(&mut model, "<esc>");
    assert!(rows(&mut model).len() > 30, "without a search everything is shown");
}

#[test]
fn what_is_no_regular_expression_is_said_and_the_old_search_stays() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    hear_lines(&mut model, streams[0].0, &[(0, "a needle"), (1, "hay (b"), (2, "a needle")]);
    press(&mut model, "/(b");
    let words = "\"(b\" is no regular expression: unclosed group";
    assert_eq!(model.notice().unwrap().text, words, "while it is typed");
    press(&mut model, ")");
    assert!(model.notice().is_none(), "now it is one");
    press(&mut model, "<backspace><enter>");
    assert_eq!(model.notice().unwrap().text, words);
    assert_eq!((model.typed(), model.logs().unwrap().found()), (("", false), 0));
    press(&mut model, "/needle<enter>&/[<enter>");
    let notice = model.notice().unwrap();
    assert_eq!(
        notice.text,
        "\"[\" is no regular expression: unclosed character class; still searching for /needle"
    );
    assert!(notice.is_error);
    assert_eq!((model.typed(), model.logs().unwrap().found()), (("needle", false), 2));
    press(&mut model, "n");
    assert_eq!(&*model.logs().unwrap().current().unwrap().text, "a needle");
}

#[test]
fn matches_of_a_flood_are_forgotten_with_their_lines() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    hear_lines(&mut model, streams[1].0, &[(0, "a quiet needle that lies before all")]);
    press(&mut model, "/needle<enter>");
    let text = format!("needle {}", "x".repeat(2_000));
    for round in 0..80 {
        let lines = (0..200).map(|n| said(1 + round * 200 + n, &text)).collect();
        hear(&mut model, streams[0].0, LogNews::Lines(lines));
        let view = model.logs().unwrap();
        assert_eq!(view.found(), view.buffer.len());
    }
    assert!(model.logs().unwrap().buffer.thinned() > 0);
}

#[test]
fn what_no_terminal_may_see_never_reaches_the_screen() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    let hostile: [&[u8]; 14] = [
        b"\x1b[2J\x1b[1;1Hcleared",
        b"\x1b]0;title\x07titled",
        b"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
        b"\x1b]52;c;ZXZpbA==\x07clipped",
        b"\x1bPq#0;2;0;0;0\x1b\\sixel",
        b"\x1b_apc\x1b\\ \x1b^pm\x1b\\ \x1bXsos\x1b\\",
        b"\xc2\x9b2J c1 \xc2\x9d0;t\xc2\x9c",
        "bidi \u{202e}gpj.exe \u{2066}x\u{2069}".as_bytes(),
        b"10%\r20%\r",
        b"\xff\xfe\x9b invalid",
        b"\x1b[8mhidden\x1b[0m",
        b"\x1b]0;never ends",
        b"bell \x07 backspace \x08 null \x00",
        b"{\"msg\":\"\\u001b[2J\\u202e\"}",
    ];
    for mode in 0..3 {
        let lines = hostile.iter().map(|raw| Line::read(raw, 0)).collect();
        hear(&mut model, streams[0].0, LogNews::Lines(lines));
        let long = Line::read("x".repeat(200_000).as_bytes(), 0);
        hear(&mut model, streams[0].0, LogNews::Lines(vec![long]));
        for size in [(120, 40), (40, 10)] {
            let buffer = screen(&mut model, size);
            for cell in &buffer.content {
                let is_safe = |c: char| {
                    !c.is_control()
                        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
                };
                assert!(cell.symbol().chars().all(is_safe), "{:?} in mode {mode}", cell.symbol());
            }
        }
        press(&mut model, "gx");
        let copied = press(&mut model, "c");
        assert!(copied.iter().all(
            |effect| !matches!(effect, Effect::CopyToClipboard(text) if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'))
        ));
    }
    assert_eq!(model.logs().unwrap().json, JsonMode::Folded, "three steps are a round");
    let text = model.logs().unwrap().text();
    assert!(text.contains("the rest") || text.contains("never ends"), "what never ends hides nothing");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_flood_stays_within_its_memory_and_is_counted() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    let mut told = 0_u64;
    for round in 0..40 {
        for (id, _) in &streams {
            let lines: Vec<Line> = (0..100).map(|n| said(round * 100 + n, &"x".repeat(1_500))).collect();
            told += 100;
            hear(&mut model, *id, LogNews::Lines(lines));
            assert!(model.logs().unwrap().buffer.bytes() <= Limits::default().all);
        }
    }
    hear(&mut model, streams[0].0, LogNews::Lost(7));
    let buffer = &model.logs().unwrap().buffer;
    assert_eq!(buffer.dropped() + u64::try_from(buffer.len()).unwrap(), told + 7);
    let dropped = format!("{} oldest dropped", buffer.dropped());
    let shown = text(&screen(&mut model, (160, 40)));
    assert!(shown.contains(&dropped), "{shown}");
}

#[test]
fn a_restart_is_a_separator_and_the_stream_goes_on() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    let (id, _) = streams[0].clone();
    hear_lines(&mut model, id, &[(10, "last words")]);
    hear(&mut model, id, LogNews::Ended(LogEnd::Complete));
    let mut restarted = pod(NODE_EXPORTER, 0);
    let status = &mut restarted["status"]["containerStatuses"][0];
    status["restartCount"] = json!(1);
    status["state"] = json!({"running": {"startedAt": at(2000)}});
    status["lastState"] =
        json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at(1000)}});
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Pods(Change::Applied(read(restarted)))]));
    let effects = update(&mut model, Msg::Ticked(at(3000)));
    let again = opened(&effects);
    assert!(
        matches!(&again[..], [(same, request)] if *same == id && request.since == Since::Time(at(2000)) && request.follow),
        "{again:?}"
    );
    let shown = rows(&mut model).join("\n");
    assert!(
        shown.contains("container main restarted at 03:04:07Z after exit 137 OOMKilled at 03:04:06Z"),
        "{shown}"
    );
}

#[test]
fn pods_that_come_are_taken_up_as_old_ones_go() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    assert_eq!(streams.len(), 3);
    hear(&mut model, streams[0].0, LogNews::Ended(LogEnd::Gone));
    let old = pod(NODE_EXPORTER, 0);
    let mut new = pod(NODE_EXPORTER, 0);
    new["metadata"]["name"] = json!("node-exporter-new");
    new["metadata"]["uid"] = json!("node-exporter-new");
    new["metadata"]["creationTimestamp"] = json!(at(0));
    let events =
        vec![ClusterEvent::Pods(Change::Deleted(read(old))), ClusterEvent::Pods(Change::Applied(read(new)))];
    let mut effects = update(&mut model, Msg::Cluster(events));
    effects.extend(update(&mut model, Msg::Ticked(at(2000))));
    let taken = opened(&effects);
    assert!(
        matches!(&taken[..], [(_, request)] if request.pod.key.name == "node-exporter-new" && request.tail.is_none()),
        "a pod that came later is read whole: {taken:?}"
    );
    // It was made before the old one had said its last words.
    hear_lines(&mut model, streams[0].0, &[(500, "received SIGTERM")]);
    hear_lines(&mut model, taken[0].0, &[(2_500, "starting")]);
    let shown = rows(&mut model).join("\n");
    let place = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"));
    assert!(place("received SIGTERM") < place("pod node-exporter-new of revision 3.2.0 (r3) replaces"));
    assert!(place("replaces") < place("starting"));
}

#[test]
fn endings_are_compared_then_opened_then_set_beside_a_healthy_node() {
    let (mut model, _) = logs_of("broken-agent", 40);
    let asked = opened(&press(&mut model, "="));
    assert_eq!(asked.len(), 10, "those that ended");
    assert!(asked.iter().all(|(_, request)| request.previous && request.bytes.is_some()));
    for (at, (id, _)) in asked.iter().enumerate() {
        let words = if at == 3 { "panic: index 17 out of range" } else { "open /var/log: permission denied" };
        hear_lines(&mut model, *id, &[(0, "starting"), (1, words)]);
        hear(&mut model, *id, LogNews::Ended(LogEnd::Complete));
    }
    let shown = rows(&mut model);
    assert!(shown[0].contains("Last words before the end, 10 nodes"), "{shown:?}");
    assert!(shown[1].contains("9 nodes: open /var/log: permission denied"), "{shown:?}");
    assert!(shown[2].contains("1 node: panic: index <n> out of range"), "{shown:?}");
    press(&mut model, "<down>");
    let streams = opened(&press(&mut model, "="));
    assert_eq!(streams.len(), 2, "the ill node and a healthy one");
    assert!(streams.iter().any(|(_, request)| !request.previous), "{streams:?}");
}

#[test]
fn leaving_closes_every_stream_and_a_cell_opened_from_a_line_does_not() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    hear_lines(&mut model, streams[3].0, &[(10, "here")]);
    assert_eq!(closed(&press(&mut model, "<enter>")), 0);
    let shown = text(&screen(&mut model, (120, 40)));
    assert!(shown.contains("logging/fluent-bit on node-"), "{shown}");
    hear_lines(&mut model, streams[3].0, &[(20, "meanwhile")]);
    press(&mut model, "<esc>");
    assert!(rows(&mut model).join("\n").contains("meanwhile"));
    let effects = press(&mut model, "q");
    assert_eq!(closed(&effects), 16);
    assert!(model.logs().is_none());
}

#[test]
fn presets_containers_and_trouble_are_words() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    let effects = press(&mut model, "3");
    assert_eq!(closed(&effects), 3);
    assert!(
        opened(&effects)
            .iter()
            .all(|(_, request)| request.since == Since::Seconds(300) && request.tail.is_none())
    );
    let (id, _) = opened(&effects)[0].clone();
    hear(&mut model, streams[0].0, LogNews::Lines(vec![said(0, "of a closed stream")]));
    hear(&mut model, id, LogNews::Broken("the connection broke".into()));
    hear(&mut model, id, LogNews::Ended(LogEnd::Denied("pods \"x\" is forbidden".into())));
    let shown = rows(&mut model).join("\n");
    assert!(shown.contains("the connection broke; trying again"), "{shown}");
    assert!(shown.contains("not allowed to read logs (get on pods/log is missing)"), "{shown}");
    assert!(!shown.contains("of a closed stream"), "{shown}");
    let view = model.logs().unwrap();
    assert!(matches!(view.streams.get(id).unwrap().state, StreamState::Ended(LogEnd::Denied(_))));
    press(&mut model, "s");
    assert!(text(&screen(&mut model, (120, 40))).contains("logs of which container"));
    assert_eq!(opened(&press(&mut model, "<enter>"))[0].1.container, "main");
}

#[test]
fn what_is_marked_is_copied_and_what_is_shown_is_saved() {
    let (mut model, streams) = logs_of("node-exporter", 3);
    hear_lines(&mut model, streams[0].0, &[(0, "one"), (1, "two"), (2, "three")]);
    let effects = press(&mut model, "m<up><up>mc");
    let Some(Effect::CopyToClipboard(copied)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(copied.lines().count(), 2, "{copied}");
    assert!(copied.lines().all(|line| line.contains(" node-0")), "{copied}");
    let effects = press(&mut model, "S");
    assert!(
        matches!(&effects[..], [Effect::SaveFile { name, text }] if name == "dsgrid-node-exporter.log" && text.lines().count() == 3),
        "{effects:?}"
    );
}

#[test]
fn logs_on_screens_of_every_size() {
    let (mut model, streams) = logs_of("fluent-bit", 60);
    let lines = [
        "level=info msg=\"flushed buffer\" records=128",
        "\u{1b}[33mlevel=warn\u{1b}[0m slow response from upstream, and so it goes on for quite some more words than fit into a row of the screen at any of its sizes",
        "{\"level\":\"error\",\"msg\":\"cannot write\",\"path\":\"/var/log/x\"}",
        "E0102 03:04:05.678901       1 server.go:12] failed",
    ];
    for (n, text) in (0..).zip(lines) {
        hear_lines(&mut model, streams[usize::try_from(n).unwrap()].0, &[(n, text)]);
    }
    hear(&mut model, streams[4].0, LogNews::Ended(LogEnd::Gone));
    press(&mut model, "t");
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let buffer = screen(&mut model, (width, height));
        let both = format!("{}\n{}\n{}", text(&buffer), "=".repeat(usize::from(width)), styles(&buffer));
        insta::assert_snapshot!(format!("logs-{width}x{height}"), both);
    }
    press(&mut model, "z");
    insta::assert_snapshot!("logs-full-screen-80x24", text(&screen(&mut model, (80, 24))));
}
