//! Whatever happens in whatever order, the gates hold, it ends or says what it waits for, and a crash changes nothing.

use dsgrid::domain::object::IntOrPercent;
use dsgrid::domain::replace::options::Options;
use dsgrid::domain::replace::run::{Replacement, RunState};
use dsgrid::domain::text::Text;
use proptest::prelude::*;

use super::world::{Mishap, World};

/// What may happen while pods are replaced.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// One of the orders comes about.
    Deliver(usize),
    /// All of them, and what comes of them.
    Turn,
    Pass(i64),
    Down(usize),
    Up(usize),
    NewPodsFail(bool),
    OtherDeletes(usize),
    EditSpec,
    Undo,
    NeighbourRestarts(usize),
    NeighbourBreaks(usize),
    NeighbourHeals(usize),
    NeighbourGoes(usize),
    Disconnect,
    Connect,
    Lag(bool),
    Jump(i64),
    CheckFails,
    ReadFails,
    Send(Mishap),
    Hold,
    GoOn,
    LetPass,
    Crash(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    let mishap = prop_oneof![
        Just(Mishap::AnswerLost),
        Just(Mishap::Lost),
        Just(Mishap::NotSent),
        Just(Mishap::Budget),
        Just(Mishap::Refused),
    ];
    let nodes = 0_usize..12;
    prop_oneof![
        8 => (0_usize..4).prop_map(Deed::Deliver),
        6 => Just(Deed::Turn),
        8 => (1_i64..40).prop_map(Deed::Pass),
        1 => Just(Deed::Pass(4000)),
        1 => nodes.clone().prop_map(Deed::Down),
        2 => nodes.clone().prop_map(Deed::Up),
        1 => any::<bool>().prop_map(Deed::NewPodsFail),
        1 => nodes.clone().prop_map(Deed::OtherDeletes),
        1 => prop_oneof![Just(Deed::EditSpec), Just(Deed::Undo)],
        1 => nodes.clone().prop_map(Deed::NeighbourRestarts),
        2 => nodes.clone().prop_map(Deed::NeighbourBreaks),
        1 => nodes.clone().prop_map(Deed::NeighbourHeals),
        1 => nodes.prop_map(Deed::NeighbourGoes),
        1 => Just(Deed::Disconnect),
        2 => Just(Deed::Connect),
        1 => any::<bool>().prop_map(Deed::Lag),
        1 => prop_oneof![Just(-3600_i64), -30_i64..30, Just(3600)].prop_map(Deed::Jump),
        1 => prop_oneof![Just(Deed::CheckFails), Just(Deed::ReadFails)],
        2 => mishap.prop_map(Deed::Send),
        1 => Just(Deed::Hold),
        4 => Just(Deed::GoOn),
        1 => Just(Deed::LetPass),
        1 => any::<bool>().prop_map(Deed::Crash),
    ]
}

fn does(world: &mut World, run: &mut Replacement, options: &Options, deed: Deed) {
    match deed {
        Deed::Deliver(at) => {
            world.deliver(run, at);
        }
        Deed::Turn => world.turn(run),
        Deed::Pass(seconds) => world.pass(seconds),
        Deed::Down(at) => world.set_ready(at, false),
        Deed::Up(at) => world.set_ready(at, true),
        Deed::NewPodsFail(fail) => world.new_pods_fail = fail,
        Deed::OtherDeletes(at) => world.other_deletes(at),
        Deed::EditSpec => world.edit_spec(),
        Deed::Undo => world.undo(),
        Deed::NeighbourRestarts(at) => world.neighbour_restarts(at),
        Deed::NeighbourBreaks(at) => world.neighbour_breaks(at),
        Deed::NeighbourHeals(at) => world.neighbour_heals(at),
        Deed::NeighbourGoes(at) => world.neighbour_goes(at),
        Deed::Disconnect => world.disconnect(),
        Deed::Connect => world.connect(),
        Deed::Lag(lags) => world.lag(lags),
        Deed::Jump(seconds) => world.jump(seconds),
        Deed::CheckFails => world.next_check_fails = true,
        Deed::ReadFails => world.next_read_fails = true,
        Deed::Send(mishap) => world.mishap = Some(mishap),
        Deed::Hold => world.hold(run),
        // Where nothing goes on any more, going on is a new plan.
        Deed::GoOn if run.is_over() => again(world, run, options),
        Deed::GoOn => world.go_on(run),
        Deed::LetPass => world.let_pass(run),
        Deed::Crash(arrives) => {
            world.crash(arrives);
            again(world, run, options);
        }
    }
    world.step(run);
}

