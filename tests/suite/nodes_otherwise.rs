//! Changes of nodes while the cluster goes on: what is confirmed is what would happen now, and what comes otherwise is
//! told.

use dsgrid::app::{Effect, Model, Msg, RelabelStage, update};
use dsgrid::domain::command::{Command, Method, Outcome, Ticket, Verb};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState};
use dsgrid::domain::id::{ObjectKey, ObjectKind, ObjectRef, Uid};
use dsgrid::domain::object::{DaemonSet, Node, Pod};
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use super::nodes::{NODES, SIZE, after, go, monitor, sent, shown, writes};
use crate::support::build::{now, read, with};
use crate::support::embedded::{Embedded, command};
use crate::support::monitor::{links, object, pod, screen};
use crate::support::program::DSGRID;
use crate::support::terminal::Terminal;

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
