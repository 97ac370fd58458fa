//! Screens as text and as a plane of styles, from a recorded and a made-up cluster.

use dsgrid::app::{Capabilities, Colour, Model, Msg, update};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::text::Text;

use crate::support::build::now;
use crate::support::monitor::{
    links, press, recorded, screen, silent, styles, synthetic, synthetic_events, text,
};

const PLAIN: Capabilities = Capabilities { unicode: false, colour: Colour::Mono };

/// Text above, styles below.
fn both(model: &mut Model, size: (u16, u16)) -> String {
    let buffer = screen(model, size);
    format!("{}\n{}\n{}", text(&buffer), "=".repeat(usize::from(size.0)), styles(&buffer))
}

fn rolling(capabilities: Capabilities) -> Model {
    recorded("03-", "paused", capabilities)
}

#[test]
fn recorded_cluster_at_every_size() {
    let mut model = rolling(Capabilities::default());
    for (width, height) in [(80, 24), (120, 40), (50, 20), (40, 10)] {
        insta::assert_snapshot!(format!("recorded-{width}x{height}"), both(&mut model, (width, height)));
    }
}

#[test]
fn recorded_cluster_without_colour_and_unicode() {
    let mut model = rolling(PLAIN);
    insta::assert_snapshot!("recorded-80x24-plain", both(&mut model, (80, 24)));
    let buffer = screen(&mut model, (120, 40));
    assert!(text(&buffer).is_ascii());
    assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
}

#[test]
fn many_nodes_as_bars_and_map() {
    let mut model = synthetic(300, Capabilities::default());
    for (width, height) in [(80, 24), (120, 40), (50, 20), (200, 60)] {
        insta::assert_snapshot!(format!("bars-{width}x{height}"), both(&mut model, (width, height)));
    }
    press(&mut model, "n");
    insta::assert_snapshot!("bars-in-map-120x40", text(&screen(&mut model, (120, 40))));
    let mut model = synthetic(300, PLAIN);
    insta::assert_snapshot!("bars-80x24-plain", both(&mut model, (80, 24)));
}

#[test]
fn few_nodes_as_words() {
    let mut model = synthetic(3, Capabilities::default());
    insta::assert_snapshot!("words-80x24", text(&screen(&mut model, (80, 24))));
}

#[test]
fn nodes_as_rows() {
    let mut model = rolling(Capabilities::default());
    screen(&mut model, (100, 30));
    press(&mut model, "t");
    insta::assert_snapshot!("transposed-100x30", both(&mut model, (100, 30)));
}

#[test]
fn pages_and_lists() {
    let mut model = recorded("02-", "after", Capabilities::default());
    screen(&mut model, (100, 30));
    for (name, keys) in
        [("help", "?"), ("cell", "<esc>n<enter>"), ("daemon-set", "<esc>0<enter>"), ("group", "<esc>z")]
    {
        press(&mut model, keys);
        insta::assert_snapshot!(format!("page-{name}"), text(&screen(&mut model, (100, 30))));
    }
}

#[test]
fn grouped_scrolled_and_filtered() {
    let mut model = recorded("02-", "after", Capabilities::default());
    screen(&mut model, (80, 24));
    press(&mut model, "z<down><enter>");
    insta::assert_snapshot!("grouped-80x24", text(&screen(&mut model, (80, 24))));
    press(&mut model, "/flu @07");
    insta::assert_snapshot!("filter-80x24", text(&screen(&mut model, (80, 24))));
    press(&mut model, "<c-u>zzz<enter>");
    insta::assert_snapshot!("nothing-found-80x24", text(&screen(&mut model, (80, 24))));
    let mut model = synthetic(300, Capabilities::default());
    screen(&mut model, (100, 30));
    press(&mut model, "m$");
    insta::assert_snapshot!("scrolled-matrix-100x30", text(&screen(&mut model, (100, 30))));
}

fn watch(kind: WatchKind) -> Watch {
    Watch { kind, scope: Scope::Cluster }
}

#[test]
fn before_everything_is_known() {
    let mut model = silent(Capabilities::default());
    insta::assert_snapshot!("silent", text(&screen(&mut model, (80, 24))));
    let mut events = synthetic_events(12);
    // DaemonSets come first; pods are on their way.
    events.truncate(1);
    events.extend(links(&LinkState::Live { since: now() }));
    events.push(ClusterEvent::Link(
        watch(WatchKind::Pods),
        LinkState::Syncing { received: 1_234, expected: Some(6_495) },
    ));
    update(&mut model, Msg::Cluster(events));
    insta::assert_snapshot!("syncing", text(&screen(&mut model, (80, 24))));
}

#[test]
fn broken_denied_and_empty() {
    let mut model = synthetic(12, Capabilities::default());
    let broken = LinkState::Retrying { since: now(), why: Text::new("connection refused") };
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Link(watch(WatchKind::Pods), broken)]));
    update(&mut model, Msg::Ticked(now() + jiff::SignedDuration::from_secs(12)));
    insta::assert_snapshot!("broken-watch", both(&mut model, (80, 24)));

    let mut model = silent(Capabilities::default());
    let denied = |kind, resource: &str| {
        let why = format!("{resource} is forbidden: User \"dev\" cannot list resource \"{resource}\"");
        ClusterEvent::Link(watch(kind), LinkState::Denied { why: Text::new(&why) })
    };
    let mut events = synthetic_events(12);
    events.push(denied(WatchKind::Nodes, "nodes"));
    events.remove(2);
    update(&mut model, Msg::Cluster(events));
    insta::assert_snapshot!("nodes-denied", text(&screen(&mut model, (80, 24))));

    let mut model = silent(Capabilities::default());
    let mut events = links(&LinkState::Live { since: now() });
    events.push(denied(WatchKind::DaemonSets, "daemonsets.apps"));
    update(&mut model, Msg::Cluster(events));
    insta::assert_snapshot!("daemon-sets-denied", text(&screen(&mut model, (80, 24))));

    let mut model = silent(Capabilities::default());
    let mut events = links(&LinkState::Live { since: now() });
    events.push(ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, Vec::new())));
    events.push(ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, Vec::new())));
    events.push(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, Vec::new())));
    events.push(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())));
    update(&mut model, Msg::Cluster(events));
    insta::assert_snapshot!("empty", text(&screen(&mut model, (80, 24))));
}

/// Whatever the size and the keys, drawing does not fail and nothing is written outside.
#[test]
fn no_size_is_too_odd() {
    let keys = ["", "n", "t", "wm", "z<down><enter>", "?", "x<up>$", "t<end><enter>", "/-l x=y<enter>"];
    for nodes in [0, 1, 12, 150] {
        let mut model = synthetic(nodes, Capabilities::default());
        for (at, keys) in keys.iter().enumerate() {
            for (width, height) in [(0, 0), (1, 1), (50, 12), (80, 24), (211, 57)] {
                screen(&mut model, (width, height));
                if (width, height) == (80, 24) {
                    press(&mut model, keys);
                }
                let drawn = text(&screen(&mut model, (width, height)));
                assert_eq!(drawn.split('\n').count(), usize::from(height).max(1), "{at}");
            }
        }
    }
}
