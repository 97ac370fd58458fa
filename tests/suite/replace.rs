//! Replacement under gates: whatever happens, the budget holds, nothing is deleted blind, and it ends.

mod anything;
mod world;

use dsgrid::domain::command::Outcome;
use dsgrid::domain::object::{IntOrPercent, Pod};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::replace::claim::{Claim, remove};
use dsgrid::domain::replace::neighbour::{Judgement, judge, neighbours};
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::plan::NoPlan;
use dsgrid::domain::replace::run::{Hold, Order, Replacement, RunState};
use dsgrid::domain::replace::work::Step;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use self::world::World;
use crate::support::build::{ago, now, pod_json, read, with};

/// No waiting for people, no neighbours.
fn plain() -> Options {
    Options { canary: 0, soak_seconds: 0, without_neighbours: true, ..Options::default() }
}

fn in_flight(budget: i64) -> Options {
    Options { max_in_flight: IntOrPercent::Int(budget), ..plain() }
}

fn names(run: &Replacement, is: fn(&Step) -> bool) -> Vec<String> {
    run.works().iter().filter(|work| is(&work.step)).map(|work| work.candidate.node.to_string()).collect()
}

#[test]
fn a_clean_run_replaces_every_outdated_pod_one_after_the_other() {
    let mut world = World::new(5);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished);
    assert_eq!(names(&run, |step| *step == Step::Done).len(), 5);
    assert!(world.all_new());
    assert_eq!(world.most_unavailable, 1);
}

#[test]
fn canaries_come_first_and_a_bad_image_stops_after_the_first() {
    let mut world = World::new(6);
    let plan = world.plan(Options { canary: 2, ..in_flight(3) }).expect("it can be planned");
    assert_eq!(plan.waves, ["canary", "all nodes"]);
    let mut run = Replacement::new(plan, world.now);
    world.new_pods_fail = true;
    world.drive(&mut run, 60);
    let RunState::Halted(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(why.contains("CrashLoopBackOff") && why.contains("exit 1"), "{why}");
    assert_eq!(world.deletions, 2, "the second canary was in flight already");
    // A person may go on: what failed stays so, the next failure halts again.
    world.go_on(&mut run);
    world.drive(&mut run, 60);
    assert!(matches!(run.state(), RunState::Halted(_)));
}

#[test]
fn groups_follow_each_other_and_hold_between_them_if_wished() {
    let mut world = World::new(6);
    let options = Options {
        group_by: Some(Text::new("zone")),
        groups: vec![Text::new("b"), Text::new("a")],
        hold_between_groups: true,
        ..in_flight(2)
    };
    let plan = world.plan(options).expect("it can be planned");
    assert_eq!(plan.waves, ["b", "a"]);
    let mut run = Replacement::new(plan, world.now);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Held(Hold::Group("a".to_owned())));
    assert_eq!(names(&run, |step| *step == Step::Done), ["n1", "n3", "n5"]);
    world.go_on(&mut run);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished);
    assert!(world.all_new());
}

#[test]
fn what_would_not_come_back_is_set_apart_with_the_reason() {
    let mut world = World::new(4);
    world.set_ready(0, false);
    let plan = world.plan(plain()).expect("it can be planned");
    assert_eq!(plan.candidates.len(), 3);
    assert!(plan.apart[0].why.contains("not Ready"), "{:?}", plan.apart);
    let named = |name| Options { nodes: vec![Text::new(name)], ..plain() };
    assert_eq!(world.plan(named("n2")).expect("it can be planned").candidates.len(), 1);
    let selected = Options { node_selector: Some(Text::new("zone=b")), ..plain() };
    assert_eq!(world.plan(selected).expect("it can be planned").candidates.len(), 2);
    let grouped = |label, groups: &[&str]| Options {
        group_by: Some(Text::new(label)),
        groups: groups.iter().map(|group| Text::new(group)).collect(),
        ..plain()
    };
    let nowhere = Options { node_selector: Some(Text::new("zone=z")), ..plain() };
    for (wrong, told) in [
        (named("nowhere"), "there is no node nowhere"),
        (nowhere, "no node has the labels zone=z"),
        (grouped("rack", &[]), "no node has the label rack"),
        (grouped("zone", &["z"]), "there are a, b"),
        (Options { groups: vec![Text::new("a")], ..plain() }, "--group-by"),
    ] {
        let NoPlan::Wrong(words) = world.plan(wrong).unwrap_err() else { panic!("not wrong: {told}") };
        assert!(words.contains(told), "{words}");
    }
    world.replace_all();
    let plan = world.plan(named("n2")).expect("it can be planned");
    assert_eq!((plan.candidates.len(), plan.apart[0].why.as_str()), (0, "its pod is up to date"));
}

