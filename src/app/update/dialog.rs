//! A write from wish to outcome: read afresh, proposed, rehearsed, confirmed, sent once, followed until known.

mod anew;
mod fields;

use std::collections::BTreeSet;

pub(super) use anew::look;
use anew::{lost_race, read_anew};

use super::propose::{Trouble, propose};
use super::wish;
use crate::app::action::Action;
use crate::app::dialog::{Dialog, Field, Stage};
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::layout::Mode;
use crate::app::model::Model;
use crate::app::outcome::{Told, outcome, traced};
use crate::app::page::{Line, LineKind};
use crate::app::replace::{self, Begin};
use crate::domain::change::{Trace, changes, trace};
use crate::domain::command::{Outcome, Ticket};
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// A page moves over so many values, and one.
const FIELDS: usize = 6;
/// What a pause may be given.
const REASON: &str = "reason";

/// Opens the dialog for a wish; what it is about is read afresh first.
pub(super) fn open(model: &mut Model, intent: Intent) {
    let stage = Stage::Reading { since: model.now };
    model.dialog = Some(Dialog::new(intent, stage, Vec::new()));
    forget_reads(model);
}

fn forget_reads(model: &mut Model) {
    let reads = model.dialog.as_ref().map(|dialog| dialog.intent.reads()).unwrap_or_default();
    // Rights are asked anew by themselves, and seldom.
    for inquiry in reads.iter().filter(|inquiry| !matches!(inquiry, Inquiry::Access(_))) {
        model.answers.forget(inquiry);
    }
}

/// The frame on the screen shows the model as it is.
pub(super) fn drawn(model: &mut Model) {
    if model.layout.mode == Mode::TooSmall {
        return;
    }
    if let Some(dialog) = &mut model.dialog {
        dialog.was_drawn();
    }
}

/// What has to be asked for the dialog and for the writes whose answers are lost.
pub(super) fn needed(model: &Model, needed: &mut BTreeSet<Inquiry>) {
    if let Some(dialog) = model.dialog.as_ref().filter(|dialog| matches!(dialog.stage, Stage::Reading { .. }))
    {
        needed.extend(dialog.intent.reads());
    }
    if let Some(Intent::Undo { revisions, .. }) = choosing(model) {
        needed.extend(revisions.iter().cloned().map(Inquiry::Object));
    }
    needed.extend(model.writes.inquiries());
}

/// The wish whose ways are being chosen from.
fn choosing(model: &Model) -> Option<&Intent> {
    let dialog = model.dialog.as_ref()?;
    matches!(dialog.stage, Stage::Choosing { .. }).then_some(&dialog.intent)
}

/// A key of the dialog.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    match action {
        Action::Back | Action::Leave => model.dialog = None,
        Action::Choose => choose(model),
        Action::Confirm => return confirm(model),
        Action::Submit => return submit(model),
        Action::TryAgain => return again(model),
        Action::NextField => next_field(dialog),
        _ if matches!(dialog.stage, Stage::Filling) && action.lines(FIELDS).is_some() => {
            let delta = action.lines(FIELDS).unwrap_or_default();
            fields::go_to(dialog, crate::app::viewport::step(dialog.field, delta, dialog.fields.len()));
        }
        Action::EraseCharacter | Action::EraseWord | Action::EraseLine => fields::erase(dialog, action),
        _ => scroll(model, action),
    }
    Vec::new()
}

/// To the next value; from a pause that could be sent, to its reason.
fn next_field(dialog: &mut Dialog) {
    if dialog.has_form() {
        dialog.question = None;
        return dialog.go_to(Stage::Filling);
    }
    if let (Stage::Ready { .. }, Intent::Pause { reason, .. }) = (&dialog.stage, &dialog.intent) {
        dialog.fields = vec![Field::value(REASON, reason.to_string(), "")];
        dialog.go_to(Stage::Filling);
    }
    fields::go_to(dialog, (dialog.field + 1) % dialog.fields.len().max(1));
}

