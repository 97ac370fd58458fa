//! Full screens: one on another, by identity, with what they ask; and nothing on them changes the cluster.

use dsgrid::app::{Capabilities, ColumnPlace, Effect, Model, Msg, Screen, Settings, update};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope};
use dsgrid::domain::id::{NodeName, ObjectKind, Uid};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use serde_json::json;

use crate::support::build::{ago, daemon_set_json, node, now, pod_json, read, with};
use crate::support::monitor::{answer, links, press, screen, synthetic, text};

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
    let mut asked = press(&mut model, "n<enter>");
    asked.retain(|effect| !matches!(effect, Effect::Ask(Inquiry::Access(_))));
    assert_eq!(asked.len(), 4, "events of pod and node, the pod, the budgets: {asked:?}");
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
    let is_about_it =
        |effect: &&Effect| matches!(effect, Effect::Ask(inquiry) if !matches!(inquiry, Inquiry::Access(_)));
    let asked = again.iter().filter(is_about_it).count();
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

/// The page of the only cell of a cluster with one DaemonSet and one node.
fn only_cell(spec: &serde_json::Value, pod: Option<serde_json::Value>) -> String {
    let settings = Settings { context: Text::new("prod-eu-1"), ..Settings::default() };
    let mut model = Model::new(settings, now());
    let set = with(daemon_set_json(spec), "/spec/minReadySeconds", json!(30));
    let mut events = vec![
        ClusterEvent::DaemonSets(Change::Replaced(Scope::Cluster, vec![read(set)])),
        ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![node("n1", &[], &["gpu=a:NoSchedule"])])),
        ClusterEvent::Pods(Change::Replaced(Scope::Cluster, pod.into_iter().map(read).collect())),
        ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, Vec::new())),
    ];
    events.extend(links(&LinkState::Live { since: now() }));
    update(&mut model, Msg::Cluster(events));
    screen(&mut model, SIZE);
    let effects = press(&mut model, "$<enter>");
    answer(&mut model, effects, known);
    assert!(matches!(shown(&model), Some(Screen::Cell { .. })), "{:?}", shown(&model));
    drawn(&mut model).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_cell_says_what_the_controller_the_scheduler_and_the_kubelet_said() {
    let tolerant = json!({"tolerations": [{"operator": "Exists"}], "containers": [{"name": "main"}]});
    let pod = || pod_json("p", "n1");
    let unready = || with(pod(), "/status/conditions/0/status", json!("False"));
    let mut unscheduled = with(
        with(unready(), "/status/phase", json!("Pending")),
        "/status/conditions/1",
        json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."}),
    );
    unscheduled["spec"].as_object_mut().expect("an object").remove("nodeName");
    unscheduled["status"].as_object_mut().expect("an object").remove("containerStatuses");
    let rejected = with(
        with(with(unready(), "/status/phase", json!("Failed")), "/status/reason", json!("OutOfcpu")),
        "/status/message",
        json!("Pod was rejected: Node didn't have enough resource: cpu"),
    );
    let crashed = with(
        with(
            unready(),
            "/status/containerStatuses/0/state",
            json!({"waiting": {"reason": "CrashLoopBackOff",
            "message": "back-off 40s restarting failed container=main pod=p_default(x)"}}),
        ),
        "/status/containerStatuses/0/lastState",
        json!({"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": ago(20)}}),
    );
    let crashed = with(crashed, "/status/containerStatuses/0/restartCount", json!(4));
    let fresh = with(pod(), "/status/conditions/0/lastTransitionTime", json!(ago(10)));
    for (case, pod, told) in [
        (
            "missing",
            None,
            vec!["FailedCreate, for this node or another): Error creating: exceeded quota: pods", "missing"],
        ),
        ("unscheduled", Some(unscheduled), vec!["not scheduled: ", "cpu"]),
        (
            "rejected",
            Some(rejected),
            vec!["the kubelet rejected or evicted it: OutOfcpu Pod was rejected: Node didn't have enough"],
        ),
        (
            "crashed",
            Some(crashed),
            vec!["waiting CrashLoopBackOff (back-off 40s); last ended Error exit 3 20s ago, 4 restarts"],
        ),
        ("fresh", Some(fresh), vec!["ready for 10s, available in 21s (minReadySeconds 30)"]),
    ] {
        let page = only_cell(&tolerant, pod);
        for words in told {
            assert!(page.contains(words), "{case}: {words:?} in {page}");
        }
    }
}

#[test]
fn a_refusing_taint_is_held_against_the_tolerations() {
    let refused = only_cell(
        &json!({"tolerations": [{"key": "gpu", "value": "b"}], "containers": [{"name": "main"}]}),
        None,
    );
    for words in
        ["taint gpu=a:NoSchedule is not tolerated", "its pods have toleration gpu=b", "automatic toleration"]
    {
        assert!(refused.contains(words), "{words:?} in {refused}");
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
