//! Writes from the keyboard: what is asked, what is sent, and above all what is not.

use dsgrid::app::{Action, Settings};
use dsgrid::app::{Capabilities, Effect, Model, Msg, Stage, entries, unavailable, update};
use dsgrid::domain::command::{Command, Outcome, Ticket, Verb};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::ObjectKind;
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use crate::support::build::{ago, now, read};
use crate::support::monitor::{object, pod, press, screen, synthetic, synthetic_events, text};

pub const NODES: usize = 60;
pub const SIZE: (u16, u16) = (120, 40);

/// A monitor with the cursor on the DaemonSet of this name.
pub fn on(name: &str) -> Model {
    let mut model = synthetic(NODES, Capabilities::default());
    screen(&mut model, SIZE);
    go_to(&mut model, name);
    model
}

pub fn go_to(model: &mut Model, name: &str) {
    press(model, "g");
    for _ in 0..20 {
        let row = model.selected_row().and_then(|slot| model.inventory().row(slot));
        if row.is_some_and(|row| row.daemon_set.meta.key.name == name) {
            return;
        }
        press(model, "j");
    }
    panic!("there is no {name}");
}

pub fn shown(model: &mut Model) -> String {
    text(&screen(model, SIZE))
}

/// Answers what is asked as the made-up cluster would; what is still to be done.
pub fn answer(model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    let (mut left, mut open) = (Vec::new(), effects);
    while let Some(effect) = open.pop() {
        match effect {
            Effect::Ask(inquiry) => {
                let answer = match &inquiry {
                    Inquiry::Object(reference) => Answer::Object(object(reference, NODES)),
                    Inquiry::Access(_) => Answer::Access { allowed: true, reason: Text::default() },
                    _ => continue,
                };
                open.extend(update(model, Msg::Answered(inquiry, Ok(answer))));
            }
            other => left.push(other),
        }
    }
    left
}

/// Presses keys and answers what is asked.
pub fn go(model: &mut Model, keys: &str) -> Vec<Effect> {
    let effects = press(model, keys);
    answer(model, effects)
}

/// The only write among some effects.
pub fn write(effects: &[Effect]) -> (Ticket, Command, bool) {
    let writes: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send { ticket, command, dry_run } => Some((*ticket, (**command).clone(), *dry_run)),
            _ => None,
        })
        .collect();
    assert_eq!(writes.len(), 1, "{effects:?}");
    writes.into_iter().next().expect("there is one")
}

pub fn sent(model: &mut Model, ticket: Ticket, outcome: Outcome) -> Vec<Effect> {
    update(model, Msg::Sent { ticket, outcome: Box::new(outcome) })
}

/// The object as the write makes it, as far as JSON patches go.
pub fn done(command: &Command) -> Outcome {
    let mut value = object(&command.target, NODES).map(|raw| raw.value().clone()).unwrap_or_default();
    let patch: json_patch::Patch = serde_json::from_str(&command.body).expect("a JSON patch");
    json_patch::patch(&mut value, &patch).expect("it applies");
    Outcome::Done(RawObject::new(value))
}

#[test]
fn pausing_is_p_then_y() {
    let mut model = on("fluent-bit");
    assert_eq!(go(&mut model, "P"), [], "nothing is sent before it was shown");
    insta::assert_snapshot!("dialog-pause-120x40", shown(&mut model));
    insta::assert_snapshot!("dialog-pause-80x24", text(&screen(&mut model, (80, 24))));
    let (ticket, command, dry_run) = write(&go(&mut model, "y"));
    assert_eq!((command.verb, dry_run), (Verb::Pause, false));
    assert!(command.body.contains("/metadata/uid") && command.body.contains("OnDelete"), "{}", command.body);
    assert!(shown(&mut model).contains("waiting for the answer"));
    assert_eq!(go(&mut model, "y"), [], "once");
    sent(&mut model, ticket, done(&command));
    insta::assert_snapshot!("dialog-paused-120x40", shown(&mut model));
    assert_eq!(go(&mut model, "<enter>"), []);
    assert!(model.dialog().is_none());
}