fn scroll(model: &mut Model, action: Action) {
    if let Some(Dialog { stage: Stage::Choosing { choices, at, .. }, .. }) = &mut model.dialog {
        let delta = action.lines(1).unwrap_or_default();
        *at = crate::app::viewport::step(*at, delta, choices.len());
        return;
    }
    let Some(page) = crate::app::dialog_page(model) else { return };
    let Some(dialog) = &mut model.dialog else { return };
    let Some(delta) = action.lines(page.visible) else { return };
    dialog.top = crate::app::viewport::step(dialog.top, delta, page.lines.len() - page.visible + 1);
}

/// Enter on one of several wishes.
fn choose(model: &mut Model) {
    let Some(dialog) = model.dialog.as_mut().filter(|dialog| dialog.is_drawn()) else { return };
    let Stage::Choosing { choices, at, .. } = &dialog.stage else { return };
    let Some(choice) = choices.get(*at) else { return };
    let intent = choice.intent.clone();
    if let Intent::Replace { options, .. } = &intent {
        // How it is to go is asked first.
        *dialog = Dialog::new(intent.clone(), Stage::Filling, replace::fields(options));
        return;
    }
    dialog.intent = intent;
    dialog.go_to(Stage::Reading { since: model.now });
    forget_reads(model);
}

/// A letter of the word or of a field; what is not on the screen yet takes none.
pub(super) fn typed(model: &mut Model, character: char) {
    if let Some(dialog) = model.dialog.as_mut().filter(|dialog| dialog.is_drawn() && dialog.takes_text()) {
        fields::typed(dialog, character);
    }
}

/// `y`: sends, if this is what the screen asks for.
fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    let is_ready = matches!(dialog.stage, Stage::Ready { .. });
    if !dialog.is_drawn() || !is_ready || dialog.word().is_some() {
        return Vec::new();
    }
    send(model)
}

/// Enter where something is typed: takes the fields, or sends when the word is right.
fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    if !dialog.is_drawn() {
        return Vec::new();
    }
    if matches!(dialog.stage, Stage::Filling) {
        // What is wrong stands below the fields already.
        if let (Some(intent), Some(dialog)) = (filled(model), &mut model.dialog) {
            dialog.intent = intent;
            dialog.go_to(Stage::Reading { since: model.now });
            forget_reads(model);
        }
        return Vec::new();
    }
    let Some(word) = dialog.word() else { return Vec::new() };
    if dialog.typed != word.as_str() {
        dialog.hint = format!("that is not {word}; Esc cancels");
        return Vec::new();
    }
    send(model)
}

/// The wish with what was typed; none while something is wrong with it.
fn filled(model: &Model) -> Option<Intent> {
    let dialog = model.dialog.as_ref()?;
    let intent = dialog.intent.filled(&dialog.fields, model).ok()?;
    match &intent {
        Intent::Replace { daemon_set, options } => {
            let is_wrong = |line: &Line| line.kind == LineKind::Problem;
            let outlook = replace::outlook(model, daemon_set, options);
            (!outlook.iter().any(is_wrong)).then_some(intent)
        }
        _ => Some(intent),
    }
}

/// The one place from which a write leaves.
fn send(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    let Some(question) = &dialog.question else { return Vec::new() };
    if let Some(plan) = question.plan.clone() {
        let read = question.before.clone();
        model.dialog = None;
        super::replace::begin(model, Begin { plan: *plan, read });
        return Vec::new();
    }
    let command = question.command.clone();
    let ticket = model.writes.ticket();
    model.writes.sent(ticket, command.clone(), model.now);
    dialog.changed.clear();
    dialog.go_to(Stage::Sent { ticket });
    vec![Effect::Send { ticket, command: Box::new(command), dry_run: false }]
}

/// From the start, where that is worth it.
fn again(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    if matches!(dialog.stage, Stage::Ended { again: true, .. }) {
        dialog.question = None;
        dialog.changed.clear();
        read_anew(model);
    }
    Vec::new()
}

