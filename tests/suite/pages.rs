//! Full screens: one on another, by identity, with what they ask; and nothing on them changes the cluster.

use dsgrid::app::{Capabilities, ColumnPlace, Effect, Model, Msg, Screen, update};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::id::{NodeName, ObjectKind, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::raw::RawObject;
use serde_json::json;

use crate::support::build::{ago, now, read};
use crate::support::monitor::{answer, press, screen, synthetic, text};

const SIZE: (u16, u16) = (120, 40);

/// Only the crashing agent is in the grid, so that its order does not matter here.
fn monitor() -> Model {
    let mut model = synthetic(12, Capabilities::default());
    screen(&mut model, SIZE);
    press(&mut model, "/broken<enter>");
    model
}

fn drawn(model: &mut Model) -> String {
    text(&screen(model, SIZE))
}

fn event(reason: &str, message: &str, seconds: i64, warning: bool) -> serde_json::Value {
    json!({"reason": reason, "message": message, "type": if warning { "Warning" } else { "Normal" },
           "count": 3, "lastTimestamp": ago(seconds), "source": {"component": "kubelet"}})
}

/// What the made-up cluster answers.
fn known(inquiry: &Inquiry) -> Option<Answer> {
    Some(match inquiry {
        Inquiry::Events(object) if object.kind == ObjectKind::Node => {
            Answer::Events(vec![read(event("NodeReady", "the node is ready", 600, false))])
        }
        Inquiry::Events(object) if object.kind == ObjectKind::DaemonSet => Answer::Events(vec![
            read(event("FailedCreate", "Error creating: exceeded quota: pods", 300, true)),
            read(event("SuccessfulCreate", "Created pod: a", 20, false)),
        ]),
        Inquiry::Events(_) => Answer::Events(vec![
            read(event("BackOff", "Back-off restarting failed container main", 30, true)),
            read(event("BackOff", "Back-off restarting failed container main", 90, true)),
            read(event("Pulled", "Image is present", 95, false)),
        ]),
        Inquiry::Budgets(_) => Answer::Budgets(Vec::new()),
        Inquiry::Object(object) if object.kind == ObjectKind::Node => {
            Answer::Object(Some(RawObject::new(json!({
                "metadata": {"name": object.key.name.as_str()},
                "status": {"capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
                           "allocatable": {"cpu": "3920m", "memory": "15Gi", "pods": "110"}}
            }))))
        }
        Inquiry::Object(object) => Answer::Object(Some(RawObject::new(json!({
            "apiVersion": "v1", "kind": object.kind.to_string(),
            "metadata": {"name": object.key.name.as_str(), "labels": {"app": "x"},
                         "managedFields": [{"manager": "kubectl"}]},
            "spec": {"containers": [{"name": "main", "image": "r.example/x:3.2.0"}],
                     "note": "a line that is much longer than any screen is wide ".repeat(9)}
        })))),
        Inquiry::PodsOnNode(_) => Answer::Pods(vec![read(json!({
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "web-1", "creationTimestamp": ago(900)},
            "spec": {"nodeName": "node-00001", "containers": [{"name": "web"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "web", "ready": true, "state": {"running": {"startedAt": ago(800)}}}]}
        }))]),
        Inquiry::Access(_) | Inquiry::Journal => return None,
    })
}

/// Presses keys and answers what is asked.
fn go(model: &mut Model, keys: &str) {
    let effects = press(model, keys);
    answer(model, effects, known);
    screen(model, SIZE);
}

fn shown(model: &Model) -> Option<&Screen> {
    model.screen().map(|open| &open.screen)
}

fn cell(daemon_set: &str, node: &str) -> Screen {
    Screen::Cell { daemon_set: Uid::new(daemon_set), node: NodeName::from(node) }
}