#[test]
fn nothing_can_be_confirmed_that_cannot_be_seen() {
    let mut model = on("fluent-bit");
    // Typed ahead, before the first frame with the question.
    let effects = press(&mut model, "Py");
    assert_eq!(answer(&mut model, effects), []);
    assert_eq!(press(&mut model, "yyy"), [], "it was read meanwhile, but not drawn");
    insta::assert_snapshot!("dialog-too-small-40x10", text(&screen(&mut model, (40, 10))));
    assert_eq!(press(&mut model, "y"), [], "a screen too small shows nothing");
    screen(&mut model, SIZE);
    update(&mut model, Msg::Resized(30, 10));
    assert_eq!(press(&mut model, "y"), []);
    screen(&mut model, SIZE);
    write(&press(&mut model, "y"));
}

#[test]
fn enter_esc_and_q_cancel() {
    for key in ["<enter>", "<esc>", "q"] {
        let mut model = on("fluent-bit");
        go(&mut model, "P");
        screen(&mut model, SIZE);
        assert_eq!(go(&mut model, key), [], "{key}");
        assert!(model.dialog().is_none(), "{key}");
    }
}

#[test]
fn restarting_is_rehearsed_and_wants_the_name() {
    let mut model = on("fluent-bit");
    let (ticket, command, dry_run) = write(&go(&mut model, "T"));
    assert_eq!((command.verb, dry_run), (Verb::Restart, true));
    screen(&mut model, SIZE);
    assert_eq!(go(&mut model, "y<enter>"), []);
    let (mut model, ticket) = match model.dialog() {
        // Enter on what cannot be confirmed yet cancels.
        None => {
            let (again, ..) = write(&go(&mut model, "T"));
            (model, again)
        }
        Some(_) => (model, ticket),
    };
    sent(&mut model, ticket, done(&command));
    insta::assert_snapshot!("dialog-restart-120x40", shown(&mut model));
    assert_eq!(go(&mut model, "fluent<enter>"), []);
    assert!(shown(&mut model).contains("that is not fluent-bit"));
    let (_, command, dry_run) = write(&go(&mut model, "-bit<enter>"));
    assert!(!dry_run && command.body.contains("restartedAt"), "{}", command.body);
}

#[test]
fn a_refused_dry_run_ends_it() {
    let mut model = on("fluent-bit");
    let (ticket, ..) = write(&go(&mut model, "T"));
    sent(&mut model, ticket, Outcome::Refused(Text::new("admission webhook \"guard\" denied it")));
    let drawn = shown(&mut model);
    assert!(drawn.contains("admission webhook \"guard\" denied it"), "{drawn}");
    assert!(matches!(model.dialog().unwrap().stage, Stage::Ended { again: true, .. }));
    let (_, _, dry_run) = write(&go(&mut model, "r"));
    assert!(dry_run, "from the start");
}

#[test]
fn a_lost_race_says_what_changed_and_asks_again() {
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    screen(&mut model, SIZE);
    let (ticket, command, _) = write(&go(&mut model, "y"));
    let mut value = object(&command.target, NODES).unwrap().value().clone();
    value["metadata"]["generation"] = json!(3);
    value["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] = json!("10%");
    assert_eq!(sent(&mut model, ticket, Outcome::LostRace(Some(RawObject::new(value)))), []);
    assert_eq!(press(&mut model, "y"), [], "the new question was not seen yet");
    insta::assert_snapshot!("dialog-lost-race-120x40", shown(&mut model));
    let (again, command, _) = write(&go(&mut model, "y"));
    assert!(command.body.contains("10%") && again != ticket, "{}", command.body);
}

#[test]
fn a_write_without_an_answer_stays_until_it_is_read_back() {
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    screen(&mut model, SIZE);
    let (ticket, command, _) = write(&go(&mut model, "y"));
    let target = Inquiry::Object(command.target.clone());
    let asked = sent(&mut model, ticket, Outcome::Unknown(Text::new("the connection broke")));
    assert!(asked.contains(&Effect::Ask(target.clone())), "{asked:?}");
    assert!(shown(&mut model).contains("outcome unknown until read back: the connection broke"));
    go(&mut model, "<esc>");
    assert!(model.dialog().is_none());
    assert!(shown(&mut model).contains("1 SENT, OUTCOME UNKNOWN"));
    // It is not there, but may still arrive.
    let unchanged = Answer::Object(object(&command.target, NODES));
    update(&mut model, Msg::Answered(target.clone(), Ok(unchanged.clone())));
    assert!(shown(&mut model).contains("1 SENT, OUTCOME UNKNOWN"));
    let asked = update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(12)));
    assert!(asked.contains(&Effect::Ask(target.clone())), "asked until it is known: {asked:?}");
    let Outcome::Done(paused) = done(&command) else { panic!("done") };
    update(&mut model, Msg::Answered(target.clone(), Ok(Answer::Object(Some(paused)))));
    assert!(model.notice().unwrap().text.starts_with("done: pause DaemonSet logging/fluent-bit"));
    assert_eq!(model.writes().iter().len(), 0);

    // Another one never arrives.
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    screen(&mut model, SIZE);
    let (ticket, ..) = write(&go(&mut model, "y"));
    sent(&mut model, ticket, Outcome::Unknown(Text::new("timed out")));
    update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(50)));
    update(&mut model, Msg::Answered(target, Ok(unchanged)));
    let Stage::Ended { words, again: true } = &model.dialog().unwrap().stage else { panic!("it is over") };
    assert!(words[0].text.ends_with("reading it back shows no change"), "{words:?}");
    assert_eq!(model.writes().iter().len(), 0);
}

