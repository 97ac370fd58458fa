//! Changes of nodes while the cluster goes on: what is confirmed is what would happen now, and what comes otherwise is
//! told.

use dsgrid::app::{Action, Capabilities, Effect, Model, Msg, RelabelStage, unavailable, update};
use dsgrid::domain::command::{Command, Method, Outcome, Ticket, Verb};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::inquiry::Inquiry;
use dsgrid::domain::object::{DaemonSet, Node, Pod};
use dsgrid::domain::preview::NodeChange;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use super::nodes::{NODES, SIZE, after, fresh, go, monitor, sent, shown, writes};
use crate::support::build::{now, read, with};
use crate::support::embedded::{Embedded, command};
use crate::support::monitor::{links, object, pod, press, screen, silent, synthetic_events, text};
use crate::support::program::{DSGRID, Served};
use crate::support::terminal::Terminal;
use crate::support::witness::{Kubectl, kubectl_is_there};

/// The node under the cursor.
const NODE: &str = "node-00000";

fn hear(model: &mut Model, event: ClusterEvent) {
    update(model, Msg::Cluster(vec![event]));
    frame(model, 0);
}

/// A frame so many seconds later than the cluster was made up.
fn frame(model: &mut Model, seconds: i64) {
    update(model, Msg::Ticked(now() + SignedDuration::from_secs(seconds)));
    screen(model, SIZE);
}

/// The proxy's DaemonSet, which is critical, with a rule that it does not want nodes with the label `green`.
fn proxy_away_from_green() -> ClusterEvent {
    let key = ObjectKey { namespace: Text::new("kube-system"), name: Text::new("kube-proxy") };
    let reference = ObjectRef { kind: ObjectKind::DaemonSet, key, uid: Uid::new("kube-proxy") };
    let known = object(&reference, NODES).expect("it is there").value().clone();
    let rule = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "green", "operator": "DoesNotExist"}]}]}}});
    let set = with(known, "/spec/template/spec/affinity", rule);
    ClusterEvent::DaemonSets(Change::Applied(read::<DaemonSet>(set)))
}

fn send(model: &mut Model, keys: &str) -> Vec<(Ticket, Command)> {
    writes(&go(model, keys))
}

#[test]
fn what_is_confirmed_is_what_would_happen_now() {
    let mut model = monitor();
    go(&mut model, "E+green=1<enter><c-s>");
    assert!(shown(&mut model).contains("no daemon pod starts or stops"));
    hear(&mut model, proxy_away_from_green());
    assert_eq!(send(&mut model, "y"), [], "it was not on the screen yet");
    let drawn = shown(&mut model);
    let told = "changed while you looked: it was: no daemon pod starts or stops; now node-00000 stop kube-system/kube-proxy";
    assert!(drawn.contains(told) && drawn.contains("critical DaemonSet"), "{drawn}");
    assert!(drawn.contains("a word has to be typed"), "{drawn}");
    // What was typed before does not count any more.
    assert_eq!(send(&mut model, "node-00000<enter>"), [], "it changed a moment ago");
    frame(&mut model, 2);
    go(&mut model, "<c-u>");
    assert_eq!(send(&mut model, "node-00000<enter>").len(), 1);
}

#[test]
fn what_changes_is_shown_by_itself_within_a_second() {
    let mut model = monitor();
    go(&mut model, "E+green=1<enter><c-s>");
    let wake = model.next_wake().expect("it is looked at again");
    assert!(wake <= now() + SignedDuration::from_secs(1), "{wake}");
    update(&mut model, Msg::Cluster(vec![proxy_away_from_green()]));
    frame(&mut model, 1);
    assert!(shown(&mut model).contains("changed while you looked"));
    // Nothing new: what was said stays, and what is typed now counts.
    go(&mut model, "node-");
    frame(&mut model, 3);
    assert_eq!(send(&mut model, "00000<enter>").len(), 1);
}