#[test]
fn screens_lie_on_one_another_and_are_left_one_by_one() {
    let mut model = monitor();
    press(&mut model, "n<enter>");
    assert_eq!(shown(&model), Some(&cell("broken-agent", "node-00001")));
    press(&mut model, "d");
    assert_eq!(shown(&model), Some(&Screen::DaemonSet(Uid::new("broken-agent"))));
    press(&mut model, "<esc>o?");
    assert_eq!(shown(&model), Some(&Screen::Help));
    assert!(drawn(&mut model).starts_with(" prod-eu-1"), "the first line stays");
    assert!(!press(&mut model, "qq").contains(&Effect::Quit), "q goes back, it does not quit");
    assert_eq!(shown(&model), Some(&cell("broken-agent", "node-00001")));
    press(&mut model, "<esc>");
    assert_eq!(shown(&model), None);
    assert_eq!(press(&mut model, "q"), [Effect::Quit]);
}

#[test]
fn a_screen_that_is_open_is_gone_back_to() {
    let mut model = monitor();
    press(&mut model, "n<enter>dodo");
    assert_eq!(shown(&model), Some(&Screen::DaemonSet(Uid::new("broken-agent"))), "it has no node to go to");
    press(&mut model, "/without an available<enter><down><enter>");
    assert_eq!(shown(&model), Some(&cell("broken-agent", "node-00001")));
    press(&mut model, "<esc>");
    assert_eq!(shown(&model), None, "the circle was not walked again");
}

#[test]
fn from_the_grid_each_key_opens_its_page() {
    for (keys, wanted) in [
        ("0<enter>", Screen::DaemonSet(Uid::new("broken-agent"))),
        ("0d", Screen::DaemonSet(Uid::new("broken-agent"))),
        ("no", Screen::Node(NodeName::from("node-00001"))),
        ("nkkkkkkkkkkkk<enter>", Screen::Node(NodeName::from("node-00001"))),
    ] {
        let mut model = monitor();
        press(&mut model, keys);
        assert_eq!(shown(&model), Some(&wanted), "{keys}");
    }
    let mut model = monitor();
    press(&mut model, "0l#");
    assert!(
        matches!(shown(&model), Some(Screen::Count { .. }))
            && matches!(model.cursor().column, ColumnPlace::Count(_))
    );
    press(&mut model, "G<enter>o");
    assert!(
        matches!(shown(&model), Some(Screen::Node(_))),
        "a line leads to its cell, from there to the node"
    );
    let mut model = monitor();
    press(&mut model, "0o");
    assert_eq!(
        (shown(&model), model.notice().map(|notice| notice.text.as_str())),
        (None, Some("select a node first"))
    );
}

#[test]
fn what_a_page_needs_is_asked_and_what_failed_is_said() {
    let mut model = monitor();
    let asked = press(&mut model, "n<enter>");
    assert_eq!(
        asked.len(),
        5,
        "events of pod and node, the pod, the budgets, the right to patch nodes: {asked:?}"
    );
    assert!(drawn(&mut model).contains("asking for events of pod storage/broken-agent-00001..."));
    answer(&mut model, asked, |inquiry| {
        (!matches!(inquiry, Inquiry::Budgets(_))).then(|| known(inquiry)).flatten()
    });
    let page = drawn(&mut model);
    assert!(page.contains("PodDisruptionBudgets cannot be told: forbidden: ask for get and list"), "{page}");
    assert!(page.contains("r.example/x:3.2.0"), "{page}");
    assert_eq!(
        page.matches("Back-off restarting failed container main").count(),
        1,
        "the same is told once: {page}"
    );
    let order = ["NodeReady", "Pulled", "BackOff (3 times)"].map(|word| page.find(word).expect(word));
    assert!(order.is_sorted(), "newest last: {page}");
    let again = update(&mut model, Msg::Ticked(now() + jiff::SignedDuration::from_secs(11)));
    let asked = again.iter().filter(|effect| matches!(effect, Effect::Ask(_))).count();
    assert_eq!(asked, 4, "it is asked again while it is looked at");
    press(&mut model, "<esc>");
    answer(&mut model, again, known);
    assert!(model.answers().get(&Inquiry::Budgets("storage".into())).is_none(), "what comes late is dropped");
}

