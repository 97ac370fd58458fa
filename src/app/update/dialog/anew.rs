//! A wish is made anew: its object changed while the dialog was read, or the write was lost to another one.

use serde_json::Value;

use super::{build, forget_reads};
use crate::app::dialog::{Dialog, Stage};
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::model::Model;
use crate::app::page::Line;
use crate::app::screen::revision_refs;
use crate::domain::command::difference;
use crate::domain::id::ObjectKind;
use crate::domain::raw::RawObject;

/// The watch shows another spec than the question is about: it would be refused, so it is not asked any more. A pause is
/// not bound to the generation, since a stop must not wait for other edits.
pub(in crate::app::update) fn look(model: &mut Model) {
    let Some(dialog) = &mut model.dialog else { return };
    let (Stage::Ready { .. }, Some(question)) = (&dialog.stage, &dialog.question) else { return };
    let target = &question.command.target;
    if target.kind != ObjectKind::DaemonSet || matches!(dialog.intent, Intent::Pause { .. }) {
        return;
    }
    let read = question.before.at("/metadata/generation").and_then(Value::as_i64);
    let row = model.inventory.row_of(&target.uid).and_then(|slot| model.inventory.row(slot));
    let seen = row.map(|row| row.daemon_set.meta.generation);
    if seen.zip(read).is_some_and(|(seen, read)| seen > read) {
        let words = vec![Line::problem("it changed while you read: press r to read it anew")];
        dialog.go_to(Stage::Ended { words, again: true });
    }
}

/// Reads everything afresh; also revisions that were recorded since.
pub(super) fn read_anew(model: &mut Model) {
    if let Some(Intent::Undo { daemon_set, .. }) = model.dialog.as_ref().map(|dialog| &dialog.intent) {
        let known = revision_refs(model, &daemon_set.uid);
        if let Some(Dialog { intent: Intent::Undo { revisions, .. }, .. }) = &mut model.dialog {
            *revisions = known;
        }
    }
    if let Some(dialog) = &mut model.dialog {
        dialog.go_to(Stage::Reading { since: model.now });
    }
    forget_reads(model);
}

/// Nothing was written, since the object is another than the one that was shown: the same wish is made anew and has to
/// be confirmed anew.
pub(super) fn lost_race(model: &mut Model, now: Option<RawObject>) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else { return Vec::new() };
    let before = dialog.question.as_ref().map(|question| question.before.clone());
    dialog.changed = vec![match (before, &now) {
        (Some(before), Some(now)) => difference(&before, Some(now)),
        _ => "what changed is not known; it is as shown below now".to_owned(),
    }];
    dialog.question = None;
    read_anew(model);
    // With nothing else to read, what came with the refusal is fresh enough.
    match (dialog_reads_only_target(model), now) {
        (true, Some(now)) => build(model, &[Some(now)]),
        _ => Vec::new(),
    }
}

fn dialog_reads_only_target(model: &Model) -> bool {
    model.dialog.as_ref().is_some_and(|dialog| dialog.intent.reads().len() == 1)
}
