//! How a rollout goes: over time, how fast, what is on its way, what failed.

use jiff::SignedDuration;

use super::{Screen, names};
use crate::app::model::Model;
use crate::app::page::Page;
use crate::app::sparkline::sparkline;
use crate::domain::age::{age, human_duration};
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::RowSlot;
use crate::domain::progress::{Course, Sample, course};
use crate::domain::rollout::{RolloutState, rollout};

/// The columns of the bars.
const WIDTH: usize = 40;

/// Adds the part; nothing while nothing was rolled out since the monitor began.
pub(super) fn progress(model: &Model, slot: RowSlot, uid: &Uid, page: &mut Page) {
    let samples: Vec<Sample> = model.progress.samples(uid).copied().collect();
    let state = rollout(&model.inventory, slot).map(|rollout| rollout.state);
    let moves = !matches!(
        state,
        Some(RolloutState::Complete | RolloutState::Degraded | RolloutState::Unknown) | None
    );
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return };
    if !moves && samples.len() < 2 {
        return;
    }
    page.heading("Progress");
    let line = |value: fn(&Sample) -> u32| {
        let has_unicode = model.settings.capabilities.unicode;
        format!(
            "{} {} of {}",
            sparkline(&samples, value, model.now, (WIDTH, has_unicode)),
            value(last),
            last.desired
        )
    };
    page.told(false, "updated", 10, line(|sample| sample.updated));
    page.told(false, "available", 10, line(|sample| sample.available));
    page.told(
        false,
        "watched",
        10,
        format!("for {}, as long as this dsgrid knows this spec", age(Some(first.at), model.now)),
    );
    if let Some(course) = course(&model.inventory, slot).filter(|_| moves) {
        speed(state, &course, page);
        nodes("in flight", false, uid, &course.in_flight, page);
        nodes("failed", true, uid, &course.failed, page);
    }
}

/// How fast, and how long it takes; no estimate for what does not move.
fn speed(state: Option<RolloutState>, course: &Course, page: &mut Page) {
    let Some((count, time)) = course.rate else {
        page.told(false, "rate", 10, "no node became updated and available yet");
        return;
    };
    let minutes = time.as_secs().max(1);
    let words = |span: SignedDuration| human_duration(span.as_secs());
    let tenths = i64::from(count) * 600 / minutes;
    let plural = if count == 1 { "" } else { "s" };
    let rate = format!("{}.{} a minute: {count} node{plural} in {}", tenths / 10, tenths % 10, words(time));
    page.told(false, "rate", 10, rate);
    match (state, course.left) {
        (_, Some(left)) => page.told(false, "left", 10, format!("about {}", words(left))),
        (Some(RolloutState::Stuck), None) => page.told(true, "left", 10, "no estimate: it is stuck"),
        _ => {}
    }
}

fn nodes(name: &str, is_problem: bool, uid: &Uid, nodes: &[NodeName], page: &mut Page) {
    if let Some(first) = nodes.first() {
        page.told(is_problem, name, 10, format!("{}: {}", nodes.len(), names(nodes)));
        page.leading(Screen::Cell { daemon_set: uid.clone(), node: first.clone() });
    }
}
