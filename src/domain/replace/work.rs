//! One node of a replacement, from queued to done.

use jiff::{SignedDuration, Timestamp};

use super::neighbour::{Harmed, Neighbour};
use super::plan::Candidate;
use crate::domain::id::{ObjectKind, ObjectRef};
use crate::domain::inventory::CellView;
use crate::domain::object::{Container, ContainerState, Phase, Pod};

/// Waiting reasons that do not heal while nothing else changes.
const HOPELESS: [&str; 8] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// The scheduler may look once before the old pod's resources are free.
const SCHEDULER_GRACE: SignedDuration = SignedDuration::from_secs(10);

/// How far a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its turn has not come.
    Queued,
    /// Everything is read afresh.
    Checking,
    /// The deletion was sent; the old pod is still there.
    Deleting,
    /// The old pod is gone, the new one is not available yet.
    Starting,
    /// The new pod is ready, until it has been so for long enough.
    Soaking {
        /// Until when.
        until: Timestamp,
    },
    /// Ready for long enough; the neighbours are looked at.
    Judging,
    /// A neighbour is un-Ready, perhaps only for a moment.
    Watching {
        /// When to look again.
        until: Timestamp,
    },
    /// Replaced.
    Done,
    /// It went wrong.
    Failed(String),
    /// It was left as it is.
    Skipped(String),
}

impl Step {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Checking => "checking",
            Self::Deleting => "deleting",
            Self::Starting => "starting",
            Self::Soaking { .. } | Self::Judging | Self::Watching { .. } => "soaking",
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Nothing more happens to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Failed(_) | Self::Skipped(_))
    }

    /// Its pod is being replaced.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        !self.is_over() && *self != Self::Queued
    }
}

/// One node of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What was planned.
    pub candidate: Candidate,
    /// How far it is.
    pub step: Step,
    /// When that step began.
    pub since: Timestamp,
    /// When the deletion was sent.
    pub deleted: Option<Timestamp>,
    /// No answer came to the deletion.
    pub unanswered: bool,
    /// How the neighbours were before.
    pub neighbours: Vec<Neighbour>,
    /// The neighbours that are worse off since, where that is why it failed.
    pub harmed: Vec<Harmed>,
    /// The new pod, once it is there.
    pub new_pod: Option<ObjectRef>,
    /// What it waits for, in words; empty where its step says everything.
    pub waits_for: String,
    /// Since when a budget does not allow the eviction.
    pub(super) refused_since: Option<Timestamp>,
    /// The node's pods are being read for [`Step::Judging`].
    pub(super) asked: bool,
}

impl Work {
    pub(super) fn new(candidate: Candidate, now: Timestamp) -> Self {
        Self {
            candidate,
            step: Step::Queued,
            since: now,
            deleted: None,
            unanswered: false,
            neighbours: Vec::new(),
            harmed: Vec::new(),
            new_pod: None,
            waits_for: String::new(),
            refused_since: None,
            asked: false,
        }
    }

    /// How long it took from the deletion on; none while it is not done.
    #[must_use]
    pub fn took(&self) -> Option<SignedDuration> {
        (self.step == Step::Done).then(|| Some(self.since.duration_since(self.deleted?))).flatten()
    }

    /// Whether the new pod has been ready for long enough, by pods that were read just now.
    pub(super) fn is_soaked_among(&self, pods: &[Pod], soak: SignedDuration, now: Timestamp) -> bool {
        let is_new = |pod: &&Pod| self.new_pod.as_ref().is_some_and(|new| new.uid == pod.meta.uid);
        let soaked = |pod: &Pod| pod.ready_since.is_some_and(|since| since + soak <= now);
        pods.iter().find(is_new).is_some_and(|pod| pod.ready && !pod.is_deleting() && soaked(pod))
    }

    /// It goes wrong, or will be tried again: nothing was deleted.
    pub(super) fn back_to_queue(&mut self, now: Timestamp) {
        (self.deleted, self.unanswered) = (None, false);
        self.enter(Step::Queued, now);
    }

    pub(super) fn enter(&mut self, step: Step, now: Timestamp) {
        if self.step != step {
            (self.step, self.since, self.asked) = (step, now, false);
        }
    }

