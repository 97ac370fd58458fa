//! A DaemonSet: how it updates, what is counted, which revision is where, whom it leaves out, what holds it up.

use std::collections::BTreeSet;

use super::events::{absence, events};
use super::nodes::on_revision;
use super::progress::progress;
use super::{NodesOf, Screen, daemon_set_ref, names};
use crate::app::cursor::CountColumn;
use crate::app::digest::row_line;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::exclusion::exclusions;
use crate::domain::id::Uid;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::inventory::{Row, RowSlot};
use crate::domain::limits::Limit;
use crate::domain::object::{ControllerRevision, DaemonSet};
use crate::domain::review::{Severity, review};
use crate::domain::rights::denied_revisions;
use crate::domain::rollout::{RolloutState, rollout};
use crate::domain::staleness::{counters, stale_why};

/// The events; the whole object and the budgets, which the review reads.
pub(super) fn needed(model: &Model, uid: &Uid) -> BTreeSet<Inquiry> {
    let row = model.inventory.row_of(uid).and_then(|slot| model.inventory.row(slot));
    let Some(object) = row.map(|row| &row.daemon_set) else { return BTreeSet::new() };
    BTreeSet::from([
        Inquiry::Events(daemon_set_ref(object)),
        Inquiry::Object(daemon_set_ref(object)),
        Inquiry::Budgets(object.meta.key.namespace.clone()),
    ])
}

/// The lines; none when it is gone.
pub(super) fn page(model: &Model, uid: &Uid) -> Option<Page> {
    let slot = model.inventory.row_of(uid)?;
    let row = model.inventory.row(slot)?;
    let object = &row.daemon_set;
    let mut page = Page::new(format!("DaemonSet {}", object.meta.key));
    let line = row_line(model, slot).map(|line| line.words).unwrap_or_default();
    page.fact_or_problem(row.tally.problems > 0, line);
    page.told(false, "selector", 10, object.selector.to_string());
    page.told(false, "strategy", 10, strategy(object, row));
    let available = match object.min_ready_seconds {
        0 => "as soon as a pod is ready (no minReadySeconds)".to_owned(),
        seconds => format!("once a pod has been ready for {seconds}s (minReadySeconds)"),
    };
    page.told(false, "available", 10, available);
    page.told(false, "age", 10, age(object.meta.created, model.now));
    let own = model.replacement.as_ref().and_then(|replacing| replacing.row_words(&model.inventory, slot));
    if let Some(own) = own {
        // What colleagues see of it is as old as its last heartbeat.
        page.told(false, "replacing", 10, format!("by this dsgrid: {own} (% shows it)"));
    } else if let Some(claim) = &object.replacing {
        page.told(claim.is_held(model.now), "replacing", 10, claim.words(model.now));
    }
    counts(model, slot, uid, &mut page);
    progress(model, slot, uid, &mut page);
    blockers(model, slot, uid, &mut page);
    revisions(model, slot, &mut page);
    left_out(model, slot, uid, &mut page);
    findings(model, slot, object, &mut page);
    events(model, &mut page, &[daemon_set_ref(object)]);
    Some(page)
}

fn strategy(object: &DaemonSet, row: &Row) -> String {
    match Limit::of(object, row.tally.desired) {
        Some(limit) => format!("{}, {limit}", object.strategy.kind()),
        None => {
            format!("{}: a pod gets the current template when somebody deletes it", object.strategy.kind())
        }
    }
}

/// The counter's column, where it has one of its own.
fn column(counter: &str) -> Option<CountColumn> {
    Some(match counter {
        "desired" => CountColumn::Desired,
        "current" => CountColumn::Current,
        "ready" => CountColumn::Ready,
        "up-to-date" => CountColumn::UpToDate,
        // Those that are not counted there are the unavailable ones.
        "available" | "unavailable" => CountColumn::Available,
        "misscheduled" => CountColumn::Misscheduled,
        _ => return None,
    })
}

/// Ours and the controller's numbers; where they differ, why.
fn counts(model: &Model, slot: RowSlot, uid: &Uid, page: &mut Page) {
    page.heading("Counts, in nodes");
    for counter in counters(&model.inventory, slot) {
        let ours = counter.ours.map_or("not known".to_owned(), |ours| ours.to_string());
        let stale = if counter.is_stale() {
            format!("; the controller's status says {}, which is stale", counter.theirs)
        } else {
            String::new()
        };
        let ours = if counter.ours.is_none() { format!("{} by its status", counter.theirs) } else { ours };
        page.told(counter.is_stale(), counter.name, 13, format!("{ours}{stale}"));
        if let Some(count) = column(counter.name) {
            page.leading(Screen::Count { daemon_set: uid.clone(), count });
        }
    }
    let bad = model.inventory.row(slot).map(|row| row.tally.problems).unwrap_or_default();
    page.told(bad > 0, "not as wanted", 13, bad.to_string());
    page.leading(Screen::Count { daemon_set: uid.clone(), count: CountColumn::Bad });
    if let Some(why) = stale_why(&model.inventory, slot) {
        page.problem(format!("the status is stale: {why}"));
        page.leading(Screen::Nodes { daemon_set: uid.clone(), of: NodesOf::Stale });
    }
}

