//! The story of a rollout at the keyboard: from every screen, with a reason, back again, and out of the program.

use dsgrid::app::{Effect, LineKind, Model, Msg, Screen, Stage, update};
use dsgrid::domain::command::{Outcome, Verb};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::id::Uid;
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::journal::Record;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use crate::dialogs::{NODES, SIZE, done, go, on, sent, shown, write};
use crate::support::build::{now, read};
use crate::support::monitor::{object, press, screen};

fn selected(model: &Model) -> Uid {
    let row = model.selected_row().and_then(|slot| model.inventory().row(slot)).expect("a row");
    row.daemon_set.meta.uid.clone()
}

#[test]
fn a_pause_takes_a_reason_and_stays_two_keys_without_one() {
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    screen(&mut model, SIZE);
    go(&mut model, "<tab>");
    screen(&mut model, SIZE);
    // Letters are text now: y confirms nothing.
    assert_eq!(go(&mut model, "by INC-4711"), []);
    assert!(shown(&mut model).contains("> reason  by INC-4711_"));
    assert_eq!(go(&mut model, "<enter>"), [], "it has to be seen first");
    assert!(shown(&mut model).contains("Tab reason: by INC-4711"));
    let (_, command, dry_run) = write(&go(&mut model, "y"));
    assert_eq!((command.verb, dry_run), (Verb::Pause, false));
    assert!(command.body.contains(r#"\"reason\":\"by INC-4711\""#), "{}", command.body);
}

#[test]
fn what_a_screen_names_can_be_changed_from_it() {
    for (open, title) in
        [("d", "DaemonSet logging/fluent-bit"), ("y", "fluent-bit"), (":history<enter>", "Revisions")]
    {
        let mut model = on("fluent-bit");
        let uid = selected(&model);
        go(&mut model, open);
        assert!(shown(&mut model).contains(title), "{open}");
        go(&mut model, "P");
        screen(&mut model, SIZE);
        let (_, command, _) = write(&go(&mut model, "y"));
        assert_eq!((command.verb, &command.target.uid), (Verb::Pause, &uid), "{open}");
    }
    // From Problems it is the DaemonSet of the line, whatever the grid has selected.
    let mut model = on("cni");
    go(&mut model, "!");
    let Some(Screen::Cause(cause)) = model.screen().and_then(|open| open.leads()).cloned() else {
        panic!("a cause is selected")
    };
    let uid = cause.daemon_set().cloned().expect("the worst is of a DaemonSet");
    assert_ne!(uid, selected(&model));
    go(&mut model, "M");
    assert_eq!(model.dialog().expect("it asks").intent.target().uid, uid);
    // And the menu works there as well.
    go(&mut model, "<esc>a");
    assert!(model.palette().is_some());
}

#[test]
fn what_differs_between_any_two_revisions_is_a_screen() {
    let mut model = on("fluent-bit");
    go(&mut model, ":history<enter>");
    screen(&mut model, SIZE);
    go(&mut model, "jjjjj<enter>");
    let drawn = shown(&mut model);
    let open = model.screen().expect("a screen");
    assert!(matches!(open.screen, Screen::Difference { .. }), "{drawn}");
    let of = |kind| open.page.lines.iter().filter(|line| line.kind == kind).collect::<Vec<_>>();
    let (added, removed) = (of(LineKind::Added), of(LineKind::Removed));
    assert!(added.iter().all(|line| line.text.starts_with('+')) && !added.is_empty(), "{drawn}");
    assert!(removed.iter().all(|line| line.text.starts_with('-')) && !removed.is_empty(), "{drawn}");
    // The same the other way round, which is a pair like any other.
    assert!(
        open.page.lines.iter().any(|line| matches!(line.leads, Some(Screen::Difference { .. }))),
        "{drawn}"
    );
}

#[test]
fn undoing_while_paused_moves_no_pod_and_says_what_moves_them() {
    let mut model = on("fluent-bit");
    go(&mut model, "P");
    screen(&mut model, SIZE);
    let (ticket, command, _) = write(&go(&mut model, "y"));
    let Outcome::Done(paused) = done(&command) else { panic!("done") };
    sent(&mut model, ticket, Outcome::Done(paused.clone()));
    let told = shown(&mut model);
    assert!(told.contains("next") && told.contains("while paused that moves 0 pods"), "{told}");
    // The watch says the same.
    let event = ClusterEvent::DaemonSets(Change::Applied(read(paused.value().clone())));
    update(&mut model, Msg::Cluster(vec![event]));
    go(&mut model, "<esc>U");
    screen(&mut model, SIZE);
    let effects = press(&mut model, "<enter>");
    // What is read is the paused one.
    let mut left = Vec::new();
    for effect in effects {
        let Effect::Ask(inquiry) = effect else { continue };
        let answer = match &inquiry {
            Inquiry::Object(target) if *target == command.target => Answer::Object(Some(paused.clone())),
            Inquiry::Object(other) => Answer::Object(object(other, NODES)),
            _ => Answer::Access { allowed: true, reason: Text::default() },
        };
        left.extend(update(&mut model, Msg::Answered(inquiry, Ok(answer))));
    }
    let (ticket, undo, dry_run) = write(&left);
    assert_eq!((undo.verb, dry_run), (Verb::Undo, true));
    let undone = |value: RawObject| {
        let mut value = value.value().clone();
        let patch: json_patch::Patch = serde_json::from_str(&undo.body).expect("a JSON patch");
        json_patch::patch(&mut value, &patch).expect("it applies");
        Outcome::Done(RawObject::new(value))
    };
    sent(&mut model, ticket, undone(paused.clone()));
    let drawn = shown(&mut model);
    assert!(drawn.contains("moves 0 pods") && drawn.contains("the pod template: -"), "{drawn}");
    let (ticket, _, dry_run) = write(&go(&mut model, "y"));
    assert!(!dry_run);
    sent(&mut model, ticket, undone(paused));
    let told = shown(&mut model);
    assert!(told.contains("it moved 0 pods: resume"), "{told}");
}

#[test]
fn quitting_waits_a_moment_for_the_answer_to_a_write() {
    let pausing = || {
        let mut model = on("fluent-bit");
        go(&mut model, "P");
        screen(&mut model, SIZE);
        let (ticket, command, _) = write(&go(&mut model, "y"));
        (model, ticket, command)
    };
    let quits = |effects: &[Effect]| effects.contains(&Effect::Quit);
    let (mut model, ticket, command) = pausing();
    assert!(!quits(&press(&mut model, "<c-c>")), "the answer is on its way");
    assert!(shown(&mut model).contains("waiting up to 2s"));
    assert!(quits(&sent(&mut model, ticket, done(&command))));
    // Asked twice, or after a while, it goes: the journal says that it was sent.
    let (mut model, ..) = pausing();
    press(&mut model, "<c-c>");
    assert!(quits(&press(&mut model, "<c-c>")));
    let (mut model, ..) = pausing();
    press(&mut model, "<c-c>");
    assert!(!quits(&update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(1)))));
    assert!(quits(&update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(3)))));
    // With nothing on its way, at once.
    let mut model = on("fluent-bit");
    assert!(quits(&press(&mut model, "<c-c>")));
}