#[test]
fn nothing_outdated_is_done_at_once() {
    let mut world = World::new(3);
    world.replace_all();
    let plan = world.plan(plain()).expect("it can be planned");
    assert!(plan.candidates.is_empty());
    let mut run = Replacement::new(plan, world.now);
    assert!(run.step(&world.inventory).is_empty());
    assert_eq!(run.state(), &RunState::Finished);
}

#[test]
fn a_lost_connection_holds_and_three_of_them_want_a_person() {
    let mut world = World::new(4);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    for flap in 1..=3 {
        world.disconnect();
        world.turn(&mut run);
        assert!(matches!(run.state(), RunState::Held(Hold::Stale(_))), "{:?}", run.state());
        world.connect();
        world.turn(&mut run);
        world.pass(20);
        world.turn(&mut run);
        let flapping = matches!(run.state(), RunState::Held(Hold::Flapping));
        assert_eq!(flapping, flap == 3, "{:?}", run.state());
    }
    world.go_on(&mut run);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished);
}

#[test]
fn a_changed_daemon_set_ends_the_plan_before_anything_more_is_deleted() {
    let mut world = World::new(4);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    let before = world.deletions;
    world.edit_spec();
    world.drive(&mut run, 20);
    let RunState::Outdated(end) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    let why = end.words();
    assert!(why.contains("plan again"), "{why}");
    assert_eq!(world.deletions, before);
}

#[test]
fn a_budget_that_does_not_allow_an_eviction_holds_with_its_words() {
    let world = World::new(3);
    let options = Options { evict: true, ..plain() };
    let mut run = Replacement::new(world.plan(options).expect("it can be planned"), world.now);
    let orders = run.step(&world.inventory);
    let [Order::Check { node, .. }] = orders.as_slice() else { panic!("{orders:?}") };
    let order = run.checked(node, Ok(world.fresh(node)), &world.inventory).expect("it is sent");
    let Order::Send { command, .. } = order else { panic!("not sent") };
    assert!(command.body.contains("Eviction") && command.body.contains("preconditions"), "{}", command.body);
    run.sent(node, &Outcome::Budget(Text::new("the budget agents needs 3 healthy pods")), world.now);
    let RunState::Held(hold) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(hold.words(world.now).contains("needs 3 healthy pods"), "{}", hold.words(world.now));
    assert_eq!(run.works()[0].step, Step::Queued);
}