#[test]
fn what_cannot_be_read_cannot_be_written() {
    let mut model = on("fluent-bit");
    let effects = press(&mut model, "P");
    let [.., Effect::Ask(inquiry)] = effects.as_slice() else { panic!("{effects:?}") };
    update(&mut model, Msg::Answered(inquiry.clone(), Err("no answer within 5s".to_owned())));
    let drawn = shown(&mut model);
    assert!(drawn.contains("cannot be read: no answer within 5s"), "{drawn}");
    let effects = press(&mut model, "r");
    assert!(effects.contains(&Effect::Ask(inquiry.clone())), "{effects:?}");
    update(&mut model, Msg::Answered(inquiry.clone(), Ok(Answer::Object(None))));
    assert!(shown(&mut model).contains("is gone, or another one has its name now"));
}

#[test]
fn resuming_lists_the_pods_it_deletes_and_wants_the_name() {
    let mut model = on("cni");
    assert_eq!(
        unavailable(&model, Action::PauseRollout).as_deref(),
        Some("already paused; resume is in the menu (a)")
    );
    go(&mut model, ":resume");
    insta::assert_snapshot!("palette-120x40", shown(&mut model));
    let (ticket, command, dry_run) = write(&go(&mut model, "<enter>"));
    assert_eq!((command.verb, dry_run), (Verb::Resume, true));
    sent(&mut model, ticket, done(&command));
    insta::assert_snapshot!("dialog-resume-120x40", shown(&mut model));
    insta::assert_snapshot!("dialog-resume-80x24", text(&screen(&mut model, (80, 24))));
    let (_, command, dry_run) = write(&go(&mut model, "cni<enter>"));
    assert!(!dry_run && command.body.contains("RollingUpdate"), "{}", command.body);
}

#[test]
fn undoing_begins_with_the_revisions() {
    let mut model = on("fluent-bit");
    assert_eq!(go(&mut model, "U<enter>"), [], "the list was not seen yet");
    insta::assert_snapshot!("dialog-revisions-80x24", text(&screen(&mut model, (80, 24))));
    let effects = go(&mut model, "<enter>");
    let dialog = model.dialog().unwrap();
    // The made-up templates differ from the stored ones in more than the image.
    let (ticket, command, dry_run) = write(&effects);
    assert!(dry_run && command.verb == Verb::Undo && dialog.question.is_some());
    sent(&mut model, ticket, done(&command));
    insta::assert_snapshot!("dialog-undo-120x40", shown(&mut model));
}