fn blockers(model: &Model, slot: RowSlot, uid: &Uid, page: &mut Page) {
    let Some(rollout) = rollout(&model.inventory, slot) else { return };
    let blockers = rollout.blockers;
    if blockers.is_empty() {
        return;
    }
    let title = match rollout.state {
        RolloutState::Stuck | RolloutState::Progressing => "What holds up the rollout",
        _ => "Nodes without an available pod",
    };
    page.heading(format!("{title} ({})", blockers.len()));
    for blocker in blockers {
        page.fact_or_problem(blocker.stuck, blocker.why);
        page.signed(blocker.state);
        page.leading(Screen::Cell { daemon_set: uid.clone(), node: blocker.node });
    }
}

/// The revisions, newest first, with the nodes that are on each.
fn revisions(model: &Model, slot: RowSlot, page: &mut Page) {
    let Some(row) = model.inventory.row(slot) else { return };
    let uid = &row.daemon_set.meta.uid;
    let mut revisions: Vec<&ControllerRevision> = model.inventory.revisions(uid).iter().collect();
    revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    page.heading("Revisions");
    if let Some(why) = denied_revisions(&model.inventory, &row.daemon_set.meta.key.namespace) {
        page.problem(format!("may not be read: {why}"));
    }
    for revision in revisions {
        let nodes = on_revision(model, slot, &revision.hash);
        let label = model.inventory.revision_label(uid, &revision.hash);
        let is_current = row.current().hash == Some(&revision.hash);
        let current = if is_current { ", current" } else { "" };
        let on = match nodes.len() {
            0 => "on no node".to_owned(),
            1 => format!("on 1 node: {}", names(&nodes)),
            many => format!("on {many} nodes: {}", names(&nodes)),
        };
        let made = revision.meta.created.map(|at| format!(", made {} ago", age(Some(at), model.now)));
        let made = made.unwrap_or_default();
        page.fact(format!("{label}{current}, hash {}{made}, {on}", revision.hash));
        if !nodes.is_empty() {
            let of = NodesOf::Revision(revision.hash.clone());
            page.leading(Screen::Nodes { daemon_set: uid.clone(), of });
        }
    }
    page.fact("history: why each was made, and what differs between any two");
    page.leading(Screen::History(uid.clone()));
}

/// The nodes it does not want, by rule.
fn left_out(model: &Model, slot: RowSlot, uid: &Uid, page: &mut Page) {
    let exclusions = exclusions(&model.inventory, slot);
    if exclusions.is_empty() {
        return;
    }
    let all: usize = exclusions.iter().map(|exclusion| exclusion.nodes.len()).sum();
    page.heading(format!("Nodes left out ({all})"));
    for exclusion in exclusions {
        page.fact(format!("{exclusion}: {}", names(&exclusion.nodes)));
        page.leading(Screen::Nodes { daemon_set: uid.clone(), of: NodesOf::LeftOut(exclusion.what) });
    }
}

/// The review against good practice.
fn findings(model: &Model, slot: RowSlot, object: &DaemonSet, page: &mut Page) {
    let inquiry = Inquiry::Object(daemon_set_ref(object));
    let Some(Answer::Object(Some(raw))) = model.answers.get(&inquiry) else {
        page.heading("Review");
        let (kind, words) = absence(model, &inquiry, "the whole object");
        page.say(kind, words);
        return;
    };
    let asked = Inquiry::Budgets(object.meta.key.namespace.clone());
    let budgets = match model.answers.get(&asked) {
        Some(Answer::Budgets(budgets)) => Some(budgets.as_slice()),
        _ => None,
    };
    let findings = review(raw, &model.inventory, slot, budgets);
    page.heading(format!("Review ({})", findings.len()));
    for finding in &findings {
        let (is_problem, mark) = match finding.severity {
            Severity::Danger => (true, "danger"),
            Severity::Warning => (false, "warning"),
            Severity::Info => (false, "note"),
        };
        page.told(is_problem, mark, 8, format!("{}: {}. {}", finding.rule, finding.why, finding.field));
    }
    if findings.is_empty() {
        page.faint("nothing to say against it");
    }
    if budgets.is_none() {
        let (kind, words) = absence(model, &asked, "PodDisruptionBudgets");
        page.say(kind, words);
    }
}