#[test]
fn a_pod_that_cannot_end_on_a_dead_node_is_named() {
    let mut world = World::new(3);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    world.set_ready(0, false);
    world.drive(&mut run, 10);
    // It waits at once and says for what; when the node does not come back in time, it halts.
    let RunState::Held(Hold::Dead(why)) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(why.starts_with("n0: ") && why.contains("its node is not Ready"), "{why}");
    world.drive(&mut run, 60);
    let RunState::Halted(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(why.starts_with("n0: ") && why.contains("its node is not Ready"), "{why}");
    assert_eq!(world.deletions, 1);
}

#[test]
fn after_the_time_is_up_nothing_more_is_deleted() {
    let mut world = World::new(5);
    let until = world.now + SignedDuration::from_secs(20);
    let mut run =
        Replacement::new(world.plan(Options { until: Some(until), ..plain() }).expect("a plan"), world.now);
    world.drive(&mut run, 60);
    let RunState::Outdated(end) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    let why = end.words();
    assert!(why.contains("its time") && why.contains("left"), "{why}");
    assert!(run.is_over());
    assert!(world.deletions >= 1 && !world.all_new(), "{} deletions", world.deletions);
    assert!(world.now >= until || names(&run, |step| *step == Step::Queued).len() < 5);
}

#[test]
fn a_neighbour_breaks_the_gate_only_if_it_is_really_worse_off() {
    let base = || with(pod_json("api", "n1"), "/metadata/ownerReferences", json!([]));
    let pod = |json| read::<Pod>(json);
    let before =
        neighbours(&[pod(base()), pod(pod_json("own", "n1"))], &dsgrid::domain::id::Uid::new("ds-uid"));
    assert_eq!(before.len(), 1, "the set's own pods are no neighbours");
    let un_ready = |seconds| {
        let json = with(base(), "/status/conditions/0/status", json!("False"));
        with(json, "/status/conditions/0/lastTransitionTime", json!(ago(seconds)))
    };
    let judged = |json| judge(&before, &[pod(json)], &[], now());
    assert_eq!(judged(base()), Judgement::Well);
    assert!(matches!(judged(un_ready(20)), Judgement::Harmed(_)));
    assert!(
        matches!(judged(un_ready(3)), Judgement::Blipping(at) if at == now() + SignedDuration::from_secs(7))
    );
    let restarted = with(base(), "/status/containerStatuses/0/restartCount", json!(1));
    assert!(matches!(judged(restarted.clone()), Judgement::Harmed(_)));
    // Another pod of the name, one that is being deleted or has ended, and one that a person lets pass.
    assert_eq!(judged(with(un_ready(20), "/metadata/uid", json!("other"))), Judgement::Well);
    assert_eq!(judged(with(un_ready(20), "/metadata/deletionTimestamp", json!(ago(5)))), Judgement::Well);
    assert_eq!(judged(with(un_ready(20), "/status/phase", json!("Succeeded"))), Judgement::Well);
    assert_eq!(judge(&before, &[pod(restarted)], &[before[0].uid.clone()], now()), Judgement::Well);
    assert_eq!(judge(&before, &[], &[], now()), Judgement::Well);
}

#[test]
fn a_harmed_neighbour_halts_until_a_person_lets_it_pass() {
    let mut world = World::new(3).with_neighbours();
    let options = Options { without_neighbours: false, ..plain() };
    let mut run = Replacement::new(world.plan(options).expect("it can be planned"), world.now);
    world.turn(&mut run);
    // It restarts while the pod of its node is replaced.
    world.neighbour_restarts(0);
    world.drive(&mut run, 10);
    let RunState::Halted(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(
        why.starts_with("n0: ") && why.contains("payments/api") && why.contains("restarted once"),
        "{why}"
    );
    assert_eq!(world.deletions, 1);
    let harmed = run.harmed().map(|(_, harmed)| harmed.uid.clone()).next().expect("it is named");
    assert_eq!(harmed.to_string(), "api-0");
    world.let_pass(&mut run);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished, "its restarts were counted anew for the next node");
    assert!(world.all_new());
}

#[test]
fn where_neighbours_are_not_listed_nothing_is_deleted() {
    let mut world = World::new(2);
    let options = Options { without_neighbours: false, ..plain() };
    let mut run = Replacement::new(world.plan(options).expect("it can be planned"), world.now);
    let orders = run.step(&world.inventory);
    let [Order::Check { node, with_pods: true, .. }] = orders.as_slice() else { panic!("{orders:?}") };
    let fresh = dsgrid::domain::replace::check::Fresh { pods: None, ..world.fresh(node) };
    assert_eq!(run.checked(node, Ok(fresh), &world.inventory), None);
    assert!(run.state().needs_person() && run.state().why(world.now).contains("without neighbours"));
    world.drive(&mut run, 3);
    assert_eq!(world.deletions, 0);
}

#[test]
fn a_failed_read_holds_and_is_tried_again_only_so_often() {
    let mut world = World::new(2);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    for time in 1..=3 {
        world.next_check_fails = true;
        world.turn(&mut run);
        assert!(run.state().why(world.now).contains("no answer within 15 s"), "{:?}", run.state());
        assert_eq!(run.state().needs_person(), time == 3);
        world.pass(16);
    }
    assert_eq!(world.deletions, 0);
    world.go_on(&mut run);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished);
}

#[test]
fn pods_that_others_delete_use_the_budget() {
    let mut world = World::new(4);
    world.other_deletes(3);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    assert_eq!(world.deletions, 0, "one is going already");
    world.drive(&mut run, 60);
    assert!(world.all_new());
    assert_eq!(world.deletions, 3);
}

