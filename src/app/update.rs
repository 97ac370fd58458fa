//! The one function that changes the model. It only hands each message to the file of its noun.

mod act;
mod ask;
mod clock;
mod cluster;
mod dialog;
mod expect;
mod filter;
mod jump;
mod leave;
mod lens;
mod logs;
mod marks;
mod motion;
mod palette;
mod picker;
mod propose;
mod relabel;
mod remember;
mod replace;
mod screen;
mod settle;
mod wish;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;
use super::digest::Digest;
use super::effect::Effect;
use super::keymap::{Context, action_for};
use super::model::Model;
use super::msg::Msg;
use super::notice::Notice;

pub(super) use clock::ADOPTION_DELAY;
pub(super) use leave::PATIENCE;

/// Takes in what happened; says what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = take_in(model, msg);
    effects.extend(replace::pursue(model));
    effects.extend(ask::pursue(model));
    effects.extend(logs::pursue(model));
    effects.extend(leave::pursue(model));
    effects
}

fn take_in(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Cluster(events) => {
            let effects = cluster::heard(model, events);
            dialog::look(model);
            effects
        }
        Msg::Key(event) => apart(event).flat_map(|event| key(model, &event)).collect(),
        Msg::Resized(width, height) => {
            resized(model, (width, height));
            Vec::new()
        }
        Msg::Ticked(local) => clock::ticked(model, local),
        Msg::FrameCame => {
            frame_came(model);
            Vec::new()
        }
        Msg::Resumed => {
            model.version += 1;
            Vec::new()
        }
        Msg::WorkFailed(words) => {
            model.notice = Some(Notice::failed(words, model.now));
            model.version += 1;
            Vec::new()
        }
        Msg::Answered(inquiry, answer) => {
            model.answers.take(&inquiry, answer, model.now);
            relabel::answered(model, &inquiry);
            let effects = dialog::answered(model, &inquiry);
            changed(model);
            effects
        }
        Msg::Sent { ticket, outcome } => {
            let is_replacement = replace::sent(model, ticket, &outcome);
            let effects = if is_replacement { Vec::new() } else { dialog::sent(model, ticket, *outcome) };
            changed(model);
            effects
        }
        read @ (Msg::ReplacementChecked { .. } | Msg::NeighboursRead { .. } | Msg::EvidenceRead { .. }) => {
            replace::read(model, read)
        }
        Msg::Interrupted => {
            let effects = act::act(model, Action::Quit);
            changed(model);
            effects
        }
        Msg::FrameDrawn => {
            dialog::drawn(model);
            relabel::drawn(model);
            Vec::new()
        }
        Msg::Saved(outcome) => {
            screen::saved(model, outcome);
            model.version += 1;
            Vec::new()
        }
    }
}

fn resized(model: &mut Model, size: (u16, u16)) {
    model.size = size;
    if let Some(dialog) = &mut model.dialog {
        dialog.was_moved();
    }
    if let Some(relabel) = &mut model.relabel {
        relabel.was_moved();
    }
    changed(model);
}

/// Words are made once a frame.
fn frame_came(model: &mut Model) {
    model.progress.sample(&model.inventory);
    let is_new = relabel::refresh(model) | expect::look(model);
    if screen::refresh(model) || is_new {
        changed(model);
    }
    let digest = Digest::of(model);
    if digest != model.digest {
        model.version += 1;
    }
    model.digest = digest;
    model.digested = model.now;
    if lens::lift_stuck(model) {
        // Another row may be selected now, and others be in sight.
        model.digest = Digest::of(model);
    }
}

/// The screen looks different now: puts cursor, layout and scroll in order.
fn changed(model: &mut Model) {
    settle::settle(model);
    model.version += 1;
}

fn key(model: &mut Model, event: &KeyEvent) -> Vec<Effect> {
    // Some terminals also report that a key was let go.
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let context = model.context_of_keys();
    // What was said has been read; a failure stays its time. Esc is told apart: dropping the words is all it does then.
    if event.code != KeyCode::Esc && context != Context::Filter {
        model.notice.take_if(|notice| !notice.is_error);
    }
    let before = model.cursor.clone();
    let (in_dialog, in_relabel) = (model.dialog.is_some(), model.relabel.is_some());
    let effects = action_for(context, event).map(|action| match (context, action) {
        (_, Action::Quit | Action::Suspend | Action::Hold) => act::act(model, action),
        _ if in_dialog => dialog::act(model, action),
        _ if in_relabel => relabel::act(model, action),
        (Context::Palette, _) => palette::key(model, action),
        _ => act::act(model, action),
    });
    if effects.is_none() {
        type_character(model, context, event);
    }
    settle::pin(model);
    changed(model);
    if model.cursor != before {
        model.notice.take_if(|notice| notice.is_about_selection);
    }
    effects.unwrap_or_default()
}

/// A key that is not bound is typed.
fn type_character(model: &mut Model, context: Context, event: &KeyEvent) {
    let is_chord = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    if let (KeyCode::Char(character), false) = (event.code, is_chord) {
        match context {
            Context::Filter => filter::typed(model, character),
            Context::Word if model.dialog.is_some() => dialog::typed(model, character),
            Context::Word | Context::Entry => relabel::typed(model, character),
            Context::Palette => palette::typed(model, character),
            _ => {}
        }
    }
}

/// Over a slow line, Esc and the key after it arrive together and read as that key with Alt: they are two keys.
fn apart(event: KeyEvent) -> impl Iterator<Item = KeyEvent> {
    let escape = event.modifiers.contains(KeyModifiers::ALT).then(|| KeyCode::Esc.into());
    let alone = KeyEvent { modifiers: event.modifiers - KeyModifiers::ALT, ..event };
    escape.into_iter().chain([alone])
}
