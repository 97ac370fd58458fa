//! Messages in, model and effects out.

use dsgrid::app::keymap::Context;
use dsgrid::app::layout::Mode;
use dsgrid::app::{Capabilities, ColumnPlace, Effect, Focus, Model, Msg, RowPlace, Screen, Settings, update};
use dsgrid::domain::alert::Alert;
use dsgrid::domain::event::{Change, ClusterEvent, LinkState};
use dsgrid::domain::grid::Order;
use dsgrid::domain::id::Uid;
use dsgrid::domain::object::DaemonSet;
use dsgrid::domain::text::Text;
use jiff::{SignedDuration, Timestamp};

use crate::support::build::now;
use crate::support::monitor::{links, press, screen, silent, synthetic, synthetic_events};

fn at(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// A made-up cluster on a screen of 120×40.
fn monitor(nodes: usize) -> Model {
    let mut model = synthetic(nodes, Capabilities::default());
    screen(&mut model, (120, 40));
    model
}

fn row(name: &str) -> RowPlace {
    RowPlace::DaemonSet(Uid::new(name))
}

fn node(model: &Model) -> &str {
    model.cursor().column.node().map_or("", |name| name.as_str())
}

fn apply(model: &mut Model, event: ClusterEvent) {
    update(model, Msg::Cluster(vec![event]));
}

fn daemon_set(model: &Model, name: &str) -> DaemonSet {
    let row = model.inventory().row_of(&Uid::new(name)).and_then(|slot| model.inventory().row(slot));
    row.expect("a DaemonSet of the made-up cluster").daemon_set.clone()
}

#[test]
fn quitting_and_going_back() {
    let mut model = monitor(12);
    assert_eq!(press(&mut model, "<esc><esc>"), []);
    assert!(!press(&mut model, "?q").contains(&Effect::Quit), "q leaves the help");
    assert!(model.screen().is_none());
    assert_eq!(press(&mut model, "q"), [Effect::Quit]);
    assert_eq!(press(&mut model, "?<c-c>"), [Effect::Quit], "also from the help");
    assert_eq!(press(&mut model, "<c-z>"), [Effect::Suspend]);
    assert_eq!(press(&mut model, "/q<c-c>"), [Effect::Quit], "also while typing, where q is a letter");
}

#[test]
fn the_cursor_walks_over_names_counts_nodes_and_headings() {
    let mut model = monitor(12);
    assert_eq!((&model.cursor().row, &model.cursor().column), (&row("fluent-bit"), &ColumnPlace::Name));
    press(&mut model, "l");
    assert!(matches!(model.cursor().column, ColumnPlace::Count(_)));
    press(&mut model, "$");
    assert_eq!(node(&model), "node-00011");
    press(&mut model, "h");
    assert_eq!(node(&model), "node-00010");
    press(&mut model, "kkk");
    assert_eq!(model.cursor().row, RowPlace::Header);
    press(&mut model, "G");
    assert_eq!(model.cursor().row, row("csi-node"));
    press(&mut model, "g0");
    assert_eq!((&model.cursor().row, &model.cursor().column), (&row("fluent-bit"), &ColumnPlace::Name));
}

#[test]
fn the_cursor_is_an_identity() {
    let mut model = monitor(12);
    press(&mut model, "nn");
    assert_eq!((&model.cursor().row, node(&model)), (&row("broken-agent"), "node-00001"));
    // Sorting, grouping, transposing and another size move everything but what is selected.
    for keys in ["s", "z<down><enter>", "t", "t", "w", "m", "m"] {
        press(&mut model, keys);
        assert_eq!((&model.cursor().row, node(&model)), (&row("broken-agent"), "node-00001"), "{keys}");
    }
    screen(&mut model, (60, 16));
    assert_eq!(node(&model), "node-00001");
    // What goes away leaves the cursor in its place.
    let gone = daemon_set(&model, "broken-agent");
    apply(&mut model, ClusterEvent::DaemonSets(Change::Deleted(gone)));
    assert!(matches!(&model.cursor().row, RowPlace::DaemonSet(uid) if *uid != Uid::new("broken-agent")));
}

#[test]
fn tab_goes_to_the_map_and_back_to_the_same_node() {
    let mut model = monitor(300);
    assert_eq!(model.layout().mode, Mode::Bars);
    press(&mut model, "<tab>");
    assert_eq!((model.focus(), node(&model)), (Focus::Map, "node-00000"));
    press(&mut model, "ll");
    let there = node(&model).to_owned();
    press(&mut model, "j");
    assert_ne!(node(&model), there);
    press(&mut model, "k<tab>");
    assert_eq!((model.focus(), &model.cursor().column), (Focus::List, &ColumnPlace::Name));
    press(&mut model, "j<tab>");
    assert_eq!(node(&model), there);
}

fn notice(model: &Model) -> &str {
    model.notice().map(|notice| notice.text.as_str()).unwrap_or_default()
}

#[test]
fn causes_come_worst_first_in_a_circle() {
    let mut model = monitor(300);
    press(&mut model, "n");
    assert_eq!(model.cursor().row, row("fluent-bit"));
    assert!(notice(&model).starts_with("cause 1 of 3: logging/fluent-bit STUCK"), "{}", notice(&model));
    press(&mut model, "n");
    assert_eq!((&model.cursor().row, node(&model)), (&row("broken-agent"), "node-00009"));
    assert!(
        notice(&model).starts_with("cause 2 of 3: storage/broken-agent CrashLoopBackOff, exit 1 on 75 nodes"),
        "{}",
        notice(&model)
    );
    press(&mut model, "n");
    assert_eq!(node(&model), "node-00112");
    assert!(
        notice(&model).contains("node-00112 NotReady: 10 DaemonSets have a pod there"),
        "{}",
        notice(&model)
    );
    press(&mut model, "NNN");
    assert!(notice(&model).starts_with("cause 3 of 3"), "{}", notice(&model));
    let mut healthy = silent(Capabilities::default());
    press(&mut healthy, "n");
    assert_eq!(healthy.notice().unwrap().text, "nothing is wrong");
}

#[test]
fn the_blocker_of_a_row_is_found() {
    let mut model = monitor(300);
    press(&mut model, "/falco<enter>b");
    assert_eq!(node(&model), "node-00112");
    assert!(model.notice().unwrap().text.starts_with("blocker 1 of 1: node-00112"));
    press(&mut model, "<esc><esc>/device<enter>b");
    assert_eq!(model.notice().unwrap().text, "nothing blocks a rollout here");
}

#[test]
fn a_filter_is_live_kept_and_dropped() {
    let mut model = monitor(12);
    press(&mut model, "/LOGGING");
    assert_eq!((model.context_of_keys(), model.grid().rows.len()), (Context::Filter, 2));
    press(&mut model, "<enter>");
    assert_eq!((model.context_of_keys(), model.filter()), (Context::Grid, ("LOGGING", false)));
    press(&mut model, "<esc>");
    assert_eq!((model.grid().rows.len(), model.filter().0), (12, ""));
    press(&mut model, "/ns:gpu @pool=gpu");
    assert_eq!((model.grid().rows.len(), model.grid().columns.len()), (2, 1));
    press(&mut model, "<c-u>-l team=storage");
    assert_eq!(model.grid().rows.len(), 2);
    // What cannot be read is told and changes nothing.
    press(&mut model, "<c-u>-l team in (a");
    assert!(model.notice().is_some_and(|notice| notice.is_error));
    press(&mut model, "<esc>");
    assert_eq!(model.grid().rows.len(), 12);
}

#[test]
fn a_namespace_and_a_group_are_chosen_from_lists() {
    let mut model = monitor(12);
    press(&mut model, "<c-n><down><enter>");
    assert_eq!((model.namespace().map(Text::as_str), model.grid().rows.len()), (Some("gpu"), 2));
    press(&mut model, "<c-n>g<enter>");
    assert_eq!((model.namespace(), model.grid().rows.len()), (None, 12));
    press(&mut model, "z<down><enter>");
    assert_eq!(model.lens().group_by.as_deref(), Some("topology.kubernetes.io/zone"));
    assert_eq!(model.grid().groups.len(), 3);
    press(&mut model, "zg<enter>");
    assert_eq!(model.lens().group_by, None);
}

#[test]
fn orders_affected_counters_and_map() {
    let mut model = monitor(300);
    assert_eq!(
        model.lens().group_by.as_deref(),
        Some("topology.kubernetes.io/zone"),
        "by zone where they do not fit"
    );
    press(&mut model, "s");
    assert_eq!((model.lens().row_order, model.lens().column_order), (Order::Name, Order::Name));
    press(&mut model, "m<up>");
    press(&mut model, "gkllllll");
    press(&mut model, "s");
    assert_eq!(model.lens().column_order, Order::Age);
    assert_eq!(model.layout().mode, Mode::Matrix, "without the map every node is in its row");
    press(&mut model, "m");
    assert_eq!(model.layout().mode, Mode::Bars);
    press(&mut model, "x");
    assert!(model.grid().columns.len() < 300 && model.grid().rows.len() < 12);
}

#[test]
fn orders_wait_while_the_cursor_moves() {
    let mut model = monitor(12);
    update(&mut model, Msg::Ticked(at(0)));
    press(&mut model, "j");
    let before = model.grid().rows.clone();
    // Every pod of falco is deleted: it becomes the worst.
    let slot = model.inventory().row_of(&Uid::new("falco")).unwrap();
    let pods: Vec<_> = model.inventory().pods_of(slot).cloned().collect();
    for pod in pods {
        apply(&mut model, ClusterEvent::Pods(Change::Deleted(pod)));
    }
    assert_eq!(model.grid().rows, before, "nothing moves under a moving cursor");
    assert!(model.next_wake().is_some_and(|wake| wake <= at(2)));
    update(&mut model, Msg::Ticked(at(3)));
    assert_ne!(model.grid().rows, before);
    let place = |rows: &[dsgrid::domain::inventory::RowSlot]| rows.iter().position(|row| *row == slot);
    assert!(place(&model.grid().rows) < place(&before));
}

#[test]
fn pods_that_no_watch_sees_are_asked_for_once() {
    let mut model = silent(Capabilities::default());
    let mut events = synthetic_events(12);
    events.extend(links(&LinkState::Live { since: now() }));
    update(&mut model, Msg::Cluster(events));
    let mut falco = daemon_set(&model, "falco");
    falco.status.current += 1;
    falco.meta.resource_version = Some(2);
    apply(&mut model, ClusterEvent::DaemonSets(Change::Applied(falco)));
    let remembers = |effects: &[Effect]| matches!(effects, [Effect::RememberDesired(_)]);
    assert!(
        remembers(&update(&mut model, Msg::Ticked(at(0)))),
        "what is wanted is remembered at first sight"
    );
    assert_eq!(update(&mut model, Msg::Ticked(at(9))), []);
    let effects = update(&mut model, Msg::Ticked(at(10)));
    assert!(
        matches!(&effects[..], [Effect::ListDaemonSetPods { daemon_set, .. }] if *daemon_set == Uid::new("falco"))
    );
    assert_eq!(update(&mut model, Msg::Ticked(at(60))), [], "once is enough");
}

#[test]
fn the_servers_clock_counts() {
    let mut model = silent(Capabilities::default());
    // Ours is an hour ahead.
    update(&mut model, Msg::Ticked(at(3600)));
    apply(&mut model, ClusterEvent::ClockRead(SignedDuration::from_secs(-3600)));
    update(&mut model, Msg::Cluster(synthetic_events(3)));
    assert_eq!((model.now(), model.inventory().now()), (at(0), at(0)));
    // Whole seconds jitter; time never goes back.
    apply(&mut model, ClusterEvent::ClockRead(SignedDuration::from_secs(-3601)));
    update(&mut model, Msg::Ticked(at(3600)));
    assert_eq!(model.now(), at(0));
    update(&mut model, Msg::Ticked(at(3605)));
    assert_eq!(model.now(), at(5));
}

#[test]
fn names_and_numbers_are_copied() {
    let mut model = monitor(12);
    let copied = |model: &mut Model, keys: &str| match press(model, keys).pop() {
        Some(Effect::CopyToClipboard(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(copied(&mut model, "c"), "logging/fluent-bit");
    assert_eq!(copied(&mut model, "lc"), "11");
    assert_eq!(copied(&mut model, "$c"), "fluent-bit-00011");
    assert_eq!(copied(&mut model, "gkc"), "node-00011");
}

#[test]
fn only_what_can_be_seen_makes_a_frame() {
    let mut model = monitor(12);
    update(&mut model, Msg::Ticked(at(0)));
    update(&mut model, Msg::FrameCame);
    let version = model.version();
    update(&mut model, Msg::FrameCame);
    update(&mut model, Msg::Cluster(Vec::new()));
    update(&mut model, Msg::Cluster(links(&LinkState::Live { since: now() })));
    assert_eq!(model.version(), version);
    update(&mut model, Msg::WorkFailed("no".to_owned()));
    assert!(model.version() > version);
    // The message goes away by itself.
    update(&mut model, Msg::Ticked(at(7)));
    assert_eq!(model.notice(), None);
}

#[test]
fn the_monitor_begins_where_it_was_asked_to() {
    let mut model = Model::new(
        dsgrid::app::Settings { start_at: Some(Text::new("security/falco")), ..Default::default() },
        now(),
    );
    update(&mut model, Msg::Cluster(synthetic_events(12)));
    assert_eq!(model.cursor().row, row("falco"));
}

#[test]
fn problems_open_by_cause_and_lead_to_their_cells() {
    let mut model = monitor(300);
    press(&mut model, "!");
    let open = model.screen().expect("problems");
    assert_eq!(open.screen, Screen::Problems);
    press(&mut model, "j<enter>");
    let open = model.screen().expect("a cause");
    assert!(open.page.title.starts_with("storage/broken-agent CrashLoopBackOff"), "{}", open.page.title);
    let shown: Vec<&str> = open.page.lines.iter().map(|line| line.text.trim()).collect();
    assert!(
        shown.contains(&"L reads the last lines before the end, p those of the run before"),
        "{shown:#?}"
    );
    press(&mut model, "<esc>!");
    assert!(model.screen().is_none() && model.lens().only_affected);
}

#[test]
fn marks_name_what_is_marked_and_go_with_it() {
    let mut model = monitor(300);
    press(&mut model, "!j ");
    assert_eq!(model.marks().len(), 75);
    press(&mut model, " ");
    assert!(model.marks().is_empty(), "again takes them away");
    press(&mut model, " qx");
    let pods: Vec<_> = model.marks().nodes().into_iter().cloned().collect();
    assert_eq!(pods.len(), 75);
    let gone = daemon_set(&model, "broken-agent");
    apply(&mut model, ClusterEvent::DaemonSets(Change::Deleted(gone)));
    assert!(model.marks().is_empty());
    // Space marks the DaemonSet, the cell, the node; v a range, twice at one place the whole group.
    press(&mut model, "x<tab> ll ");
    assert_eq!(model.marks().len(), 2);
    press(&mut model, "<esc><esc>vllv");
    assert_eq!(model.marks().len(), 3);
    press(&mut model, "<esc><esc>vv");
    assert_eq!(model.marks().len(), 100, "a zone");
    press(&mut model, "<esc><esc>");
    assert!(model.marks().is_empty());
}

#[test]
fn an_alert_opens_what_its_rule_says() {
    let settings = Settings {
        context: Text::new("prod-eu-1"),
        start_at: Some(Text::new("storage/broken-agent")),
        alert: Some(Alert::RolloutStuck),
        ..Settings::default()
    };
    let mut model = Model::new(settings, now());
    update(&mut model, Msg::Cluster(synthetic_events(12)));
    let open = model.screen().expect("the alert");
    assert!(
        open.page.title.starts_with("KubeDaemonSetRolloutStuck of storage/broken-agent"),
        "{}",
        open.page.title
    );
    let first = &open.page.lines[0].text;
    assert!(
        first.contains("none of its clauses holds now: current 12, updated 12, available 12 of desired 12"),
        "{first}"
    );
    press(&mut model, "<esc>");
    assert_eq!((model.screen().is_none(), &model.cursor().row), (true, &row("broken-agent")));
}

#[test]
fn a_daemon_set_that_is_not_there_is_said_so_once() {
    let settings = Settings {
        start_at: Some(Text::new("storage/gone")),
        alert: Some(Alert::NotScheduled),
        ..Settings::default()
    };
    let mut model = Model::new(settings, now());
    update(&mut model, Msg::Cluster(synthetic_events(12)));
    assert!(notice(&model).starts_with("there is no DaemonSet storage/gone"), "{}", notice(&model));
    assert!(model.screen().is_none());
}