#[test]
fn what_is_gone_while_its_page_is_open_is_said_so() {
    let mut model = monitor();
    go(&mut model, "n<enter>d");
    let uid = Uid::new("broken-agent");
    let row =
        model.inventory().row_of(&uid).and_then(|slot| model.inventory().row(slot)).expect("it is there");
    let gone = row.daemon_set.clone();
    update(&mut model, Msg::Cluster(vec![ClusterEvent::DaemonSets(Change::Deleted(gone))]));
    let page = drawn(&mut model);
    assert!(page.contains("Not there any more") && page.contains("Seen last"), "{page}");
    assert!(page.contains("DaemonSet storage/broken-agent"), "{page}");
    press(&mut model, "<esc>");
    assert!(drawn(&mut model).contains("Not there any more"), "nor is its cell");
    press(&mut model, "<enter>y<esc>");
}

#[test]
fn yaml_is_searched_wrapped_and_saved() {
    let mut model = monitor();
    go(&mut model, "n<enter>y");
    assert!(matches!(shown(&model), Some(Screen::Yaml(object)) if object.kind == ObjectKind::Pod));
    let page = drawn(&mut model);
    assert!(page.contains("image: r.example/x:3.2.0") && !page.contains("managedFields:"), "{page}");
    press(&mut model, "m");
    assert!(drawn(&mut model).contains("manager: kubectl"));
    press(&mut model, "mw");
    assert!(drawn(&mut model).matches("much longer").count() > 3, "wrapped");
    press(&mut model, "wl");
    assert!(drawn(&mut model).contains(" column 9 "));
    press(&mut model, "0/IMAGE<enter>");
    assert_eq!(model.notice().map(|notice| notice.text.as_str()), Some("nothing here matches /IMAGE"));
    press(&mut model, "/image<enter>");
    let open = model.screen().expect("it is open");
    assert!(open.page.lines[open.view.at].text.contains("image:"));
    let effects = press(&mut model, "S");
    let Some(Effect::SaveFile { name, text }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(name, "pod-storage-broken-agent-00001.yaml");
    assert!(text.starts_with("apiVersion: v1\n") && text.ends_with('\n'));
    update(&mut model, Msg::Saved(Err("cannot save to /x: denied".to_owned())));
    assert!(drawn(&mut model).contains("cannot save to /x: denied"));
    press(&mut model, "<esc>");
    assert!(
        model.screen().is_some_and(|open| open.view.search.typed.is_empty()),
        "Esc drops the search first"
    );
    press(&mut model, "<esc>");
    assert_eq!(shown(&model), Some(&cell("broken-agent", "node-00001")));
}

#[test]
fn the_cursor_stays_on_its_line() {
    let mut model = monitor();
    go(&mut model, "n<enter>");
    press(&mut model, "/Node node<enter>");
    let line = |model: &Model| {
        let open = model.screen().expect("it is open");
        open.page.lines[open.view.at].text.clone()
    };
    assert_eq!(line(&model), "Node node-00001");
    let effects = update(&mut model, Msg::Ticked(now() + jiff::SignedDuration::from_secs(11)));
    answer(&mut model, effects, |inquiry| match inquiry {
        Inquiry::Budgets(_) | Inquiry::Events(_) => known(inquiry),
        _ => Some(Answer::Object(None)),
    });
    assert_eq!(line(&model), "Node node-00001");
}

/// Keys that mean nothing do nothing, and no key on any screen writes to the cluster.
#[test]
fn nothing_on_a_screen_mutates() {
    for open in ["n<enter>", "0d", "no", "0l#", "n<enter>y", "?"] {
        let mut model = monitor();
        go(&mut model, open);
        for key in (' '..='~').filter(|key| !"<q".contains(*key)) {
            let effects = press(&mut model, &key.to_string());
            assert!(
                effects.iter().all(|effect| matches!(
                    effect,
                    Effect::Ask(_) | Effect::CopyToClipboard(_) | Effect::SaveFile { .. }
                )),
                "{open} {key}: {effects:?}"
            );
            if model.typed().1 {
                press(&mut model, "<esc>");
            }
        }
    }
}

#[test]
fn pages_at_every_size() {
    for (name, keys) in [
        ("cell", "n<enter>"),
        ("daemon-set", "0d"),
        ("node", "no"),
        ("count", "0l#"),
        ("yaml", "0y"),
        ("search", "0d/ready<enter>"),
    ] {
        let mut model = monitor();
        go(&mut model, keys);
        for (width, height) in [(80, 24), (120, 40), (40, 10)] {
            let drawn = text(&screen(&mut model, (width, height)));
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), drawn);
        }
    }
}
