//! The stored revisions of a DaemonSet, and what differs between the templates of any two.

use std::collections::BTreeSet;

use serde_json::Value;

use super::events::absence;
use super::{Screen, daemon_set_ref, names};
use crate::app::model::Model;
use crate::app::page::{Line, Page};
use crate::domain::age::age;
use crate::domain::diff::{diff, near};
use crate::domain::history::{Entry, history};
use crate::domain::id::{ObjectKind, ObjectRef, Uid};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// So many equal lines stand around each change.
const CONTEXT: usize = 3;

/// The revisions, whole.
pub(super) fn needed(model: &Model, uid: &Uid) -> BTreeSet<Inquiry> {
    revision_refs(model, uid).into_iter().map(Inquiry::Object).collect()
}

/// The `ControllerRevision`s of a DaemonSet, as the server knows them; newest first.
pub(in crate::app) fn revision_refs(model: &Model, uid: &Uid) -> Vec<ObjectRef> {
    let mut known: Vec<_> = model.inventory.revisions(uid).iter().collect();
    known.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    let reference = |meta: &crate::domain::object::Meta| ObjectRef {
        kind: ObjectKind::ControllerRevision,
        key: meta.key.clone(),
        uid: meta.uid.clone(),
    };
    known.into_iter().map(|revision| reference(&revision.meta)).collect()
}

/// The revisions that were read so far, newest first.
pub(in crate::app) fn entries(model: &Model, uid: &Uid) -> Vec<Entry> {
    let Some(slot) = model.inventory.row_of(uid) else { return Vec::new() };
    let read: Vec<Value> = needed(model, uid)
        .iter()
        .filter_map(|inquiry| match model.answers.get(inquiry) {
            Some(Answer::Object(Some(raw))) => Some(raw.value().clone()),
            _ => None,
        })
        .collect();
    let mut entries = history(&read, &model.inventory, slot);
    entries.reverse();
    entries
}

/// What changes from one pod template to another; nothing where they are equal.
pub(in crate::app) fn template_diff(from: &RawObject, to: &RawObject) -> Vec<Line> {
    let lines = diff(&from.yaml(true), &to.yaml(true));
    near(&lines, CONTEXT).iter().map(Line::diff).collect()
}

/// What a revision is called: its first image's tag and its number.
pub(in crate::app) fn label(entry: &Entry) -> String {
    let tag = entry.images.first().and_then(|image| image.rsplit('/').next()?.split_once(':'));
    tag.map_or_else(|| format!("r{}", entry.revision), |(_, tag)| format!("{tag} (r{})", entry.revision))
}

/// The revisions; none when the DaemonSet is gone.
pub(super) fn page(model: &Model, uid: &Uid) -> Option<Page> {
    let row = model.inventory.row(model.inventory.row_of(uid)?)?;
    let mut page = Page::new(format!("Revisions of {}", daemon_set_ref(&row.daemon_set)));
    let entries = entries(model, uid);
    page.heading(format!("Newest first ({}); Enter shows what differs", entries.len()));
    for (at, entry) in entries.iter().enumerate() {
        let current = if entry.is_current { ", current" } else { "" };
        let made = entry.created.map(|at| format!(", made {} ago", age(Some(at), model.now)));
        page.fact(format!("{}{current}{}", label(entry), made.unwrap_or_default()));
        let first = page.lines.len() - 1;
        // The newest is compared with the one before it, each other one with the newest.
        let (from, to) = if at == 0 { (entries.get(1), Some(entry)) } else { (Some(entry), entries.first()) };
        let images: Vec<&str> = entry.images.iter().map(Text::as_str).collect();
        page.told(false, "  images", 10, images.join(", "));
        if !entry.change_cause.is_empty() {
            page.told(false, "  cause", 10, entry.change_cause.as_str());
        }
        let nodes = match entry.nodes.as_slice() {
            [] => "none".to_owned(),
            nodes => format!("{}: {}", nodes.len(), names(nodes)),
        };
        page.told(false, "  nodes", 10, nodes);
        if let Some((from, to)) = from.zip(to) {
            let (from, to) = (from.revision, to.revision);
            let screen = Screen::Difference { daemon_set: uid.clone(), from, to };
            page.lines[first..].iter_mut().for_each(|line| line.leads = Some(screen.clone()));
        }
    }
    unread(model, uid, entries.len(), &mut page);
    Some(page)
}

/// What is missing of the revisions, and why.
fn unread(model: &Model, uid: &Uid, read: usize, page: &mut Page) {
    let all = needed(model, uid);
    if all.is_empty() {
        page.faint("none is recorded, or ControllerRevisions may not be read");
    } else if read < all.len()
        && let Some(first) = all.iter().find(|inquiry| model.answers.get(inquiry).is_none())
    {
        let (kind, words) = absence(model, first, "the revisions");
        page.say(kind, words);
    }
}

/// What differs between two revisions; none when the DaemonSet is gone.
pub(super) fn difference(model: &Model, uid: &Uid, (from, to): (i64, i64)) -> Option<Page> {
    let row = model.inventory.row(model.inventory.row_of(uid)?)?;
    let name = &row.daemon_set.meta.key;
    let mut page = Page::new(format!("{name}: pod template of r{from} against r{to}"));
    let entries = entries(model, uid);
    let of = |wanted: i64| entries.iter().find(|entry| entry.revision == wanted);
    let (Some(old), Some(new)) = (of(from), of(to)) else {
        page.heading(format!("- r{from}   + r{to}"));
        let there = revision_refs(model, uid).len();
        if there > entries.len() {
            unread(model, uid, entries.len(), &mut page);
        } else {
            page.problem("one of them is not there any more: the controller keeps only so many");
        }
        return Some(page);
    };
    page.heading(format!("- {}   + {}", label(old), label(new)));
    let lines = template_diff(&old.template, &new.template);
    if lines.is_empty() {
        page.fact("their pod templates are equal");
    }
    page.lines.extend(lines);
    page.heading("Compare others");
    let others = entries.iter().flat_map(|entry| [(entry.revision, to), (from, entry.revision)]);
    for (from, to) in others.chain([(to, from)]) {
        if from != to && (from, to) != (old.revision, new.revision) {
            page.fact(format!("r{from} against r{to}"));
            page.leading(Screen::Difference { daemon_set: uid.clone(), from, to });
        }
    }
    Some(page)
}
