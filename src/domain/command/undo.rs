//! Undo: the template of an earlier revision, exactly as it was stored.
//!
//! kubectl sends `ControllerRevision.data` as a strategic merge patch. That holds nothing but
//! `spec.template` with `$patch: replace`, so it puts the stored template in the place of the live one; but such a patch
//! cannot test the generation, and would undo an edit that nobody has seen. A JSON patch that tests uid and generation and
//! replaces `/spec/template` by the same stored template has the same result: the server defaults and compares it alike,
//! and the controller finds the old revision by the bytes of the result (semantics §3.2).

use serde_json::Value;

use super::refusal::Refusal;
use super::subject::{Subject, TEMPLATE};
use super::{Proposal, Verb};
use crate::domain::object::{ControllerRevision, DaemonSet, TemplateContainer};
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// An undo that can be confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// The write.
    pub proposal: Proposal,
    /// The number of the revision that comes back; the controller gives it a new one.
    pub revision: i64,
    /// The hash of that revision: its pods are up to date then, and are not replaced.
    pub hash: Text,
    /// What is left, in an image tag, as far as it is recorded.
    pub from: String,
    /// What comes back, in an image tag.
    pub to: String,
}

/// A stored revision of this DaemonSet.
struct Stored<'a> {
    read: ControllerRevision,
    template: &'a Value,
}

impl Stored<'_> {
    fn is(&self, template: Option<&Value>) -> bool {
        template.is_some_and(|template| is_same(template, self.template))
    }
}

/// Goes back to a revision; to the second highest where none is named, as kubectl does.
///
/// # Errors
/// There is no such revision, or its template is the live one.
pub fn undo(object: &RawObject, revisions: &[RawObject], to: Option<i64>) -> Result<Undo, Refusal> {
    let subject = Subject::read(object)?;
    let mut stored: Vec<Stored<'_>> =
        revisions.iter().filter_map(|revision| owned(revision, &subject)).collect();
    stored.sort_by_key(|stored| stored.read.revision);
    let known = || stored.iter().map(|stored| stored.read.label()).collect();
    let live = object.at(TEMPLATE);
    let chosen = match (to.filter(|to| *to != 0), stored.as_slice()) {
        (Some(wanted), all) => all
            .iter()
            .find(|stored| stored.read.revision == wanted)
            .ok_or_else(|| Refusal::NoSuchRevision { wanted, known: known() })?,
        (None, [.., previous, last]) if last.is(live) || previous.is(live) => previous,
        (None, [_, _, ..]) => return Err(Refusal::Unrecorded(known())),
        (None, _) => return Err(Refusal::NoEarlierRevision(known())),
    };
    let label = chosen.read.label();
    if chosen.is(live) {
        return Err(Refusal::NothingToDo(format!("its template is that of {label} already")));
    }
    let mut template = chosen.template.clone();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    let current = stored.iter().rev().find(|stored| stored.is(live));
    // The controller records every template before it rolls it out.
    let newer = || "a newer template (not recorded yet)".to_owned();
    let from = current.map_or_else(newer, |current| current.read.label());
    let patch = subject.guarded().replace(TEMPLATE, template);
    let mut proposal = subject.propose(Verb::Undo, &patch, &from, &label)?;
    let before: Option<DaemonSet> = object.decode().ok();
    proposal.notes.extend(images(
        before.as_ref().map_or(&[], |before| &before.template.containers),
        &chosen.read.containers,
    ));
    let (revision, hash) = (chosen.read.revision, chosen.read.hash.clone());
    Ok(Undo { proposal, revision, hash, from, to: label })
}

/// A revision, if this DaemonSet controls it.
fn owned<'a>(revision: &'a RawObject, subject: &Subject<'_>) -> Option<Stored<'a>> {
    let read: ControllerRevision = revision.decode().ok()?;
    let template = revision.at("/data/spec/template").filter(|template| template.is_object())?;
    let ours = read.meta.owner.as_ref().is_some_and(|owner| owner.uid == subject.target.uid);
    ours.then_some(Stored { read, template })
}

/// Whether two templates are the same: older controllers stored an explicit `creationTimestamp: null`.
fn is_same(live: &Value, stored: &Value) -> bool {
    let mut stored = without_nulls(stored);
    if let Some(fields) = stored.as_object_mut() {
        fields.remove("$patch");
    }
    without_nulls(live) == stored
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        value => value.clone(),
    }
}

/// The images that change, in tags.
fn images(before: &[TemplateContainer], after: &[TemplateContainer]) -> Vec<String> {
    let changed = after.iter().filter_map(|container| {
        let was = before.iter().find(|was| was.name == container.name);
        match was {
            Some(was) if was.image == container.image => None,
            Some(was) if was.tag() != container.tag() => {
                Some(format!("{} goes from {} to {}", container.name, was.tag(), container.tag()))
            }
            Some(was) => Some(format!("{} goes from {} to {}", container.name, was.image, container.image)),
            None => Some(format!("the container {} comes back with {}", container.name, container.tag())),
        }
    });
    let gone = before.iter().filter(|was| !after.iter().any(|container| container.name == was.name));
    changed.chain(gone.map(|was| format!("the container {} goes", was.name))).collect()
}
