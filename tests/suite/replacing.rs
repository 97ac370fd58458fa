//! Replacing pods from the monitor: how it is asked for, how it goes on the screen, and above all how it stops.

use dsgrid::app::{Action, Effect, Msg, Screen, Settings, unavailable};
use dsgrid::domain::command::{Method, Outcome, Verb};
use dsgrid::domain::event::LinkState;
use dsgrid::domain::replace::claim::{ANNOTATION, Claim};
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::run::{Hold, RunState};
use dsgrid::domain::replace::work::Step;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::build::now;
use crate::support::replacing::Desk;

fn state(desk: &Desk) -> RunState {
    desk.model.replacement().expect("it goes on").run().state().clone()
}

fn done(desk: &Desk) -> usize {
    let works = desk.model.replacement().expect("it goes on").run().works();
    works.iter().filter(|work| work.step == Step::Done).count()
}

fn candidates(desk: &Desk) -> Vec<String> {
    let question = desk.model.dialog().and_then(|dialog| dialog.question.as_ref());
    let plan = question.and_then(|question| question.plan.as_ref());
    plan.map(|plan| plan.candidates.iter().map(|one| one.node.to_string()).collect()).unwrap_or_default()
}

/// The form is left as it is, and the plan is asked about.
fn plan(desk: &mut Desk) -> Vec<String> {
    desk.go("R");
    desk.go("<enter>");
    candidates(desk)
}

