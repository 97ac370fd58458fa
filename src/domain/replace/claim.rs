//! The annotation `dsgrid.dev/replacing`: who replaces the pods of a DaemonSet now, how, and how far it is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::Options;
use super::run::Replacement;
use super::work::Step;
use crate::domain::age::age;
use crate::domain::command::patch::{JsonPatch, annotation};
use crate::domain::command::{Command, Method, Verb};
use crate::domain::id::ObjectRef;
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// The annotation's key. Annotations do not change the generation.
pub const ANNOTATION: &str = "dsgrid.dev/replacing";
/// How often the annotation is refreshed while it goes on.
pub const HEARTBEAT: SignedDuration = SignedDuration::from_secs(60);
/// After so long without a heartbeat nobody is at it any more.
const ABANDONED: SignedDuration = SignedDuration::from_mins(3);

/// What the annotation holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Who.
    pub by: Text,
    /// On which machine.
    pub host: Text,
    /// Since when.
    pub started: Timestamp,
    /// When it was still going on.
    pub heartbeat: Timestamp,
    /// The revision that pods are to have.
    pub revision: Text,
    /// How it is to go.
    pub options: Options,
    /// How many nodes are done.
    pub done: usize,
    /// Of how many.
    pub total: usize,
    /// Why it does not go on though nodes are left; empty while somebody is at it.
    #[serde(default)]
    pub stopped: Text,
}

impl Claim {
    /// Reads the annotation of a DaemonSet; none where there is none or it cannot be read: then there is nothing to
    /// continue.
    #[must_use]
    pub fn read(daemon_set: &RawObject) -> Option<Self> {
        Self::parse(daemon_set.at(&annotation("/metadata", ANNOTATION))?.as_str()?)
    }

    /// Reads the annotation's value.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }

    /// Where a replacement stands.
    #[must_use]
    pub fn of(run: &Replacement, by: &Text, host: &Text, started: Timestamp, now: Timestamp) -> Self {
        let plan = run.plan();
        Self {
            by: by.clone(),
            host: host.clone(),
            started,
            heartbeat: now,
            revision: plan.revision.clone(),
            options: plan.options.clone(),
            done: Self::done(run),
            total: run.works().len(),
            stopped: Text::default(),
        }
    }

    /// How many nodes are done.
    #[must_use]
    pub fn done(run: &Replacement) -> usize {
        run.works().iter().filter(|work| work.step == Step::Done).count()
    }

    /// Whether two claims are by the same run.
    #[must_use]
    pub fn is_same_run(&self, other: &Self) -> bool {
        self.by == other.by && self.host == other.host && self.started == other.started
    }

    /// Whether somebody is at it now.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.stopped.is_empty() && now.duration_since(self.heartbeat) < ABANDONED
    }

    /// Who, like `oncall@bastion-2`.
    #[must_use]
    pub fn who(&self) -> String {
        format!("{}@{}", self.by, self.host)
    }

    /// For a colleague: `oncall@bastion-2 is replacing this, 111/240`.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        let (who, far) = (self.who(), format!("{}/{}", self.done, self.total));
        let since = age(Some(self.heartbeat), now);
        if self.is_held(now) {
            format!("{who} is replacing this, {far}")
        } else if self.stopped.is_empty() {
            format!("{who} was replacing this, {far}, and was last heard of {since} ago")
        } else {
            format!("{who} was replacing this, {far}, and stopped {since} ago: {}", self.stopped)
        }
    }

    /// What another write of the DaemonSet does to it, for whoever is to confirm that; none where it does nothing to it.
    /// Any new generation ends a replacement ([`super::check::verdict`]), and so does another strategy than `OnDelete`.
    #[must_use]
    pub fn disturbed_by(&self, verb: Verb, now: Timestamp) -> Option<String> {
        let left = self.total.saturating_sub(self.done);
        let what = match verb {
            Verb::Resume => format!("the controller takes over the {left} left at once, without its gates"),
            Verb::Restart | Verb::Undo => "another template ends it where it is".to_owned(),
            Verb::Throttle => "other limits end it where it is".to_owned(),
            _ => return None,
        };
        Some(format!("{}: {what}", self.words(now)))
    }

    /// Writes the annotation, over the one that was read and no other.
    #[must_use]
    pub fn write(&self, daemon_set: &ObjectRef, read: &RawObject) -> Command {
        let value = serde_json::to_string(self).unwrap_or_default();
        let pointer = annotation("/metadata", ANNOTATION);
        let mut patch = preconditions(daemon_set, read);
        // That there is none cannot be tested; that nothing at all was written since can.
        if let (None, Some(version)) = (read.at(&pointer), read.at("/metadata/resourceVersion")) {
            patch = patch.test("/metadata/resourceVersion", version);
        }
        if read.at("/metadata/annotations").is_none_or(Value::is_null) {
            patch = patch.add("/metadata/annotations", json!({}));
        }
        let patch = patch.add(&pointer, json!(value));
        command(daemon_set, &patch, &format!("replacing {}/{}", self.done, self.total))
    }
}

/// Removes the annotation that was read; none where there is none.
#[must_use]
pub fn remove(daemon_set: &ObjectRef, read: &RawObject) -> Option<Command> {
    let pointer = annotation("/metadata", ANNOTATION);
    read.at(&pointer)?;
    Some(command(daemon_set, &preconditions(daemon_set, read).remove(&pointer), "no longer replacing"))
}

fn preconditions(daemon_set: &ObjectRef, read: &RawObject) -> JsonPatch {
    let pointer = annotation("/metadata", ANNOTATION);
    let patch = JsonPatch::default().test("/metadata/uid", &json!(daemon_set.uid.to_string()));
    match read.at(&pointer) {
        Some(value) => patch.test(&pointer, value),
        None => patch,
    }
}

fn command(daemon_set: &ObjectRef, patch: &JsonPatch, to: &str) -> Command {
    Command {
        verb: Verb::Replace,
        target: daemon_set.clone(),
        method: Method::JsonPatch,
        body: patch.body(),
        from: Text::default(),
        to: Text::new(to),
    }
}