/// An answer came: perhaps the last that was waited for.
pub(super) fn answered(model: &mut Model, inquiry: &Inquiry) -> Vec<Effect> {
    read_back(model, inquiry);
    if let Some(Intent::Undo { daemon_set, .. }) = choosing(model).cloned() {
        tell_revisions(model, &daemon_set);
        return Vec::new();
    }
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    if !matches!(dialog.stage, Stage::Reading { .. }) {
        return Vec::new();
    }
    let reads = dialog.intent.reads();
    let mut objects = reads.iter().filter(|inquiry| !matches!(inquiry, Inquiry::Access(_)));
    if let Some(why) = objects.find_map(|inquiry| model.answers.failure(inquiry)) {
        let words = vec![
            Line::problem(format!("{} cannot be read: {why}", dialog.intent.target())),
            Line::fact("nothing was sent: what is there now has to be known first"),
        ];
        dialog.go_to(Stage::Ended { words, again: true });
        return Vec::new();
    }
    let objects: Option<Vec<Option<RawObject>>> =
        reads.iter().map(|read| object(model, read).cloned()).collect();
    objects.map(|objects| build(model, &objects)).unwrap_or_default()
}

/// More is known of the revisions that are chosen from.
fn tell_revisions(model: &mut Model, daemon_set: &ObjectRef) {
    let (known, told) = wish::revisions(model, daemon_set);
    if let Some(Dialog { stage: Stage::Choosing { words, choices, at }, .. }) = &mut model.dialog {
        // The marked one stays marked.
        let marked = choices.get(*at).map(|choice| choice.intent.clone());
        *at = told.iter().position(|choice| Some(&choice.intent) == marked.as_ref()).unwrap_or_default();
        (*words, *choices) = (known, told);
    }
}

/// The object that was read; none while there is no answer.
fn object<'a>(model: &'a Model, inquiry: &Inquiry) -> Option<&'a Option<RawObject>> {
    if matches!(inquiry, Inquiry::Access(_)) && model.answers.failure(inquiry).is_some() {
        // What may be done shows when it is done.
        return Some(&None);
    }
    match model.answers.get(inquiry)? {
        Answer::Object(object) => Some(object),
        // Read for the words of the question; there is no object in it.
        Answer::Budgets(_) | Answer::Access { .. } => Some(&None),
        _ => None,
    }
}

/// Everything was read: makes the question, and has the server check it where that is due.
fn build(model: &mut Model, objects: &[Option<RawObject>]) -> Vec<Effect> {
    let Some(intent) = model.dialog.as_ref().map(|dialog| dialog.intent.clone()) else { return Vec::new() };
    let asked = if let [Some(target), others @ ..] = objects {
        propose(model, &intent, target, others)
    } else {
        let gone = format!("{} is gone, or another one has its name now", intent.target());
        Err(Trouble::Words(gone))
    };
    let now = model.now;
    let ticket = model.writes.ticket();
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    match asked {
        Err(trouble) => {
            dialog.question = None;
            let refused = match &trouble {
                Trouble::Words(why) => vec![refusal(&intent, why)],
                Trouble::Nothing(_) | Trouble::Choose { .. } => Vec::new(),
            };
            dialog.go_to(match trouble {
                Trouble::Words(words) | Trouble::Nothing(words) => {
                    Stage::Ended { words: vec![Line::problem(words)], again: false }
                }
                Trouble::Choose { words, choices } => {
                    Stage::Choosing { words: vec![Line::problem(words), Line::fact("")], choices, at: 0 }
                }
            });
            refused
        }
        Ok(question) if question.rehearse => {
            let command = Box::new(question.command.clone());
            dialog.question = Some(question);
            dialog.go_to(Stage::Rehearsing { ticket, since: now });
            vec![Effect::Send { ticket, command, dry_run: true }]
        }
        Ok(question) => {
            dialog.question = Some(question);
            dialog.go_to(Stage::Ready { rehearsed: None });
            Vec::new()
        }
    }
}

/// What is told in the journal of a wish that is not carried out.
fn refusal(intent: &Intent, why: &str) -> Effect {
    Effect::JournalRefusal { verb: intent.verb(), target: intent.target().clone(), why: Text::new(why) }
}