#[test]
fn a_node_that_changes_while_it_is_read_is_left_out() {
    let mut model = monitor();
    go(&mut model, "*E+x=y<enter><c-s>");
    assert!(shown(&mut model).contains("y sends 40"));
    let node = |at: usize| {
        let slot = model.inventory().column_of(&format!("node-{at:05}").as_str().into()).expect("a node");
        model.inventory().column_at(slot).and_then(|column| column.node.clone()).expect("a node")
    };
    let (gone, mut relabelled) = (node(3), node(4));
    relabelled.meta.labels =
        [("pool", "other")].map(|(key, value)| (Text::new(key), Text::new(value))).into_iter().collect();
    hear(&mut model, ClusterEvent::Nodes(Change::Deleted(gone)));
    hear(&mut model, ClusterEvent::Nodes(Change::Applied::<Node>(relabelled)));
    frame(&mut model, 2);
    let drawn = shown(&mut model);
    assert!(drawn.contains("left out: node-00003: gone") && drawn.contains("y sends 38"), "{drawn}");
    assert!(drawn.contains("left out: node-00004: conflict: label"), "{drawn}");
    // Who did it is in the object alone.
    let key = ObjectKey { namespace: Text::default(), name: Text::new("node-00004") };
    let asked = Inquiry::Object(ObjectRef { kind: ObjectKind::Node, key, uid: Uid::new("node-00004") });
    let found = fresh(&asked, &["node-00004"]).expect("a node");
    update(&mut model, Msg::Answered(asked, Ok(found)));
    let drawn = shown(&mut model);
    assert!(drawn.contains("is \"other\" (by kubectl-label at 2026-01-02T03:00:00Z)"), "{drawn}");
}

#[test]
fn old_data_is_said_and_wants_the_word() {
    let mut model = monitor();
    go(&mut model, "E+x=y<enter><c-s>");
    let lost = LinkState::Retrying { since: now(), why: Text::new("connection refused") };
    update(&mut model, Msg::Cluster(links(&lost)));
    frame(&mut model, 2);
    let drawn = shown(&mut model);
    assert!(drawn.contains("are not live: what is foretold is from old data"), "{drawn}");
    assert_eq!(send(&mut model, "y<enter>"), []);
    frame(&mut model, 4);
    go(&mut model, "<c-u>");
    assert_eq!(send(&mut model, "node-00000<enter>").len(), 1);
}

#[test]
fn a_stop_that_nobody_foretold_is_told() {
    let mut model = monitor();
    go(&mut model, "E+green=1<enter><c-s>");
    let (ticket, command) = send(&mut model, "y").remove(0);
    // The rule comes when it is too late, and the pod goes before the answer comes.
    hear(&mut model, proxy_away_from_green());
    let labelled: Node = after(&command).decode().expect("a node");
    hear(&mut model, ClusterEvent::Nodes(Change::Applied(labelled)));
    hear(&mut model, ClusterEvent::Pods(Change::Deleted(read::<Pod>(pod(0, 0)))));
    sent(&mut model, ticket, Outcome::Done(after(&command)));
    frame(&mut model, 1);
    let drawn = shown(&mut model);
    let told = format!("kube-system/kube-proxy on {NODE}: the pod stops, which was not foretold");
    assert!(drawn.contains(&told), "{drawn}");
    assert_eq!(model.otherwise().len(), 1);
    let RelabelStage::Sent { .. } = &model.relabel().expect("it is open").stage else { panic!() };
}

#[test]
fn a_pod_that_goes_where_it_is_still_wanted_is_no_matter_of_the_change() {
    let mut model = monitor();
    go(&mut model, "E+x=1<enter><c-s>");
    let effects = go(&mut model, "y");
    assert!(matches!(effects.as_slice(), [Effect::Send { .. }]));
    hear(&mut model, ClusterEvent::Pods(Change::Deleted(read::<Pod>(pod(0, 0)))));
    frame(&mut model, 61);
    assert!(model.otherwise().is_empty());
}

/// Where only one namespace is watched, what others do is not known.
#[test]
fn a_part_of_the_cluster_says_that_it_is_one_and_wants_the_word() {
    let scope = || Scope::Namespace(Text::new("gpu"));
    let part = synthetic_events(NODES).into_iter().map(|event| match event {
        ClusterEvent::DaemonSets(Change::Replaced(_, mut sets)) => {
            sets.retain(|set| set.meta.key.namespace == "gpu");
            ClusterEvent::DaemonSets(Change::Replaced(scope(), sets))
        }
        ClusterEvent::Pods(Change::Replaced(_, mut pods)) => {
            pods.retain(|pod| pod.meta.key.namespace == "gpu");
            ClusterEvent::Pods(Change::Replaced(scope(), pods))
        }
        ClusterEvent::Link(watch, state) if watch.kind != WatchKind::Nodes => {
            ClusterEvent::Link(Watch { scope: scope(), ..watch }, state)
        }
        event => event,
    });
    let mut model = silent(Capabilities::default());
    update(&mut model, Msg::Cluster(part.collect()));
    screen(&mut model, SIZE);
    press(&mut model, "g<up>$");
    press(&mut model, &"<left>".repeat(NODES - 1));
    let told = "only DaemonSets of namespace gpu are seen: others may start and stop pods";
    for keys in ["E+x=y<enter>", "Et", "C"] {
        go(&mut model, keys);
        assert!(shown(&mut model).contains(told), "{keys}: {}", shown(&mut model));
        go(&mut model, "<esc><esc><esc>");
        assert!(model.relabel().is_none());
    }
    go(&mut model, "E+x=y<enter><c-s>");
    assert_eq!(send(&mut model, "y<enter>"), []);
    go(&mut model, "<c-u>");
    assert_eq!(send(&mut model, "node-00000<enter>").len(), 1);
}