fn again(world: &mut World, run: &mut Replacement, options: &Options) {
    if let Some(new) = world.plan_anew(options) {
        *run = new;
    }
}

prop_compose! {
    fn some_options()(
        in_flight in prop_oneof![(1_i64..4).prop_map(IntOrPercent::Int), (1_i64..=100).prop_map(IntOrPercent::Percent)],
        canary in 0_u32..3,
        soak_seconds in 0_u32..20,
        ready_timeout_seconds in prop_oneof![Just(None), (20_u32..60).prop_map(Some)],
        max_failures in 1_u32..3,
        by_zone in any::<bool>(),
        hold_between_groups in any::<bool>(),
        bake_seconds in 0_u32..30,
        without_neighbours in any::<bool>(),
        evict in any::<bool>(),
        unhealthy_first in any::<bool>(),
    ) -> Options {
        Options {
            max_in_flight: in_flight, canary, soak_seconds, ready_timeout_seconds, max_failures,
            group_by: by_zone.then(|| Text::new("zone")),
            hold_between_groups, bake_seconds, without_neighbours, evict, unhealthy_first, ..Options::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The world judges each deletion and each node that is done (`world/law.rs`); here it is driven through anything,
    /// then healed: it has to come to its end.
    #[test]
    fn whatever_happens_the_gates_hold_and_it_ends(
        nodes in 1_usize..12,
        min_ready in prop_oneof![Just(0_i64), 1_i64..30],
        options in some_options(),
        deeds in prop::collection::vec(deed(), 0..80),
    ) {
        let mut world = World::new(nodes).with_neighbours().with_min_ready(min_ready);
        let mut run = world.plan_anew(&options).expect("it can be planned");
        world.step(&mut run);
        for deed in deeds {
            does(&mut world, &mut run, &options, deed);
        }
        world.heal();
        // People go on whenever they are asked; what was skipped is in the next plan.
        for _ in 0..20 {
            world.drive_with_a_person(&mut run, 400);
            prop_assert!(run.is_over(), "it neither ends nor waits for anybody: {:?} {:?}", run.state(), run.works());
            if world.all_new() {
                break;
            }
            world.pass(30);
            again(&mut world, &mut run, &options);
        }
        prop_assert!(world.all_new(), "some pods are still old: {:?}", run.works());
    }

    /// A crash at any point loses nothing: every outdated pod is deleted once, and in the end all are new.
    #[test]
    fn a_crash_at_any_point_gives_the_same_result(
        nodes in 1_usize..8,
        options in some_options(),
        crashes in prop::collection::vec((0_usize..60, any::<bool>()), 0..4),
    ) {
        let mut world = World::new(nodes).with_neighbours();
        let options = Options { hold_between_groups: false, ..options };
        let mut run = world.plan_anew(&options).expect("it can be planned");
        for (steps, arrives) in crashes {
            for at in 0..steps {
                world.step(&mut run);
                if !world.deliver(&mut run, at) {
                    world.pass(2);
                }
            }
            world.crash(arrives);
            again(&mut world, &mut run, &options);
        }
        world.drive_with_a_person(&mut run, 400);
        prop_assert_eq!(run.state(), &RunState::Finished);
        prop_assert!(world.all_new());
        prop_assert_eq!(world.deletions, nodes);
    }
}