#[test]
fn limits_are_checked_as_they_are_typed() {
    let mut model = on("fluent-bit");
    go(&mut model, "M");
    screen(&mut model, SIZE);
    go(&mut model, "<c-u>150%");
    insta::assert_snapshot!("dialog-throttle-80x24", text(&screen(&mut model, (80, 24))));
    assert_eq!(go(&mut model, "<enter>"), []);
    go(&mut model, "<c-u>0");
    assert!(shown(&mut model).contains("cannot be 0 when maxSurge is 0"));
    let (ticket, command, dry_run) = write(&go(&mut model, "<c-u>10%<enter>"));
    assert_eq!((command.verb, dry_run), (Verb::Throttle, true));
    assert!(command.body.contains("10%"), "{}", command.body);
    sent(&mut model, ticket, done(&command));
    let drawn = shown(&mut model);
    assert!(drawn.contains("maxUnavailable 10%") && drawn.contains("dry run accepts it"), "{drawn}");
}

#[test]
fn the_menu_says_why_not() {
    let mut model = on("fluent-bit");
    go(&mut model, "a");
    insta::assert_snapshot!("menu-80x24", text(&screen(&mut model, (80, 24))));
    go(&mut model, "resume<enter>");
    assert!(model.palette().is_some() && model.dialog().is_none());
    assert!(shown(&mut model).contains("it is not paused"));
    go(&mut model, "<esc>:map");
    assert_eq!(entries(&model)[0].binding.hint, "map");
    go(&mut model, "<c-u>zzzz<enter>");
    assert!(shown(&mut model).contains("nothing is called that"));
}

#[test]
fn without_the_right_or_with_read_only_nothing_is_offered() {
    let mut model = on("fluent-bit");
    // Move away and back, so that the right is asked for where it was not.
    let mut asked = press(&mut model, "gG");
    asked.extend(press(&mut model, "k"));
    let mut model = synthetic(NODES, Capabilities::default());
    let effects = {
        screen(&mut model, SIZE);
        press(&mut model, "G")
    };
    let access = effects.iter().chain(&asked).find_map(|effect| match effect {
        Effect::Ask(inquiry @ Inquiry::Access(_)) => Some(inquiry.clone()),
        _ => None,
    });
    let access = access.expect("the right is asked for");
    let Inquiry::Access(permission) = &access else { panic!("a right") };
    assert_eq!((permission.verb, permission.resource), ("patch", "daemonsets"));
    let namespace = permission.namespace.clone();
    let name = model.inventory().rows().find(|(_, row)| row.daemon_set.meta.key.namespace == namespace);
    let name = name.map(|(_, row)| row.daemon_set.meta.key.name.to_string()).expect("there is one");
    go_to(&mut model, &name);
    let denied = Answer::Access { allowed: false, reason: Text::new("no role binding") };
    update(&mut model, Msg::Answered(access, Ok(denied)));
    let why = unavailable(&model, Action::RestartRollout).expect("denied");
    assert_eq!(why, format!("you may not patch daemonsets in {namespace}: no role binding"));
    assert_eq!(press(&mut model, "T"), []);
    assert!(model.dialog().is_none() && model.notice().unwrap().text == why);

    let settings = Settings { read_only: true, context: Text::new("prod-eu-1"), ..Settings::default() };
    let mut model = Model::new(settings, now());
    let asked = update(&mut model, Msg::Cluster(synthetic_events(NODES)));
    assert_eq!(asked, [], "with nothing to change no right is asked for");
    assert!(shown(&mut model).contains("READ-ONLY"));
    for key in ["P", "T", "U", "M", "F"] {
        assert_eq!(press(&mut model, key), []);
        assert!(model.dialog().is_none() && model.notice().unwrap().text.contains("read-only"), "{key}");
    }
}

