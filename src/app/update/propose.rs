//! From a wish and what was just read to a proposal: a file for each noun.

mod pause;

use crate::app::dialog::{Field, Proposal};
use crate::app::intent::Intent;
use crate::app::model::Model;
use crate::domain::raw::RawObject;

/// What would be done; the objects are those of [`Intent::reads`], in that order.
///
/// # Errors
/// Why it cannot be done, in words.
pub(super) fn propose(model: &Model, intent: &Intent, objects: &[&RawObject]) -> Result<Proposal, String> {
    let [object, ..] = objects else { return Err("nothing was read".to_owned()) };
    match intent {
        Intent::Pause { daemon_set } => pause::propose(model, daemon_set, object),
        _ => Err("not here yet".to_owned()),
    }
}

/// The wish with the values that were typed.
///
/// # Errors
/// What is wrong with a value.
pub(super) fn filled(intent: &Intent, _fields: &[Field]) -> Result<Intent, String> {
    Ok(intent.clone())
}
