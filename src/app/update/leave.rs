//! Leaving the program: not before the answer to a write came, as far as that takes no longer than a moment.

use jiff::SignedDuration;

use super::remember;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::app::replace::Replacing;

/// Quitting waits for an answer no longer than this; the journal then says that the write was sent.
pub(in crate::app) const PATIENCE: SignedDuration = SignedDuration::from_secs(2);

/// Leaves, at once or when the answers came; asked twice, at once.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let waiting = waiting(model);
    if waiting == 0 || model.leaving.is_some() {
        return remember::leave(model);
    }
    model.leaving = Some(model.now);
    let writes = if waiting == 1 { "a write".to_owned() } else { format!("{waiting} writes") };
    let words = format!("waiting up to 2s for the answer to {writes}; quit again to leave without it");
    model.notice = Some(Notice::failed(words, model.now));
    Vec::new()
}

/// Leaves if that was wanted and nothing is waited for any more.
pub(super) fn pursue(model: &mut Model) -> Vec<Effect> {
    match model.leaving {
        Some(since) if waiting(model) == 0 || model.now.duration_since(since) >= PATIENCE => {
            model.leaving = None;
            remember::leave(model)
        }
        _ => Vec::new(),
    }
}

/// Writes whose answers can still come.
fn waiting(model: &Model) -> usize {
    let replacing = model.replacement.as_ref().map_or(0, Replacing::open_writes);
    model.writes.iter().filter(|(_, write)| write.lost.is_none()).count() + replacing
}
