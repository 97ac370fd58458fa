//! Time passes: cells become due, notices go, held orders are released, pods nobody sees are asked for.

use jiff::{SignedDuration, Timestamp};

use super::{changed, expect, remember};
use crate::app::effect::Effect;
use crate::app::model::{HOLD, Model};
use crate::domain::event::LinkState;
use crate::domain::inventory::Changed;

/// A current count may differ for so long before pods are asked for that no watch sees.
pub(in crate::app) const ADOPTION_DELAY: SignedDuration = SignedDuration::from_secs(10);
/// The `Date` header has whole seconds: smaller differences are noise.
const CLOCK_NOISE: SignedDuration = SignedDuration::from_secs(2);

/// The local clock was read.
pub(super) fn ticked(model: &mut Model, local: Timestamp) -> Vec<Effect> {
    model.local = local;
    let seen = advance(model);
    let rested = !moving(model) && model.held.any();
    if rested || seen.any() {
        reorder(model, seen);
        changed(model);
    }
    if model.notice.as_ref().is_some_and(|notice| notice.until <= model.now) {
        model.notice = None;
        model.version += 1;
    }
    if expect::look(model) {
        changed(model);
    }
    let mut effects = remember::watch(model);
    effects.extend(adoptions(model));
    effects
}

/// Server time follows the local clock; cells that are due change.
pub(super) fn advance(model: &mut Model) -> Changed {
    let now = model.local.checked_add(model.clock_offset).unwrap_or(model.local);
    if !model.clock_known {
        model.now = now;
        return Changed::default();
    }
    model.now = model.now.max(now);
    model.inventory.advance(model.now)
}

/// The server's clock was read, less ours.
pub(super) fn read(model: &mut Model, offset: SignedDuration) {
    if !model.clock_known || (offset - model.clock_offset).abs() > CLOCK_NOISE {
        model.clock_offset = offset;
    }
    if !model.clock_known {
        // The first reading may set the time back: nothing has been told by it yet.
        advance(model);
        model.clock_known = true;
        advance(model);
    }
}

/// Whether the cursor moved a moment ago.
pub(super) fn moving(model: &Model) -> bool {
    model.last_move.is_some_and(|moved| model.now.duration_since(moved) < HOLD)
}

/// Projects again what may have moved; what depends on states waits while the cursor moves.
pub(super) fn reorder(model: &mut Model, seen: Changed) {
    let mut all = seen;
    all |= model.held;
    let hold = moving(model);
    model.held = if hold { Changed { cells: all.cells, ..Changed::default() } } else { Changed::default() };
    model.grid.refresh(&model.inventory, &model.lens, all, hold);
}

/// When everything is live and observed and a current count still differs, the pods of the DaemonSet's own selector
/// are listed once.
fn adoptions(model: &mut Model) -> Vec<Effect> {
    let links = model.inventory.links();
    if links.is_empty() || !links.values().all(|state| matches!(state, LinkState::Live { .. })) {
        model.adoptions.clear();
        return Vec::new();
    }
    let (mut effects, mut known) = (Vec::new(), std::mem::take(&mut model.adoptions));
    for (slot, row) in model.inventory.rows() {
        let object = &row.daemon_set;
        let ours = model.inventory.computed(slot).map(|counts| counts.current);
        if !object.is_observed() || ours.is_none_or(|ours| ours == object.status.current) {
            continue;
        }
        let uid = &object.meta.uid;
        let (since, mut asked) = known.remove(uid).unwrap_or((model.now, false));
        if !asked && model.now.duration_since(since) >= ADOPTION_DELAY {
            asked = true;
            effects.push(Effect::ListDaemonSetPods {
                daemon_set: uid.clone(),
                namespace: object.meta.key.namespace.clone(),
                selector: object.selector.clone(),
            });
        }
        model.adoptions.insert(uid.clone(), (since, asked));
    }
    effects
}
