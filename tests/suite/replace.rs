//! Replacement under gates: whatever happens, the budget holds, nothing is deleted blind, and it ends.

mod world;

use std::collections::BTreeSet;

use dsgrid::domain::command::Outcome;
use dsgrid::domain::object::{IntOrPercent, Pod};
use dsgrid::domain::replace::neighbour::{Judgement, judge, neighbours};
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::run::{Hold, Order, Replacement, RunState};
use dsgrid::domain::replace::work::Step;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use proptest::prelude::*;
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
    run.go_on();
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
    run.go_on();
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
    let chosen = BTreeSet::from(["n2".into()]);
    let plan = world.plan_for(plain(), Some(&chosen)).expect("it can be planned");
    assert_eq!(plan.candidates.len(), 1);
    let unknown = BTreeSet::from(["nowhere".into()]);
    assert!(world.plan_for(plain(), Some(&unknown)).unwrap_err().contains("nowhere"));
    let wrong = Options { group_by: Some(Text::new("rack")), ..plain() };
    assert!(world.plan(wrong).unwrap_err().contains("no node has the label rack"));
    let wrong = Options { group_by: Some(Text::new("zone")), groups: vec![Text::new("z")], ..plain() };
    assert!(world.plan(wrong).unwrap_err().contains("there are a, b"));
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
    run.go_on();
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
    let RunState::Outdated(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
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
    assert!(hold.words().contains("needs 3 healthy pods"), "{}", hold.words());
    assert_eq!(run.works()[0].step, Step::Queued);
}

#[test]
fn a_pod_that_cannot_end_on_a_dead_node_is_named() {
    let mut world = World::new(3);
    let mut run = Replacement::new(world.plan(plain()).expect("it can be planned"), world.now);
    world.turn(&mut run);
    world.set_ready(0, false);
    world.drive(&mut run, 60);
    let RunState::Halted(why) = run.state() else { panic!("it goes on: {:?}", run.state()) };
    assert!(why.starts_with("n0: ") && why.contains("its node is not Ready"), "{why}");
    assert_eq!(world.deletions, 1);
}

#[test]
fn after_the_time_is_up_nothing_more_is_deleted() {
    let mut world = World::new(5);
    let until = world.now + SignedDuration::from_secs(100);
    let mut run =
        Replacement::new(world.plan(Options { until: Some(until), ..plain() }).expect("a plan"), world.now);
    world.drive(&mut run, 60);
    assert_eq!(run.state(), &RunState::Finished);
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

/// What may happen while pods are replaced.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Pass(i64),
    Down(usize),
    Up(usize),
    NewPodsFail(bool),
    OtherDeletes(usize),
    Disconnect,
    Connect,
    CheckFails,
    AnswerLost,
    NotSent,
    Hold,
    GoOn,
    Crash,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (1_i64..40).prop_map(Deed::Pass),
        1 => Just(Deed::Pass(4000)),
        1 => (0_usize..12).prop_map(Deed::Down),
        2 => (0_usize..12).prop_map(Deed::Up),
        1 => any::<bool>().prop_map(Deed::NewPodsFail),
        1 => (0_usize..12).prop_map(Deed::OtherDeletes),
        1 => Just(Deed::Disconnect),
        2 => Just(Deed::Connect),
        1 => Just(Deed::CheckFails),
        1 => Just(Deed::AnswerLost),
        1 => Just(Deed::NotSent),
        1 => Just(Deed::Hold),
        3 => Just(Deed::GoOn),
        1 => Just(Deed::Crash),
    ]
}

fn does(world: &mut World, run: &mut Replacement, options: &Options, deed: Deed) {
    match deed {
        Deed::Pass(seconds) => world.pass(seconds),
        Deed::Down(at) => world.set_ready(at, false),
        Deed::Up(at) => world.set_ready(at, true),
        Deed::NewPodsFail(fail) => world.new_pods_fail = fail,
        Deed::OtherDeletes(at) => world.other_deletes(at),
        Deed::Disconnect => world.disconnect(),
        Deed::Connect => world.connect(),
        Deed::CheckFails => world.next_check_fails = true,
        Deed::AnswerLost => world.next_answer_lost = true,
        Deed::NotSent => world.next_not_sent = true,
        Deed::Hold => run.hold(),
        Deed::GoOn => run.go_on(),
        Deed::Crash => {
            if let Ok(plan) = world.plan(options.clone()) {
                *run = Replacement::new(plan, world.now);
            }
        }
    }
    world.turn(run);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The world itself checks each deletion (see `World::send`); here it is driven through anything, then healed.
    #[test]
    fn whatever_happens_the_gates_hold_and_it_ends(
        nodes in 1_usize..12,
        budget in 1_i64..4,
        canary in 0_u32..3,
        soak in 0_u32..20,
        deeds in prop::collection::vec(deed(), 0..60),
    ) {
        let mut world = World::new(nodes);
        let options = Options { canary, soak_seconds: soak, ..in_flight(budget) };
        let mut run = Replacement::new(world.plan(options.clone()).expect("it can be planned"), world.now);
        world.turn(&mut run);
        for deed in deeds {
            does(&mut world, &mut run, &options, deed);
        }
        world.heal();
        // People go on whenever they are asked; what was skipped is in the next plan.
        for _ in 0..20 {
            world.drive_with_a_person(&mut run, 200);
            prop_assert!(run.is_over(), "it neither ends nor waits for anybody: {:?} {:?}", run.state(), run.works());
            if world.all_new() {
                break;
            }
            world.pass(30);
            run = Replacement::new(world.plan(options.clone()).expect("it can be planned"), world.now);
        }
        prop_assert!(world.all_new(), "some pods are still old: {:?}", run.works());
    }
}
