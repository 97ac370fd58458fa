//! What is looked at decides what is asked.

use std::collections::BTreeSet;

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
    model.screens.iter().rev().take(2).flat_map(|open| open.screen.needed(model)).collect()
}