#[test]
fn a_budget_that_never_gives_way_fails_the_node_in_the_end() {
    let world = World::new(1);
    let options = Options { evict: true, ready_timeout_seconds: Some(20), ..plain() };
    let mut run = Replacement::new(world.plan(options).expect("it can be planned"), world.now);
    let (mut inventory, mut now) = (world.inventory, world.now);
    let world = World::new(1);
    for _ in 0..4 {
        inventory.advance(now);
        for order in run.step(&inventory) {
            let Order::Check { node, .. } = order else { continue };
            if run.checked(&node, Ok(world.fresh(&node)), &inventory).is_some() {
                run.sent(&node, &Outcome::Budget(Text::new("needs 3 healthy pods")), now);
            }
        }
        now += SignedDuration::from_secs(10);
    }
    let RunState::Halted(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(why.contains("not allowed to be evicted for 20 s") && why.contains("3 healthy"), "{why}");
}

#[test]
fn a_claim_tells_colleagues_and_is_written_over_no_other() {
    let world = World::new(4);
    let run = Replacement::new(world.plan(in_flight(2)).expect("it can be planned"), world.now);
    let by = |name: &str| Claim::of(&run, &Text::new(name), &Text::new("bastion-2"), world.now, world.now);
    let claim = by("oncall");
    assert_eq!(claim.words(world.now), "oncall@bastion-2 is replacing this, 0/4");
    assert!(claim.is_held(world.now + SignedDuration::from_mins(2)));
    assert!(!claim.is_held(world.now + SignedDuration::from_mins(4)), "no heartbeat any more");
    let stopped = Claim { stopped: Text::new("halted"), ..claim.clone() };
    assert!(!stopped.is_held(world.now) && stopped.words(world.now).ends_with("stopped 0s ago: halted"));
    assert!(!by("somebody").is_same_run(&claim) && by("oncall").is_same_run(&claim));
    let set = |annotations: serde_json::Value| {
        RawObject::new(
            json!({"metadata": {"uid": "ds-uid", "resourceVersion": "7", "annotations": annotations}}),
        )
    };
    let target = run.plan().daemon_set.clone();
    let first = claim.write(&target, &set(json!(null)));
    assert!(first.body.contains("resourceVersion"), "two may begin at the same moment: {}", first.body);
    let written = serde_json::to_string(&claim).expect("it is plain");
    let held = set(json!({"dsgrid.dev/replacing": written}));
    assert_eq!(Claim::read(&held), Some(claim.clone()));
    let next = claim.write(&target, &held);
    assert!(next.body.contains("\"test\"") && !next.body.contains("resourceVersion"), "{}", next.body);
    assert_eq!(remove(&target, &set(json!({}))), None);
    assert!(remove(&target, &held).is_some_and(|command| command.body.contains("remove")));
    assert_eq!(Claim::read(&set(json!({"dsgrid.dev/replacing": "{"}))), None);
}

#[test]
fn a_pod_that_came_back_meanwhile_is_not_in_a_slot_of_its_own() {
    let mut world = World::new(3);
    world.breaks(0, true);
    world.breaks(1, true);
    // n0 is up again, which the watch has not told.
    world.lag(true);
    world.breaks(0, false);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    assert_eq!(world.deletions, 0, "n0 would be down beside n1");
    assert!(run.state().why(world.now).contains("no room any more"), "{:?}", run.state());
    world.lag(false);
    world.drive(&mut run, 60);
    assert_eq!((run.state(), world.deletions), (&RunState::Finished, 3));
}

#[test]
fn a_failed_read_before_a_lost_connection_shortens_no_wait() {
    let mut world = World::new(2);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.next_check_fails = true;
    world.turn(&mut run);
    assert!(matches!(run.state(), RunState::Held(Hold::Trouble { .. })), "{:?}", run.state());
    world.disconnect();
    world.pass(20);
    world.turn(&mut run);
    world.connect();
    world.turn(&mut run);
    assert!(matches!(run.state(), RunState::Held(Hold::Settling(_))), "{:?}", run.state());
    world.pass(10);
    world.turn(&mut run);
    assert_eq!(world.deletions, 0, "it was live for 10 s only");
    world.pass(6);
    world.turn(&mut run);
    assert_eq!((run.state(), world.deletions), (&RunState::Running, 1));
}

#[test]
fn an_estimate_counts_on_the_room_that_is_left_and_says_where_it_only_assumes() {
    let mut world = World::new(5);
    let options = || Options { nodes: ["n1", "n2", "n3", "n4"].map(Text::new).into(), ..in_flight(2) };
    let free = world.plan(options()).expect("a plan");
    assert_eq!(free.estimate(), free.usual * 2, "{free:?}");
    // The old pods tell how long one takes.
    assert!(free.is_measured && free.ending(world.now).contains("a node takes about"), "{free:?}");
    // A node beside them is down: one at a time.
    world.breaks(0, true);
    let narrow = world.plan(options()).expect("a plan");
    assert_eq!((narrow.down.len(), narrow.estimate()), (1, narrow.usual * 4), "{narrow:?}");
    for node in 1..5 {
        world.breaks(node, true);
    }
    let unknown = world.plan(options()).expect("a plan");
    assert!(unknown.ending(world.now).contains("a node is assumed to take about"), "{unknown:?}");
}
