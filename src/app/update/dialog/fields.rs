//! What is typed in a dialog: values, choices, and the word that confirms.

use crate::app::action::Action;
use crate::app::dialog::{Dialog, Field, Stage};
use crate::app::typing;
use crate::domain::text::sanitize;

/// To another value.
pub(super) fn go_to(dialog: &mut Dialog, field: usize) {
    dialog.field = field;
    dialog.is_fresh = true;
}

/// The value that takes the keys, if one does.
fn field(dialog: &mut Dialog) -> Option<&mut Field> {
    let is_filling = matches!(dialog.stage, Stage::Filling);
    dialog.fields.get_mut(dialog.field).filter(|_| is_filling)
}

/// A letter.
pub(super) fn typed(dialog: &mut Dialog, character: char) {
    dialog.hint.clear();
    let is_fresh = std::mem::take(&mut dialog.is_fresh);
    let letter = sanitize(character.encode_utf8(&mut [0; 4])).into_owned();
    match field(dialog) {
        Some(field) if field.is_choice => match character {
            'y' | 'Y' => field.choose(true),
            'n' | 'N' => field.choose(false),
            ' ' => field.choose(!field.is_yes()),
            _ => {}
        },
        // What was there before is what one would have to erase first.
        Some(field) if is_fresh => field.value = letter,
        Some(field) => field.value.push_str(&letter),
        None => dialog.typed.push_str(&letter),
    }
}

/// The last letter, the last word, or all of it.
pub(super) fn erase(dialog: &mut Dialog, action: Action) {
    dialog.hint.clear();
    dialog.is_fresh = false;
    let buffer = match field(dialog) {
        Some(field) if field.is_choice => return,
        Some(field) => &mut field.value,
        None => &mut dialog.typed,
    };
    typing::erase(buffer, action);
}