#[test]
fn a_pod_is_forced_away_only_from_a_dead_node() {
    let mut model = synthetic(120, Capabilities::default());
    screen(&mut model, SIZE);
    go_to(&mut model, "fluent-bit");
    assert!(unavailable(&model, Action::ForceDeletePod).unwrap().starts_with("select the pod's cell first"));
    let mut stuck = pod(2, 112);
    stuck["metadata"]["deletionTimestamp"] = json!(ago(1_000));
    let change = Change::Applied(read(stuck.clone()));
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Pods(change)]));
    press(&mut model, "b");
    assert_eq!(unavailable(&model, Action::ForceDeletePod), None);
    let mut effects = press(&mut model, "F");
    let mut writes = Vec::new();
    while let Some(effect) = effects.pop() {
        match effect {
            Effect::Ask(Inquiry::Object(target)) => {
                let known = match target.kind {
                    ObjectKind::Pod => Some(RawObject::new(stuck.clone())),
                    _ => object(&target, 120),
                };
                let answered = Msg::Answered(Inquiry::Object(target), Ok(Answer::Object(known)));
                effects.extend(update(&mut model, answered));
            }
            other => writes.push(other),
        }
    }
    writes.retain(|effect| matches!(effect, Effect::Send { .. }));
    let (ticket, command, dry_run) = write(&writes);
    assert!(dry_run && command.verb == Verb::ForceDeletePod, "{command:?}");
    sent(&mut model, ticket, Outcome::Done(RawObject::new(stuck)));
    let drawn = shown(&mut model);
    assert!(drawn.contains("only if the machine is off"), "{drawn}");
    assert_eq!(model.dialog().unwrap().word().unwrap(), "node-00112");
    let (_, command, dry_run) = write(&press(&mut model, "node-00112<enter>"));
    assert!(!dry_run && command.body.contains("\"gracePeriodSeconds\":0"), "{}", command.body);
}

