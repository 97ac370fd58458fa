//! The line that is typed in: the grid's filter, live while it is typed, or the search of the open screen.

use super::lens::project;
use super::screen;
use crate::app::action::Action;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::typing;
use crate::domain::grid::Filter;
use crate::domain::text::{Text, sanitize};

/// The word that names a namespace.
const NAMESPACE: &str = "ns:";

/// Changes what is typed: the search of the open screen, else the filter.
fn edit(model: &mut Model, edit: impl FnOnce(&mut String)) {
    if screen::is_searching(model) {
        screen::edit_search(model, edit);
    } else {
        edit(&mut model.filter);
        apply(model);
    }
}

/// A character was typed.
pub(super) fn typed(model: &mut Model, character: char) {
    edit(model, |line| line.push_str(&sanitize(character.encode_utf8(&mut [0; 4]))));
}

/// Some of what was typed goes; from an empty line one gets back to the grid or the screen.
pub(super) fn erase(model: &mut Model, action: Action) {
    if action == Action::EraseCharacter && model.typed().0.is_empty() {
        keep(model);
    } else {
        edit(model, |line| {
            typing::erase(line, action);
        });
    }
}

/// The typing ends; what was typed stays.
pub(super) fn keep(model: &mut Model) {
    if screen::is_searching(model) {
        screen::keep_search(model);
    } else {
        model.typing = false;
    }
}

/// The search goes, else the filter.
pub(super) fn clear(model: &mut Model) {
    if screen::drop_search(model) {
        return;
    }
    model.typing = false;
    model.filter.clear();
    apply(model);
}

/// Begins to type.
pub(super) fn begin(model: &mut Model) {
    model.typing = true;
    model.before_filter = Some(model.cursor.clone());
}

/// The namespace of this name; else the first that begins so, since the name is still being typed.
fn namespace(model: &Model, typed: &str) -> Text {
    let known = model.inventory.namespaces();
    let exact = known.iter().find(|name| name.as_str() == typed);
    exact
        .or_else(|| known.iter().find(|name| name.starts_with(typed)))
        .cloned()
        .unwrap_or_else(|| Text::new(typed))
}

/// Reads the line; one that cannot be read leaves the grid as it was and says why.
pub(super) fn apply(model: &mut Model) {
    let (names, words): (Vec<&str>, Vec<&str>) =
        model.filter.split(' ').partition(|word| word.starts_with(NAMESPACE));
    let wanted = names.last().map(|word| &word[NAMESPACE.len()..]).filter(|name| !name.is_empty());
    let namespace = wanted.map(|name| namespace(model, name)).or_else(|| model.namespace.clone());
    match Filter::parse(&words.join(" "), namespace) {
        Ok(mut filter) => {
            if filter.selector.is_empty() {
                filter.selector = model.settings.selector.clone();
            }
            model.notice = None;
            if filter != model.lens.filter {
                // What was selected before the first letter is selected again as soon as the filter shows it.
                if let Some(cursor) = &model.before_filter {
                    model.cursor = cursor.clone();
                }
                model.lens.filter = filter;
                project(model);
            }
        }
        Err(error) => model.notice = Some(Notice::failed(error.to_string(), model.now)),
    }
}
