//! What is wanted where is remembered, so that the next look can say what fell.

use jiff::SignedDuration;

use crate::app::effect::Effect;
use crate::app::model::Model;

/// So often: a look that ends without a word, as a dropped connection ends it, is at most so old.
const INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Once everything is known, compares with the last look; then remembers this one from time to time.
pub(super) fn watch(model: &mut Model) -> Vec<Effect> {
    if !model.is_synced() || !model.clock_known {
        return Vec::new();
    }
    if model.remembered.is_none()
        && let Some(last) = model.settings.last_look.take()
    {
        model.inventory.compare_with(&last);
        super::lens::project(model);
        super::changed(model);
    }
    if model.remembered.is_some_and(|at| model.now.duration_since(at) < INTERVAL) {
        return Vec::new();
    }
    model.remembered = Some(model.now);
    // What nobody acknowledged has to be told again if this look ends without a word.
    vec![Effect::RememberDesired(Box::new(model.inventory.sighting(true)))]
}

/// The user leaves, having seen it all.
pub(super) fn leave(model: &Model) -> Vec<Effect> {
    let remember =
        model.remembered.map(|_| Effect::RememberDesired(Box::new(model.inventory.sighting(false))));
    remember.into_iter().chain([Effect::Quit]).collect()
}
