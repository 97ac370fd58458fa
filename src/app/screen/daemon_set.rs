//! A DaemonSet: how it updates, what is counted, which revision is where, what holds it up.

use std::collections::BTreeSet;

use super::{Screen, daemon_set_ref, events};
use crate::app::cursor::CountColumn;
use crate::app::describe;
use crate::app::digest::row_line;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::id::Uid;
use crate::domain::inquiry::Inquiry;
use crate::domain::inventory::RowSlot;
use crate::domain::object::{ControllerRevision, Pod};
use crate::domain::rollout::rollout;

/// The events.
pub(super) fn needed(model: &Model, uid: &Uid) -> BTreeSet<Inquiry> {
    let row = model.inventory.row_of(uid).and_then(|slot| model.inventory.row(slot));
    row.map(|row| Inquiry::Events(daemon_set_ref(&row.daemon_set))).into_iter().collect()
}

/// The lines; none when it is gone.
pub(super) fn page(model: &Model, uid: &Uid) -> Option<Page> {
    let slot = model.inventory.row_of(uid)?;
    let row = model.inventory.row(slot)?;
    let object = &row.daemon_set;
    let mut page = Page::new(object.meta.key.to_string());
    let line = row_line(model, slot).map(|line| line.words).unwrap_or_default();
    if row.tally.problems > 0 {
        page.problem(line)
    } else {
        page.fact(line)
    }
    page.fact(format!(
        "{}, minReadySeconds {}, age {}",
        describe::strategy(object),
        object.min_ready_seconds,
        age(object.meta.created, model.now)
    ));
    page.heading("Counts");
    for count in CountColumn::FULL.into_iter().chain([CountColumn::Bad]) {
        let number = describe::number(&model.inventory, slot, count);
        let number = number.map_or("?".to_owned(), |number| number.to_string());
        page.fact(format!("{number:>6}  {}", count.meaning()));
        page.leading(Screen::Count { daemon_set: uid.clone(), count });
    }
    page.heading("Revisions");
    for revision in sorted_revisions(model, slot) {
        let of_it = |pod: &&Pod| pod.revision.as_ref() == Some(&revision.hash) && !pod.is_gone();
        let pods = model.inventory.pods_of(slot).filter(of_it).count();
        let label = model.inventory.revision_label(&object.meta.uid, &revision.hash);
        page.fact(format!("{pods:>6}  pods on {label}, hash {}", revision.hash));
    }
    let blockers = rollout(&model.inventory, slot).map(|rollout| rollout.blockers).unwrap_or_default();
    if !blockers.is_empty() {
        page.heading("What holds up the rollout");
        for blocker in blockers {
            page.problem(blocker.why);
            page.leading(Screen::Cell { daemon_set: uid.clone(), node: blocker.node });
        }
    }
    events(model, &mut page, &[daemon_set_ref(object)]);
    Some(page)
}

fn sorted_revisions(model: &Model, slot: RowSlot) -> Vec<&ControllerRevision> {
    let Some(row) = model.inventory.row(slot) else { return Vec::new() };
    let mut revisions: Vec<_> = model.inventory.revisions(&row.daemon_set.meta.uid).iter().collect();
    revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    revisions
}
