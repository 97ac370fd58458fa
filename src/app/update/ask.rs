//! What is looked at decides what is asked.

use std::collections::BTreeSet;

use super::{dialog, relabel, replace};
use crate::app::availability;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::inquiry::Inquiry;

/// Asks what the open screens need and what is too old.
pub(super) fn pursue(model: &mut Model) -> Vec<Effect> {
    let needed = needed(model);
    model.answers.pursue(&needed, model.now).into_iter().map(Effect::Ask).collect()
}

/// The questions of the open screen, and of the one that is gone back to from it. Each screen names its own.
fn needed(model: &Model) -> BTreeSet<Inquiry> {
    let screens = model.screens.iter().rev().take(2);
    let mut needed: BTreeSet<Inquiry> = screens.flat_map(|open| open.screen.needed(model)).collect();
    dialog::needed(model, &mut needed);
    relabel::needed(model, &mut needed);
    replace::needed(model, &mut needed);
    availability::needed(model, &mut needed);
    needed
}
