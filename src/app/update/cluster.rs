//! What the cluster said becomes knowledge.

use super::{changed, clock, logs, screen};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::event::ClusterEvent;
use crate::domain::inventory::Changed;

/// Takes in a batch.
pub(super) fn heard(model: &mut Model, events: Vec<ClusterEvent>) -> Vec<Effect> {
    let (mut seen, mut has_logs) = (Changed::default(), false);
    for event in events {
        match event {
            ClusterEvent::ClockRead(offset) => clock::read(model, offset),
            ClusterEvent::Log(stream, news) => {
                logs::heard(model, stream, news);
                has_logs = true;
            }
            ClusterEvent::DaemonSets(_)
            | ClusterEvent::Nodes(_)
            | ClusterEvent::Pods(_)
            | ClusterEvent::Revisions(_)
                if !model.clock_known =>
            {
                // Without a reading the local clock has to do.
                model.clock_known = true;
                seen |= clock::advance(model);
                seen |= model.inventory.apply(event);
            }
            event => seen |= model.inventory.apply(event),
        }
    }
    if seen.any() {
        if seen.rows || seen.columns {
            model.marks.prune(&model.inventory);
            model.problems.forget();
        }
        screen::open_alert(model);
        clock::reorder(model, seen);
        changed(model);
    } else if has_logs && model.logs.is_some() {
        logs::arrange(model);
        model.version += 1;
    }
    Vec::new()
}