#[test]
fn the_page_of_a_node_is_about_that_node_whatever_is_marked() {
    let mut model = monitor();
    // Two others are marked.
    go(&mut model, "<right> <right> <left><left>");
    go(&mut model, "E");
    assert!(shown(&mut model).contains("labels and taints of 2 nodes"), "{}", shown(&mut model));
    go(&mut model, "<esc><enter>");
    for (key, title) in [("E", "labels and taints of node node-00000"), ("C", "change node node-00000")] {
        go(&mut model, key);
        let drawn = shown(&mut model);
        assert!(drawn.contains(title), "{drawn}");
        go(&mut model, "<esc>");
    }
}

#[test]
fn the_last_change_can_be_taken_back_after_its_result_was_closed() {
    let mut model = monitor();
    let why = unavailable(&model, Action::TakeBack).expect("there is nothing to take back");
    assert_eq!(why, "no node was changed since this dsgrid began");
    go(&mut model, "E+x=y<enter>t");
    go(&mut model, "k=v:NoSchedule<enter><c-s>");
    let (ticket, command) = send(&mut model, "y").remove(0);
    assert_eq!((command.from.as_str(), command.to.as_str()), ("x- k:NoSchedule-", "x=y k=v:NoSchedule"));
    sent(&mut model, ticket, Outcome::Done(after(&command)));
    go(&mut model, "<esc>");
    assert!(model.relabel().is_none());
    hear(&mut model, ClusterEvent::Nodes(Change::Applied(after(&command).decode().expect("a node"))));
    for menu in ["a", ":"] {
        go(&mut model, menu);
        go(&mut model, "take");
        let drawn = shown(&mut model);
        assert!(drawn.contains("take back x=y k=v:NoSchedule on node-00000"), "{drawn}");
        go(&mut model, "<enter>");
        let drawn = shown(&mut model);
        assert!(drawn.contains("x- k:NoSchedule-"), "{drawn}");
        go(&mut model, "<esc>");
    }
}

#[test]
fn after_a_lost_race_the_same_change_is_offered_again() {
    let mut model = monitor();
    go(&mut model, "*E+x=y<enter><c-s>");
    let mut waiting = writes(&go(&mut model, "<tab>y"));
    while let Some((ticket, command)) = waiting.pop() {
        let outcome = match command.target.key.name.as_str() {
            "node-00003" => Outcome::LostRace(None),
            "node-00005" => Outcome::Gone,
            _ => Outcome::Done(after(&command)),
        };
        waiting.extend(sent(&mut model, ticket, outcome));
    }
    let drawn = shown(&mut model);
    assert!(drawn.contains("r reads afresh and shows it again for the 1 not done"), "{drawn}");
    assert_eq!(send(&mut model, "r"), [], "it is shown first");
    let RelabelStage::Ready { batch, .. } = &model.relabel().expect("it is open").stage else { panic!() };
    assert_eq!(batch.items().len(), 1);
    let again = send(&mut model, "y");
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].1.target.key.name, "node-00003");
}

#[test]
fn edits_that_are_not_sent_are_not_dropped_by_one_key() {
    for key in ["<esc>", "q"] {
        let mut model = monitor();
        go(&mut model, &format!("E{key}"));
        assert!(model.relabel().is_none(), "there is nothing to lose");
        go(&mut model, "E+x=y<enter>+z=1<enter>");
        go(&mut model, key);
        assert!(shown(&mut model).contains("2 edits are not sent; Esc again drops them"));
        go(&mut model, "j");
        go(&mut model, key);
        assert!(model.relabel().is_some(), "another key between");
        go(&mut model, key);
        assert!(model.relabel().is_none());
    }
}