    /// Looks at the node after the deletion.
    pub(super) fn look(&mut self, view: Option<&CellView<'_>>, rule: &Rule) {
        self.waits_for.clear();
        let Some(view) = view else {
            return self.enter(Step::Skipped("the node is gone".to_owned()), rule.now);
        };
        let old = view.pods.iter().find(|pod| pod.meta.uid == self.candidate.pod.uid);
        if let Some(old) = old {
            return self.look_at_old(old, view, rule);
        }
        let new = view.pods.iter().find(|pod| !pod.is_deleting() && view.is_updated(pod));
        let Some(new) = new else {
            if !view.cell.run {
                return self.enter(Step::Skipped("the node is not wanted any more".to_owned()), rule.now);
            }
            // The template was changed since: this pod will never be what was planned.
            if view.pods.iter().any(|pod| !pod.is_deleting()) {
                let why = "the template was changed meanwhile: its new pod is outdated already";
                return self.enter(Step::Skipped(why.to_owned()), rule.now);
            }
            "the controller makes a new pod".clone_into(&mut self.waits_for);
            let step = self.unless_late("no new pod came", rule);
            return self.enter(step, rule.now);
        };
        let meta = &new.meta;
        self.new_pod =
            Some(ObjectRef { kind: ObjectKind::Pod, key: meta.key.clone(), uid: meta.uid.clone() });
        let step = match failure(new, rule.now) {
            Some(why) => Step::Failed(why),
            None => match new.ready_since.filter(|_| new.ready) {
                Some(ready) if ready + rule.soak <= rule.now => match self.step {
                    Step::Judging | Step::Watching { .. } => return,
                    _ => Step::Judging,
                },
                Some(ready) => Step::Soaking { until: ready + rule.soak },
                None => {
                    self.waits_for = not_available(new);
                    self.unless_late(&self.waits_for, rule)
                }
            },
        };
        self.enter(step, rule.now);
    }

    fn look_at_old(&mut self, old: &Pod, view: &CellView<'_>, rule: &Rule) {
        if old.is_deleting() {
            self.unanswered = false;
        }
        let (waits, why) = if is_dead(view) {
            (
                "its node is not Ready, so the old pod cannot end",
                "its node is not Ready, so the old pod cannot end",
            )
        } else {
            ("the old pod is ending", "the old pod does not end")
        };
        waits.clone_into(&mut self.waits_for);
        match self.unless_late(why, rule) {
            failed @ Step::Failed(_) => self.enter(failed, rule.now),
            _ => self.enter(Step::Deleting, rule.now),
        }
    }

    fn unless_late(&self, why: &str, rule: &Rule) -> Step {
        let since = self.deleted.unwrap_or(self.since);
        let late = rule.now.duration_since(since) > rule.ready_timeout;
        if late {
            Step::Failed(format!("not available within {} s: {why}", rule.ready_timeout.as_secs()))
        } else {
            Step::Starting
        }
    }
}

/// Whether the node cannot say that a pod of it ended.
pub(super) fn is_dead(view: &CellView<'_>) -> bool {
    view.column.node.as_ref().is_none_or(|node| !node.is_ready())
}

/// What a node is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Server time.
    pub(super) now: Timestamp,
    /// How long a new pod has to stay ready.
    pub(super) soak: SignedDuration,
    /// How long it may take to become available.
    pub(super) ready_timeout: SignedDuration,
}

/// Why a new pod will not come up, if that is certain.
fn failure(pod: &Pod, now: Timestamp) -> Option<String> {
    if pod.phase == Phase::Failed {
        let reason = if pod.reason.is_empty() { "Failed" } else { pod.reason.as_str() };
        return Some(join(reason, &pod.message));
    }
    let hopeless = |container: &Container| match &container.state {
        ContainerState::Waiting { reason, message } if HOPELESS.contains(&reason.as_str()) => {
            let ended = container.last.as_ref().map(|end| format!("exit {}", end.exit_code));
            Some(join(&format!("container {} {reason}", container.name), ended.as_deref().unwrap_or(message)))
        }
        _ => None,
    };
    if let Some(why) = pod.init_containers.iter().chain(&pod.containers).find_map(hopeless) {
        return Some(why);
    }
    let said = pod.scheduling.as_ref().filter(|scheduling| scheduling.reason == "Unschedulable")?;
    let settled = pod.meta.created.is_none_or(|created| now.duration_since(created) >= SCHEDULER_GRACE);
    settled.then(|| join("unschedulable", &said.message))
}

fn not_available(pod: &Pod) -> String {
    let waiting =
        pod.init_containers.iter().chain(&pod.containers).find_map(|container| match &container.state {
            ContainerState::Waiting { reason, .. } if !reason.is_empty() => Some(reason.as_str()),
            _ => None,
        });
    let word = waiting.unwrap_or(pod.phase.as_str());
    format!("the new pod {} is {word} and not Ready", pod.meta.key.name)
}

fn join(what: &str, why: &str) -> String {
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}
