//! The filter is live while it is typed.

use super::lens::project;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::domain::grid::Filter;
use crate::domain::text::{Text, sanitize};

/// The word that names a namespace.
const NAMESPACE: &str = "ns:";

/// A character was typed.
pub(super) fn typed(model: &mut Model, character: char) {
    model.filter.push_str(&sanitize(character.encode_utf8(&mut [0; 4])));
    apply(model);
}

/// The last character goes; from an empty line one gets back to the grid.
pub(super) fn erase_character(model: &mut Model) {
    if model.filter.pop().is_none() {
        model.typing = false;
    }
    apply(model);
}

/// The last word goes.
pub(super) fn erase_word(model: &mut Model) {
    let kept = model.filter.trim_end().rfind(' ').map_or(0, |space| space + 1);
    model.filter.truncate(kept);
    apply(model);
}

/// Everything typed goes.
pub(super) fn erase_line(model: &mut Model) {
    model.filter.clear();
    apply(model);
}

/// The filter goes.
pub(super) fn clear(model: &mut Model) {
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