#[test]
fn the_form_shows_what_it_comes_to_and_refuses_what_makes_no_sense() {
    let mut desk = Desk::new();
    desk.go("R");
    insta::assert_snapshot!("form-120x40", desk.shown());
    insta::assert_snapshot!("form-80x24", desk.at((80, 24)));
    insta::assert_snapshot!("form-40x10", desk.at((40, 10)));
    desk.shown();
    for (keys, told) in [
        ("0", "lets no pod be replaced"),
        ("<c-u>200%", "more than all nodes"),
        ("<c-u>many", "is no number of nodes"),
        ("<c-u>10%", "10% = 6 of 54 nodes (rounded up)"),
        ("<tab>x", "is no number"),
        ("<c-u>2<tab>soon", "is no time"),
        ("<c-u>5s<tab><tab>0", "0 would halt before it begins"),
        ("<c-u>1<tab>rack", "no node has the label rack"),
        ("<c-u>pool<tab>blue", "no node has pool=blue; there are gpu, web"),
    ] {
        desk.go(keys);
        let shown = desk.shown();
        assert!(shown.contains(told), "{keys}: {shown}");
    }
    // While something is wrong Enter does nothing.
    desk.go("<enter>");
    assert!(candidates(&desk).is_empty());
    desk.go("<c-u>web<tab>y<tab>10m<tab>25:00");
    assert!(desk.shown().contains("is no time"), "{}", desk.shown());
    desk.go("<c-u>2020-01-01T00:00:00Z");
    assert!(desk.shown().contains("is past; write a time to come"), "{}", desk.shown());
    desk.go("<enter>");
    assert!(candidates(&desk).is_empty());
    desk.go("<c-u>2026-01-09T04:00:00Z");
    assert!(desk.shown().contains("after 2026-01-09 04:00Z"), "{}", desk.shown());
    desk.go("<c-u>23:30");
    desk.go("<enter>");
    assert_eq!(candidates(&desk).len(), 12);
    let shown = desk.shown();
    for told in ["1. canary: 2", "2. web: 10", "holds after each", "waits 10m after each", "after 23:30Z"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    // Back to the form, and everything is as it was typed.
    desk.go("<tab>");
    assert!(desk.shown().contains("10%"), "{}", desk.shown());
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn the_plan_says_what_happens_and_how_to_stop_it() {
    let mut desk = Desk::new();
    assert_eq!(plan(&mut desk).len(), 12);
    insta::assert_snapshot!("plan-120x40", desk.shown());
    insta::assert_snapshot!("plan-80x24", desk.at((80, 24)));
    insta::assert_snapshot!("plan-40x10", desk.at((40, 10)));
    // Enter is no yes.
    desk.go("<enter>");
    assert!(desk.sent.is_empty() && desk.model.replacement().is_none());
}

#[test]
fn it_is_asked_for_from_every_page_and_of_what_is_marked() {
    let one = ["node-00005"];
    let mut desk = Desk::new();
    let go_to = |desk: &mut Desk| {
        desk.press("$0");
        while desk.model.cursor().column.node().is_none_or(|node| node.as_str() != one[0]) {
            desk.press("l");
        }
    };
    go_to(&mut desk);
    assert_eq!(plan(&mut desk), one, "the cell in the grid");
    desk.go("<esc>");
    desk.go("<enter>");
    assert_eq!(plan(&mut desk), one, "the page of the cell");
    desk.go("<esc>");
    desk.go("d");
    assert_eq!(plan(&mut desk).len(), 12, "the page of the DaemonSet");
    desk.go("<esc>");
    desk.go("<esc>");
    desk.go("o");
    // Two sets there are replaced by hand and have outdated pods: one has to be chosen.
    desk.go("g");
    desk.go("R");
    let shown = desk.shown();
    assert!(shown.contains("whose pods first?") && shown.contains("kube-system/cni"), "{shown}");
    desk.go("j");
    desk.go("<enter>");
    desk.go("<enter>");
    assert_eq!(candidates(&desk), one, "the page of the node: {}", desk.shown());
    desk.go("<esc>");
    desk.go("<esc>");
    desk.go("<esc>");
    // Marks go before the cursor.
    desk.press(" ");
    for _ in 0..5 {
        desk.press("l");
    }
    desk.press(" k");
    assert_eq!(plan(&mut desk), ["node-00005", "node-00010"], "{}", desk.shown());
}

#[test]
fn without_rights_or_outdated_pods_it_says_why_not() {
    let mut desk = Desk::new();
    desk.denied = vec!["delete pods"];
    desk.answer();
    assert_eq!(unavailable(&desk.model, Action::ReplacePods), None, "evicting is allowed");
    assert!(plan(&mut desk).is_empty());
    assert!(desk.shown().contains("you may not delete pods in logging"), "{}", desk.shown());

    let mut desk = Desk::new();
    desk.denied = vec!["delete pods", "create pods/eviction"];
    desk.answer();
    let why = unavailable(&desk.model, Action::ReplacePods).expect("neither way");
    assert_eq!(why, "you may not delete pods in logging");
    desk.go("R");
    assert!(desk.model.dialog().is_none() && desk.shown().contains(&why));

    let mut desk = Desk::new();
    desk.denied = vec!["list pods"];
    assert!(plan(&mut desk).is_empty());
    let shown = desk.shown();
    assert!(shown.contains("the other pods of a node cannot be looked after"), "{shown}");
    // What is demanded can be accepted.
    desk.go("<tab>");
    desk.go(&"<tab>".repeat(11));
    desk.go("n<enter>");
    assert_eq!(candidates(&desk).len(), 12, "{}", desk.shown());
    assert!(desk.shown().contains("NOT looked"));

    let mut desk = Desk::new();
    desk.denied = vec!["patch daemonsets"];
    assert_eq!(plan(&mut desk).len(), 12);
    let shown = desk.shown();
    assert!(shown.contains("colleagues will not see") && shown.contains("dsgrid --context"), "{shown}");

    let mut desk = Desk::with(Settings { read_only: true, ..Settings::default() });
    desk.go("R");
    assert!(desk.model.dialog().is_none() && desk.shown().contains("read-only"), "{}", desk.shown());
}

#[test]
fn it_goes_node_by_node_to_the_end_and_says_so() {
    let mut desk = Desk::new();
    desk.begin("");
    assert_eq!(desk.model.screen().map(|open| &open.screen), Some(&Screen::Replacement));
    assert_eq!(desk.deletions(), 1, "the canary");
    let first = &desk.sent[0].1;
    assert_eq!(first.method, Method::JsonPatch, "colleagues are told before anything is deleted");
    desk.pass(3);
    insta::assert_snapshot!("running-120x40", desk.shown());
    insta::assert_snapshot!("running-80x24", desk.at((80, 24)));
    insta::assert_snapshot!("running-40x10", desk.at((40, 10)));
    // In the grid the node in flight is marked, and the row says how far it is.
    desk.go("<esc>");
    insta::assert_snapshot!("running-grid-120x40", desk.shown());
    desk.go("d");
    let shown = desk.shown();
    assert!(shown.contains("by this dsgrid: replacing 0/12, node-00000"), "{shown}");
    desk.go("%");
    for _ in 0..60 {
        desk.pass(10);
    }
    assert_eq!(state(&desk), RunState::Finished);
    assert_eq!((done(&desk), desk.deletions()), (12, 12));
    let replacing = desk.model.replacement().expect("it is kept");
    assert!(replacing.title().starts_with("done: replace logging/audit-tail 12/12"));
    let words = replacing.last_words(desk.model.inventory(), &Text::new("prod-eu-1"));
    assert_eq!((replacing.rings(), words), (1, None));
    insta::assert_snapshot!("done-80x24", desk.at((80, 24)));
    insta::assert_snapshot!("done-120x40", desk.shown());
    assert!(desk.daemon_set["metadata"]["annotations"].get(ANNOTATION).is_none(), "nobody is at it any more");
}

#[test]
fn it_halts_on_the_first_failure_with_everything_at_hand() {
    let mut desk = Desk::new();
    desk.is_broken = true;
    desk.begin("");
    desk.pass(2);
    desk.pass(2);
    assert!(matches!(state(&desk), RunState::Halted(_)), "{}", desk.shown());
    assert_eq!(desk.deletions(), 1, "nothing more");
    assert_eq!(desk.model.replacement().map(dsgrid::app::Replacing::rings), Some(1));
    assert!(desk.model.replacement().unwrap().title().starts_with("HALTED"));
    let shown = desk.shown();
    for told in ["CrashLoopBackOff: exit 1", "giving up", "Back-off restarting failed container main"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    desk.go("<esc>");
    let grid = desk.at((80, 24));
    assert!(grid.lines().last().unwrap_or_default().starts_with(" % replacement"), "{grid}");
    desk.shown();
    desk.go("%");
    insta::assert_snapshot!("halted-120x40", desk.shown());
    insta::assert_snapshot!("halted-80x24", desk.at((80, 24)));
    insta::assert_snapshot!("halted-40x10", desk.at((40, 10)));
    // Going on is a person's word, said twice where nothing came up so far; so is the end, always.
    desk.go("R");
    assert!(matches!(state(&desk), RunState::Halted(_)), "{}", desk.shown());
    let asked = desk.shown();
    assert!(
        asked.contains("no pod of 3.2.0 (r3) came up so far, on 1 node; 11 nodes would be next"),
        "{asked}"
    );
    desk.go("R");
    desk.pass(1);
    assert_eq!(desk.deletions(), 1, "what failed uses the limit up");
    assert!(desk.shown().contains("waits: the limit of 1 is used up by nodes"), "{}", desk.shown());
    desk.go("X");
    assert!(desk.shown().contains("press X again"), "{}", desk.shown());
    assert_eq!(state(&desk), RunState::Running);
    desk.go("X");
    desk.pass(40);
    assert_eq!((state(&desk), desk.deletions()), (RunState::Aborted, 1));
    let told = desk
        .model
        .replacement()
        .unwrap()
        .last_words(desk.model.inventory(), &Text::new("prod-eu-1"))
        .expect("nodes are left");
    assert!(told.contains("0/12 done, 1 failed, 11 left") && told.contains("--continue"), "{told}");
}

/// What colleagues read on the DaemonSet.
fn told(desk: &Desk) -> Claim {
    let text = desk.daemon_set["metadata"]["annotations"][ANNOTATION].as_str();
    text.and_then(Claim::parse).expect("it is kept")
}

/// Every place a person can be, by the keys that lead there.
const PLACES: [(&str, &str); 10] = [
    ("the grid", "<esc>"),
    ("its own screen", ""),
    ("a cell", "<esc><enter>"),
    ("a DaemonSet", "<esc>d"),
    ("a node", "<esc>$o"),
    ("problems", "<esc>!"),
    ("a dialog", "<esc>$C"),
    ("a list", "<esc>z"),
    ("the help", "?"),
    ("logs", "<esc>L"),
];

#[test]
fn h_holds_it_on_every_screen_without_a_question() {
    for (place, keys) in PLACES {
        let mut desk = Desk::new();
        desk.begin("");
        for key in split(keys) {
            desk.go(&key);
        }
        desk.go("H");
        assert_eq!(state(&desk), RunState::Held(Hold::Person), "{place}: {}", desk.shown());
        let before = desk.deletions();
        for _ in 0..5 {
            desk.pass(30);
        }
        assert_eq!(desk.deletions(), before, "{place}");
        assert_eq!(done(&desk), 1, "what is in flight is followed");
        let told = told(&desk);
        assert_eq!(
            (told.done, told.stopped.as_str()),
            (1, "held by hand"),
            "colleagues read the last number"
        );
        assert!(desk.now.duration_since(told.heartbeat).as_secs() >= 150, "and since when");
    }
    // Where text is typed it is a letter, and Ctrl-c holds there too.
    let mut desk = Desk::new();
    desk.begin("");
    desk.go("<esc>");
    desk.go("/");
    desk.go("H");
    assert_eq!(state(&desk), RunState::Running);
    desk.go("<c-c>");
    assert_eq!(state(&desk), RunState::Held(Hold::Person));
}

fn split(keys: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), keys);
    while let Some(first) = rest.chars().next() {
        let end = if first == '<' { rest.find('>').expect("closed") + 1 } else { first.len_utf8() };
        found.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

#[test]
fn leaving_holds_first_and_waits_for_what_was_sent() {
    for (how, signal) in [("<c-c>", false), ("q", false), ("", true)] {
        let leave = |desk: &mut Desk| if signal { desk.tell(Msg::Interrupted) } else { desk.press(how) };
        let mut desk = Desk::new();
        desk.begin("");
        desk.go("<esc>");
        desk.pass(1);
        leave(&mut desk);
        assert!(!desk.has_quit);
        let shown = desk.shown();
        assert!(
            shown.contains("held, nothing more is deleted; in flight: node-00000; once more to leave"),
            "{shown}"
        );
        // That it is held is being told to colleagues: the end waits for that, at most a moment.
        leave(&mut desk);
        assert!(!desk.has_quit, "{}", desk.shown());
        desk.answer();
        assert!(desk.has_quit, "{}", desk.shown());
        let claim = desk.daemon_set["metadata"]["annotations"][ANNOTATION].as_str().and_then(Claim::parse);
        assert_eq!(claim.expect("it is kept").stopped, "held by hand");
        let told = desk
            .model
            .replacement()
            .unwrap()
            .last_words(desk.model.inventory(), &Text::new("prod-eu-1"))
            .expect("nodes are left");
        assert!(told.contains("coming up by itself: node-00000"), "{told}");
    }
    // What came up after the hold is counted in the last word, though another pod is in flight still.
    let mut desk = Desk::new();
    desk.begin("2<tab>0");
    let is_check = |effect: &Effect| matches!(effect, Effect::ReadNeighbours(_));
    desk.press("<c-c>");
    desk.answer();
    desk.wait(31);
    let at = desk.waiting.iter().position(is_check).expect("both have soaked");
    drop(desk.waiting.remove(at));
    desk.answer();
    assert_eq!((done(&desk), told(&desk).done), (1, 0));
    desk.press("<c-c>");
    assert!(!desk.has_quit);
    desk.answer();
    assert_eq!((desk.has_quit, told(&desk).done), (true, 1));
    // With no answer it ends all the same.
    let mut desk = Desk::new();
    desk.begin("");
    desk.press("<c-c><c-c>");
    assert!(!desk.has_quit);
    desk.wait(3);
    assert!(desk.has_quit);
}

#[test]
fn stale_data_holds_it_and_names_the_watch() {
    let mut desk = Desk::new();
    desk.begin("");
    desk.pass(5);
    desk.link(&LinkState::Retrying { since: desk.now, why: Text::new("connection refused") });
    desk.pass(40);
    let shown = desk.shown();
    assert!(matches!(state(&desk), RunState::Held(Hold::Stale(_))), "{shown}");
    assert!(shown.contains("not live for 40s") && shown.contains("nothing is deleted blind"), "{shown}");
    assert!(shown.contains("unknown for 40s, was soaking"), "{shown}");
    insta::assert_snapshot!("stale-80x24", desk.at((80, 24)));
    // Whatever else is to be told in the first line: what this dsgrid does stays.
    desk.go("<esc>");
    for (size, told) in [
        ((120, 40), "held: replace logging/audit-tail 0/12"),
        ((100, 30), "held: replace 0/12"),
        ((80, 24), "held: replace 0/12"),
        ((50, 12), "held: replace 0/12"),
    ] {
        let shown = desk.at(size);
        let header = shown.lines().next().unwrap_or_default();
        assert!(header.contains(told), "{header}");
    }
    desk.shown();
    desk.go("%");
    assert_eq!(desk.deletions(), 1);
    desk.link(&LinkState::Live { since: desk.now });
    desk.pass(10);
    let shown = desk.shown();
    assert!(shown.contains("held: live again for 10s of 15s, then it goes on"), "{shown}");
    assert!(!shown.contains("not live for 50s"), "{shown}");
    assert_eq!(desk.deletions(), 1, "not before it was live for a while");
    desk.pass(6);
    desk.pass(1);
    assert_eq!((state(&desk), desk.deletions()), (RunState::Running, 2), "{}", desk.shown());
}

#[test]
fn a_neighbour_that_breaks_is_named_and_can_be_let_pass() {
    let mut desk = Desk::new();
    desk.begin("");
    desk.pass(5);
    desk.neighbour["status"]["conditions"][0] =
        json!({"type": "Ready", "status": "False", "lastTransitionTime": desk.now.to_string()});
    desk.pass(30);
    desk.pass(1);
    let shown = desk.shown();
    assert!(matches!(state(&desk), RunState::Halted(_)), "{shown}");
    assert!(shown.contains("payments/api-7d9 is not Ready") && shown.contains("A lets"), "{shown}");
    insta::assert_snapshot!("neighbour-80x24", desk.at((80, 24)));
    desk.go("A");
    desk.pass(1);
    assert_eq!((state(&desk), done(&desk)), (RunState::Running, 1), "{}", desk.shown());
    assert_eq!(desk.deletions(), 2);
}

#[test]
fn a_soak_is_counted_down_once_however_often_the_neighbours_are_looked_at() {
    let mut desk = Desk::new();
    desk.begin("");
    desk.pass(12);
    assert!(desk.shown().contains("node-00000  soaking, 18s left"), "{}", desk.shown());
    // The answer fails again and again.
    desk.wait(18);
    for _ in 0..2 {
        let shown = desk.shown();
        assert!(shown.contains("node-00000  soaked; the node's other pods are looked at"), "{shown}");
        let is_read = |effect: &Effect| matches!(effect, Effect::ReadNeighbours(_));
        let at = desk.waiting.iter().position(is_read).expect("they are read");
        let Some(Effect::ReadNeighbours(node)) = desk.waiting.remove(at) else { panic!("it was just there") };
        desk.tell(Msg::NeighboursRead { node, pods: Err("connection refused".to_owned()) });
        desk.pass(4);
        let shown = desk.shown();
        assert!(shown.contains("looked at again in 6s") && !shown.contains("00000  soaking"), "{shown}");
        desk.wait(6);
    }
}

#[test]
fn between_groups_it_holds_until_somebody_goes_on() {
    let mut desk = Desk::new();
    // Two at once, grouped by zone, holding after each group.
    desk.begin("2<tab>0<tab>0s<tab><tab><tab>topology.kubernetes.io/zone<tab><tab>y");
    for _ in 0..5 {
        desk.pass(5);
    }
    assert_eq!(state(&desk), RunState::Held(Hold::Group("eu-1b".to_owned())), "{}", desk.shown());
    assert_eq!(done(&desk), 4);
    let shown = desk.shown();
    assert!(shown.contains("next: eu-1b") && shown.contains("R goes on"), "{shown}");
    desk.go("R");
    desk.pass(5);
    assert!(desk.deletions() > 4);
}

#[test]
fn a_colleagues_run_is_seen_and_taken_over_only_by_its_name() {
    let mut desk = Desk::new();
    let claim = |heartbeat, done| Claim {
        by: Text::new("oncall"),
        host: Text::new("bastion-2"),
        started: now(),
        heartbeat,
        revision: Text::new("audit-tail-r3"),
        options: Options { soak_seconds: 7, ..Options::default() },
        done,
        total: 240,
        stopped: Text::default(),
    };
    let put = |desk: &mut Desk, claim: &Claim| {
        desk.daemon_set["metadata"]["annotations"] =
            json!({ANNOTATION: serde_json::to_string(claim).unwrap()});
        desk.tell_daemon_set();
    };
    put(&mut desk, &claim(now(), 111));
    let words = "oncall@bastion-2 is replacing this, 111/240";
    assert!(desk.shown().contains(words), "{}", desk.shown());
    desk.go("d");
    assert!(desk.shown().contains(words), "{}", desk.shown());
    // A few pods would need no name: taking it over does.
    desk.go("R");
    let shown = desk.shown();
    assert!(shown.contains("going on takes it over") && shown.contains("7s"), "{shown}");
    desk.go("<enter>");
    let shown = desk.shown();
    assert!(shown.contains(words) && shown.contains("talk to them first"), "{shown}");
    insta::assert_snapshot!("takeover-80x24", desk.at((80, 24)));
    assert!(desk.model.dialog().unwrap().word().is_some());
    desk.go("y<enter>");
    assert!(desk.model.replacement().is_none());
    // Their heartbeat comes in between: it is theirs all the same.
    let later = now() + SignedDuration::from_secs(20);
    desk.daemon_set["metadata"]["annotations"] =
        json!({ANNOTATION: serde_json::to_string(&claim(later, 112)).unwrap()});
    desk.go("<c-u>audit-tail<enter>");
    desk.pass(1);
    assert_eq!((state(&desk), desk.deletions()), (RunState::Running, 1), "{}", desk.shown());
    let ours = desk.daemon_set["metadata"]["annotations"][ANNOTATION].as_str().and_then(Claim::parse);
    assert_eq!(ours.expect("it is there").by, "me");
    // And when somebody takes over from us, we stop.
    let theirs = Claim { by: Text::new("night"), started: later, ..claim(desk.now, 3) };
    put(&mut desk, &theirs);
    desk.wait(60);
    desk.answer();
    let before = desk.deletions();
    assert!(
        matches!(state(&desk), RunState::Outdated(why) if why.words().contains("night@bastion-2")),
        "{}",
        desk.shown()
    );
    desk.pass(60);
    assert_eq!(desk.deletions(), before);
}

#[test]
fn whatever_would_end_it_says_so_and_comes_last() {
    let mut desk = Desk::new();
    let pause = r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"me","at":"2026-01-02T00:00:00Z"}"#;
    desk.daemon_set["metadata"]["annotations"] = json!({"dsgrid.dev/paused": pause});
    desk.tell_daemon_set();
    assert!(desk.shown().contains(":resume"), "{}", desk.shown());
    desk.begin("");
    desk.go("<esc>");
    let hints = |desk: &mut Desk, size| desk.at(size).lines().last().unwrap_or_default().to_owned();
    for size in [(120, 40), (80, 24)] {
        let hints = hints(&mut desk, size);
        assert!(hints.contains("H hold  % replacement") && !hints.contains("resume"), "{hints}");
    }
    desk.go("a");
    let shown = desk.shown();
    let place = |word: &str| shown.find(word).unwrap_or_else(|| panic!("{word}: {shown}"));
    assert!(place("hold dsgrid's own work") < place("let a paused rollout go on"), "{shown}");
    assert!(place("how the replacement goes") < place("let a paused rollout go on"), "{shown}");
    desk.go("<esc>");
    desk.go(":");
    desk.go("resume");
    desk.go("<enter>");
    let shown = desk.shown();
    let told = "me@bastion-1 is replacing this, 0/12: the controller takes over the 12 left at once";
    assert!(shown.contains(told), "{shown}");
    // A change of the template ends it as well, and few pods or not: the name is wanted.
    desk.go("<esc>");
    desk.go("U");
    desk.go("<enter>");
    let shown = desk.shown();
    assert!(shown.contains("me@bastion-1 is replacing this, 0/12: another template ends it"), "{shown}");
    assert!(desk.model.dialog().expect("it is asked").word().is_some(), "{shown}");
    desk.go("<esc>");
    desk.go("H");
    // Nothing can be held any more, but how it stands is still a key away, wherever the cursor is.
    desk.go("k");
    let hints = hints(&mut desk, (80, 24));
    assert!(hints.starts_with(" % replacement"), "{hints}");
}

/// Held, with one pod in flight that is up by now.
fn held() -> Desk {
    let mut desk = Desk::new();
    desk.begin("");
    desk.go("H");
    desk.pass(40);
    assert_eq!((state(&desk), done(&desk)), (RunState::Held(Hold::Person), 1));
    desk
}

#[test]
fn a_held_one_learns_that_somebody_took_over_and_leaves_it_to_them() {
    let mut desk = held();
    let theirs = Claim { by: Text::new("anna"), started: desk.now, heartbeat: desk.now, ..told(&desk) };
    let theirs = Claim { stopped: Text::default(), total: 11, done: 0, ..theirs };
    let text = serde_json::to_string(&theirs).expect("it can be written");
    desk.daemon_set["metadata"]["annotations"][ANNOTATION] = json!(text);
    desk.tell_daemon_set();
    let shown = desk.shown();
    assert!(shown.contains("ended: anna@bastion-1 is replacing this, 0/11"), "{shown}");
    assert!(desk.model.replacement().unwrap().title().starts_with("ended: "));
    let context = Text::new("prod-eu-1");
    let words = desk.model.replacement().unwrap().last_words(desk.model.inventory(), &context);
    let words = words.expect("nodes are left");
    assert!(words.contains("anna@bastion-1 is replacing") && !words.contains("To go on"), "{words}");
    // Going on is theirs, and so is the place where it is told.
    let before = (desk.sent.len(), desk.daemon_set.clone());
    desk.go("R");
    desk.go("<esc>");
    desk.pass(90);
    assert_eq!((desk.sent.len(), &desk.daemon_set), (before.0, &before.1));
    desk.replace_elsewhere();
    desk.daemon_set["metadata"]["annotations"] = json!({});
    desk.tell_daemon_set();
    desk.pass(90);
    let shown = desk.shown();
    assert!(shown.contains("ended: anna@bastion-1 replaced the rest; nothing is left"), "{shown}");
    assert_eq!(desk.sent.len(), before.0, "nothing is written over them: {shown}");
    let words = desk.model.replacement().unwrap().last_words(desk.model.inventory(), &context);
    assert_eq!(words, None);
}

#[test]
fn a_held_one_ends_when_nothing_is_left_and_leaves_nothing_on_the_daemon_set() {
    let mut desk = held();
    desk.replace_elsewhere();
    desk.pass(1);
    let shown = desk.shown();
    assert_eq!(state(&desk), RunState::Finished, "{shown}");
    assert!(shown.contains("done: nothing is left") && shown.contains("11 skipped"), "{shown}");
    assert!(desk.daemon_set["metadata"]["annotations"].get(ANNOTATION).is_none(), "{shown}");
}

#[test]
fn leaving_says_why_it_ended_and_goes_on_only_with_what_was_planned() {
    let mut desk = Desk::new();
    desk.begin("");
    desk.pass(40);
    desk.daemon_set["metadata"]["generation"] = json!(3);
    desk.daemon_set["status"]["observedGeneration"] = json!(3);
    desk.tell_daemon_set();
    desk.pass(60);
    let shown = desk.shown();
    assert!(matches!(state(&desk), RunState::Outdated(_)), "{shown}");
    let words = desk.model.replacement().unwrap().last_words(desk.model.inventory(), &Text::new("prod-eu-1"));
    let words = words.expect("nodes are left");
    let told = "has ended: logging/audit-tail was changed (generation 2, now 3); look at it and plan again: 2/12 done; 10 \
                of 54 are outdated now. To go on: R in dsgrid, or `dsgrid --context=prod-eu-1 replace";
    assert!(words.contains(told) && !words.contains("--continue"), "{words}");
    assert!(self::told(&desk).stopped.contains("was changed"), "{shown}");
}

#[test]
fn a_claim_without_an_answer_is_told_and_tried_again() {
    let mut desk = Desk::new();
    desk.begin("");
    desk.pass(1);
    let first = told(&desk).heartbeat;
    // The next heartbeat gets no answer: neither is it given up, nor does the work stop.
    desk.wait(61);
    let is_heartbeat =
        |effect: &Effect| matches!(effect, Effect::Send { command, .. } if command.verb == Verb::Replace);
    let at = desk.waiting.iter().position(is_heartbeat).expect("a heartbeat is due");
    let Some(Effect::Send { ticket, .. }) = desk.waiting.remove(at) else { panic!("it was just there") };
    desk.tell(Msg::Sent { ticket, outcome: Box::new(Outcome::NotSent(Text::new("connection refused"))) });
    desk.answer();
    let said = |desk: &Desk| {
        let (events, _) = desk.model.replacement().expect("it goes on").events_since(0);
        events.iter().filter(|event| event.text.contains("tried again: connection refused")).count()
    };
    assert_eq!((said(&desk), told(&desk).heartbeat), (1, first));
    assert!(desk.model.replacement().expect("it goes on").unclaimed().is_none());
    desk.pass(16);
    assert!(told(&desk).heartbeat > first, "{:?}", told(&desk));
}