/// A dry run or a write was answered.
pub(super) fn sent(model: &mut Model, ticket: Ticket, outcome: Outcome) -> Vec<Effect> {
    let waits = model.dialog.as_ref().map(|dialog| &dialog.stage);
    if matches!(waits, Some(Stage::Rehearsing { ticket: waiting, .. }) if *waiting == ticket) {
        return rehearsed(model, outcome);
    }
    if let Some(effects) = super::relabel::sent(model, ticket, &outcome) {
        return effects;
    }
    let Some(write) = model.writes.get(ticket) else { return Vec::new() };
    if let Outcome::Unknown(why) = outcome {
        let target = Inquiry::Object(write.command.target.clone());
        model.writes.lost(ticket, why);
        // Only what is read from now on can tell.
        model.answers.forget(&target);
        return Vec::new();
    }
    settle(model, ticket, outcome)
}

fn rehearsed(model: &mut Model, result: Outcome) -> Vec<Effect> {
    if let Outcome::LostRace(now) = result {
        return lost_race(model, now);
    }
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    let Some(question) = &dialog.question else { return Vec::new() };
    if let Outcome::Done(after) = &result {
        // What a deletion answers is the object as it goes.
        let more = question.after.as_ref().map(|announced| changes(announced, after)).unwrap_or_default();
        let told = more.iter().map(ToString::to_string).collect();
        dialog.go_to(Stage::Ready { rehearsed: Some(told) });
        return Vec::new();
    }
    let mut told = self::outcome(&question.command, &result);
    told.words.insert(0, Line::problem("the server's dry run refused it; nothing was written"));
    let why = format!("the server's dry run: {} {}", result.name(), result.words());
    let refused = refusal(&dialog.intent, why.trim_end());
    dialog.go_to(Stage::Ended { words: told.words, again: true });
    vec![refused]
}

/// The outcome of a write is known.
fn settle(model: &mut Model, ticket: Ticket, result: Outcome) -> Vec<Effect> {
    let Some(write) = model.writes.settle(ticket) else { return Vec::new() };
    if shows(model, ticket) {
        if let Outcome::LostRace(now) = result {
            return lost_race(model, now);
        }
        let mut told = outcome(&write.command, &result);
        if let (Outcome::Done(after), Some(question)) =
            (&result, model.dialog.as_ref().and_then(|dialog| dialog.question.as_ref()))
        {
            let changed = changes(&question.before, after);
            told.words.extend(changed.iter().map(|change| Line::fact(change.to_string())));
        }
        tell(model, told);
    } else {
        let told = outcome(&write.command, &result);
        model.notice = Some(told.notice(model.now));
    }
    Vec::new()
}

/// Whether the dialog is about this write.
fn shows(model: &Model, ticket: Ticket) -> bool {
    matches!(model.dialog.as_ref().map(|dialog| &dialog.stage), Some(Stage::Sent { ticket: shown }) if *shown == ticket)
}

fn tell(model: &mut Model, told: Told) {
    let Some(dialog) = &mut model.dialog else { return };
    let mut words = told.words;
    if told.done
        && let Some(question) = dialog.question.take()
        && !question.next.is_empty()
    {
        words.push(Line::heading("next"));
        words.extend(question.next.into_iter().map(Line::fact));
    }
    dialog.go_to(Stage::Ended { words, again: !told.done });
}

/// What was read back may tell what came of writes without an answer.
fn read_back(model: &mut Model, inquiry: &Inquiry) {
    let Inquiry::Object(target) = inquiry else { return };
    let Some(now) = object(model, inquiry).cloned() else { return };
    if model.answers.failure(inquiry).is_some() {
        return;
    }
    let of_it = |write: &crate::app::writes::Write| write.lost.is_some() && write.command.target == *target;
    let tickets: Vec<Ticket> =
        model.writes.iter().filter(|(_, write)| of_it(write)).map(|(ticket, _)| ticket).collect();
    for ticket in tickets {
        let Some(write) = model.writes.get(ticket) else { continue };
        let found = trace(&write.command, now.as_ref());
        if found == Trace::NotSeen && write.may_arrive(model.now) {
            continue;
        }
        let told = traced(&write.command, found);
        if super::relabel::read_back(model, ticket, found) {
            continue;
        }
        model.writes.settle(ticket);
        if shows(model, ticket) {
            tell(model, told);
        } else {
            model.notice = Some(told.notice(model.now));
        }
    }
}