/// A thing that happens while somebody types.
#[derive(Clone, Debug)]
enum Happening {
    Key(&'static str),
    Frame,
    Small,
    Answers,
    DryRun(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let keys = [
        "P",
        "T",
        "U",
        "M",
        "F",
        "y",
        "<enter>",
        "<esc>",
        "a",
        ":",
        "q",
        "r",
        "j",
        "k",
        "1",
        "<tab>",
        "<c-u>",
        "fluent-bit",
        "cni",
        "resume",
        "n",
    ];
    prop_oneof![
        8 => prop::sample::select(keys.to_vec()).prop_map(Happening::Key),
        4 => Just(Happening::Frame),
        1 => Just(Happening::Small),
        4 => Just(Happening::Answers),
        2 => any::<bool>().prop_map(Happening::DryRun),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever is typed: a write leaves only by a confirming key, on a question that was drawn as it is, and only what
    /// was rehearsed or is a pause.
    #[test]
    fn no_keys_send_what_was_not_shown(happenings in proptest::collection::vec(happening(), 1..60)) {
        let mut model = on("cni");
        let (mut waiting, mut dry): (Vec<Effect>, Option<(Ticket, Command)>) = (Vec::new(), None);
        for happening in happenings {
            let effects = match happening {
                Happening::Key(keys) => {
                    let letters: Vec<String> = match keys {
                        name if name.starts_with('<') => vec![name.to_owned()],
                        word => word.chars().map(String::from).collect(),
                    };
                    let mut all = Vec::new();
                    for letter in letters {
                        let before = model.dialog().cloned();
                        let effects = press(&mut model, &letter);
                        for effect in &effects {
                            let Effect::Send { command, dry_run: false, .. } = effect else { continue };
                            let dialog = before.clone().expect("a dialog was open");
                            let Stage::Ready { rehearsed } = &dialog.stage else { panic!("{dialog:?}") };
                            prop_assert!(dialog.is_drawn());
                            prop_assert!(rehearsed.is_some() || command.verb == Verb::Pause);
                            if let Some(word) = dialog.word() {
 prop_assert!(letter == "<enter>" && dialog.typed == word.as_str());
 } else {
 prop_assert_eq!(&letter, "y");
 }
                            prop_assert_eq!(&dialog.question.as_ref().unwrap().command, &**command);
                        }
                        all.extend(effects);
                    }
                    all
                }
                Happening::Frame => { screen(&mut model, SIZE); Vec::new() }
                Happening::Small => { screen(&mut model, (30, 8)); Vec::new() }
                Happening::Answers => { let open = std::mem::take(&mut waiting); answer(&mut model, open) }
                Happening::DryRun(works) => match dry.take() {
                    Some((ticket, command)) if works => sent(&mut model, ticket, done(&command)),
                    Some((ticket, _)) => sent(&mut model, ticket, Outcome::LostRace(None)),
                    None => Vec::new(),
                },
            };
            for effect in &effects {
                match effect {
                    Effect::Send { ticket, command, dry_run: true } => dry = Some((*ticket, (**command).clone())),
                    Effect::Send { dry_run: false, .. } => {
                        prop_assert!(matches!(happening, Happening::Key(_)), "{happening:?}");
                    }
                    _ => {}
                }
            }
            waiting.extend(effects.into_iter().filter(|effect| matches!(effect, Effect::Ask(_))));
        }
    }
}

#[test]
fn an_opened_dialog_holds_the_cursor_on_its_daemon_set() {
    let mut model = synthetic(NODES, Capabilities::default());
    screen(&mut model, SIZE);
    let first = model.selected_row();
    go(&mut model, "P");
    go(&mut model, "<esc>");
    // Another order: without a pin, the cursor would go to the new first row.
    go(&mut model, "s");
    go(&mut model, "s");
    assert_ne!(model.grid().rows.first().copied(), first);
    assert_eq!(model.selected_row(), first);
}

#[test]
fn a_question_about_an_old_spec_is_not_asked_any_more() {
    let mut model = on("fluent-bit");
    let (ticket, command, _) = write(&go(&mut model, "T"));
    sent(&mut model, ticket, done(&command));
    assert!(matches!(model.dialog().unwrap().stage, Stage::Ready { .. }));
    let mut changed = object(&command.target, NODES).expect("it is there").value().clone();
    let generation = changed["metadata"]["generation"].as_i64().expect("a number");
    changed["metadata"]["generation"] = json!(generation + 1);
    let event = ClusterEvent::DaemonSets(Change::Applied(read(changed)));
    update(&mut model, Msg::Cluster(vec![event]));
    let drawn = shown(&mut model);
    assert!(drawn.contains("it changed while you read: press r to read it anew"), "{drawn}");
    assert_eq!(press(&mut model, "fluent-bit<enter>"), [], "it is disarmed");
}

#[test]
fn a_pause_that_lost_to_on_delete_ends_with_why() {
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    shown(&mut model);
    let (ticket, command, _) = write(&go(&mut model, "y"));
    let mut now = object(&command.target, NODES).expect("it is there").value().clone();
    now["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    sent(&mut model, ticket, Outcome::LostRace(Some(RawObject::new(now))));
    let drawn = shown(&mut model);
    assert!(drawn.contains("the same wish, from how it is now:"), "{drawn}");
    assert!(drawn.contains("OnDelete") && !drawn.contains("below is the same wish"), "{drawn}");
}

#[test]
fn a_refusal_goes_with_the_row_it_is_about() {
    let mut model = on("cni");
    go(&mut model, "P");
    assert!(model.notice().unwrap().text.starts_with("already paused"));
    go(&mut model, "j");
    assert!(model.notice().is_none_or(|notice| !notice.text.starts_with("already paused")));
}

#[test]
fn marked_rows_are_said_not_to_be_meant() {
    let mut model = on("fluent-bit");
    go(&mut model, " ");
    go_to(&mut model, "fluent-bit");
    go(&mut model, "P");
    let drawn = shown(&mut model);
    assert!(drawn.contains("only logging/fluent-bit; the 1 mark is not meant"), "{drawn}");
}

#[test]
fn revisions_that_may_not_be_read_are_not_called_missing() {
    let settings = Settings { context: Text::new("prod-eu-1"), ..Settings::default() };
    let mut model = Model::new(settings, now());
    let mut events = synthetic_events(NODES);
    events.retain(|event| !matches!(event, ClusterEvent::Revisions(_)));
    let watch = Watch { kind: WatchKind::Revisions, scope: Scope::Cluster };
    events.push(ClusterEvent::Link(watch, LinkState::Denied { why: Text::new("no role") }));
    update(&mut model, Msg::Cluster(events));
    screen(&mut model, SIZE);
    go_to(&mut model, "fluent-bit");
    let why = unavailable(&model, Action::UndoRollout).expect("denied");
    assert_eq!(why, "revisions (controllerrevisions) may not be read: no role");
    press(&mut model, "d");
    let drawn = shown(&mut model);
    assert!(drawn.contains("may not be read: no role"), "{drawn}");
}
