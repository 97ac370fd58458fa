//! The menu of actions: typed in, moved in, taken from.

use super::act::act;
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::palette::{Palette, entries};
use crate::app::picker::PAGE;
use crate::app::typing::erase;
use crate::app::viewport::step;
use crate::domain::text::sanitize;

/// Opens it: everything, or what is about the selection.
pub(super) fn open(model: &mut Model, is_whole: bool) {
    model.palette = Some(Palette { is_whole, ..Palette::default() });
}

/// A key of the menu.
pub(super) fn key(model: &mut Model, action: Action) -> Vec<Effect> {
    let length = entries(model).len();
    let Some(palette) = &mut model.palette else { return Vec::new() };
    palette.hint.clear();
    match action {
        Action::Back => model.palette = None,
        Action::Choose => return choose(model),
        Action::EraseCharacter if palette.typed.is_empty() => model.palette = None,
        _ if erase(&mut palette.typed, action) => palette.at = 0,
        _ => palette.at = step(palette.at, action.lines(PAGE).unwrap_or_default(), length),
    }
    Vec::new()
}

/// A letter was typed.
pub(super) fn typed(model: &mut Model, character: char) {
    let Some(palette) = &mut model.palette else { return };
    palette.hint.clear();
    palette.at = 0;
    palette.typed.push_str(&sanitize(character.encode_utf8(&mut [0; 4])));
}

fn choose(model: &mut Model) -> Vec<Effect> {
    let mut entries = entries(model);
    let Some(palette) = &mut model.palette else { return Vec::new() };
    if palette.at >= entries.len() {
        "nothing is called that; Esc closes".clone_into(&mut palette.hint);
        return Vec::new();
    }
    let entry = entries.swap_remove(palette.at);
    if let Some(why) = entry.why {
        palette.hint = why;
        return Vec::new();
    }
    model.palette = None;
    act(model, entry.binding.action)
}