#[test]
fn what_dsgrid_refuses_is_in_the_journal_and_the_journal_on_a_screen() {
    let mut model = on("fluent-bit");
    let effects = press(&mut model, "P");
    let [.., Effect::Ask(inquiry)] = effects.as_slice() else { panic!("{effects:?}") };
    let Inquiry::Object(target) = inquiry else { panic!("{inquiry:?}") };
    let mut value = object(target, NODES).expect("it is there").value().clone();
    value["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    let answer = Answer::Object(Some(RawObject::new(value)));
    let effects = update(&mut model, Msg::Answered(inquiry.clone(), Ok(answer)));
    let refused = effects.iter().find_map(|effect| match effect {
        Effect::JournalRefusal { verb, target: of, why } => Some((*verb, of.clone(), why.clone())),
        _ => None,
    });
    let (verb, of, why) = refused.expect("it is told");
    assert!(verb == Verb::Pause && of == *target && why.contains("there is no rollout to pause"), "{why}");
    assert!(matches!(model.dialog().expect("it says why").stage, Stage::Ended { .. }));

    let effects = press(&mut model, "<esc>:journal<enter>");
    assert!(effects.contains(&Effect::Ask(Inquiry::Journal)), "{effects:?}");
    let record = |verb: &str, outcome: &str| -> Record {
        serde_json::from_value(json!({"id": verb, "when": "2026-01-02T03:04:05Z", "context": "elsewhere",
            "server": "s", "user": "oncall", "by": "root@host", "verb": verb, "kind": "DaemonSet",
            "namespace": "logging", "name": "fluent-bit", "from": "RollingUpdate", "to": "OnDelete",
            "outcome": outcome}))
        .expect("a record")
    };
    let records = vec![record("pause", "done"), record("resume", "sent")];
    update(&mut model, Msg::Answered(Inquiry::Journal, Ok(Answer::Journal(records))));
    let drawn = shown(&mut model);
    let (first, last) = (drawn.find("pause DaemonSet/fluent-bit"), drawn.find("resume DaemonSet/fluent-bit"));
    assert!(first.expect("the first") < last.expect("the last"), "newest last: {drawn}");
    assert!(
        drawn.contains("in elsewhere by oncall") && drawn.contains("dsgrid ended before the answer"),
        "{drawn}"
    );
}