/// At the question of the command line, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_looks_again_before_it_sends() {
    let embedded = Embedded::start(&[]).await;
    let address = format!("http://{}", embedded.cluster.address());
    let target = embedded.daemon_set("logging", "fluent-bit").await;
    let node = embedded.pod(&target).await.node_name.expect("it is scheduled");
    let arguments = ["label", node.as_str(), "green=1", "--no-wait", "--server", &address];
    let mut terminal = Terminal::start(DSGRID, &arguments, &[("HOME", "/nonexistent")], 200, 50);
    terminal.wait_for("send it?");
    let rule = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "green", "operator": "DoesNotExist"}]}]}}});
    // Nothing is rolled out meanwhile.
    let body = json!({"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null},
        "template": {"spec": {"affinity": rule}}}});
    let done = embedded.send(&command(Verb::Annotate, &target, Method::MergePatch, &body)).await;
    assert_eq!(done.name(), "done", "{done:?}");
    terminal.send("y\r");
    assert_eq!(terminal.wait_for_exit(), 1);
    let text = terminal.text().replace(['\r', '\n'], "");
    assert!(text.contains("nothing was changed: it changed while you looked"), "{text}");
    assert!(text.contains("stop logging/fluent-bit"), "{text}");
}

#[test]
fn a_taint_that_is_not_there_does_not_wait_to_be_removed() {
    let mut model = monitor();
    go(&mut model, "Et");
    assert!(
        !shown(&mut model).contains("cannot read"),
        "nothing typed is nothing wrong: {}",
        shown(&mut model)
    );
    go(&mut model, "k:NoSchedule-<enter>");
    assert!(shown(&mut model).contains("there is no taint k:NoSchedule to remove"));
    // One that was just added is taken back whole.
    go(&mut model, "tk=v:NoSchedule<enter>tk:NoSchedule-<enter>");
    let RelabelStage::Editing(editor) = &model.relabel().expect("it is open").stage else { panic!() };
    assert_eq!(editor.change, NodeChange::default());
    go(&mut model, "<esc>");
    assert!(model.relabel().is_none(), "there is nothing to lose");
}

#[test]
fn marks_of_several_kinds_are_counted_by_kind() {
    let mut model = monitor();
    go(&mut model, " <right> ");
    assert!(shown(&mut model).contains("2 marked"), "{}", shown(&mut model));
    go(&mut model, "<down> ");
    assert!(shown(&mut model).contains("1 cell, 2 nodes marked"), "{}", shown(&mut model));
}

#[test]
fn the_keys_for_nodes_are_hinted_where_a_node_is_selected() {
    let mut model = monitor();
    assert!(shown(&mut model).contains("E edit nodes  C cordon"), "{}", shown(&mut model));
    go(&mut model, "<enter>");
    assert!(shown(&mut model).contains("E edit nodes  C cordon"), "{}", shown(&mut model));
    go(&mut model, "E");
    let narrow = text(&screen(&mut model, (50, 20)));
    assert!(narrow.contains("^s review") || narrow.contains("Ctrl-s review"), "{narrow}");
    assert!(narrow.contains("Esc close"), "{narrow}");
}

/// Who was quicker is in the account that the embedded server keeps of labels and taints.
#[test]
fn the_command_line_names_who_was_quicker() {
    if !kubectl_is_there() {
        return;
    }
    let cluster = Served::start(&["--nodes", "12"]);
    let node = Kubectl(&cluster.kubeconfig).done("get nodes -o jsonpath={.items[0].metadata.name}");
    let variables = [("KUBECONFIG", cluster.kubeconfig.as_str()), ("HOME", "/nonexistent")];
    for (arguments, other, told) in [
        (
            ["label", "x=1"],
            format!("label node {node} x=2"),
            "label x was missing and is \"2\" (by kubectl-label at ",
        ),
        (
            ["taint", "k=v:NoSchedule"],
            format!("taint node {node} k=w:NoSchedule"),
            "taint k=w:NoSchedule is new (by kubectl-taint at ",
        ),
    ] {
        let arguments = [arguments[0], &node, arguments[1], "--no-wait"];
        let mut terminal = Terminal::start(DSGRID, &arguments, &variables, 200, 50);
        terminal.wait_for("send it?");
        Kubectl(&cluster.kubeconfig).done(&other);
        terminal.send("y\r");
        assert_eq!(terminal.wait_for_exit(), 1);
        let text = terminal.text().replace(['\r', '\n'], "");
        assert!(text.contains(told), "{text}");
    }
}
