//! A cell: what is (or should be, or should not be) where a DaemonSet and a node meet.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::object::{Container, ContainerState, DaemonSet, Node, Phase, Pod};
use super::placement::Verdict;
use super::text::Text;

/// The state of a cell, from worst to best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CellState {
    /// A container waits or ended on an error, or the pod failed.
    Failing,
    /// Wanted, and there is no pod.
    Missing,
    /// The scheduler says no.
    Unschedulable,
    /// The node is gone, unreachable or not ready.
    Lost,
    /// Running, but not ready beyond its grace.
    NotReady,
    /// A pod runs where the DaemonSet should not.
    Misscheduled,
    /// Nodes or pods are not synced yet, or not readable.
    #[default]
    Unknown,
    /// Every pod here is being deleted.
    Terminating,
    /// Not available yet, nothing wrong so far.
    Starting,
    /// Old and new pod side by side.
    Surging,
    /// Wanted and available, of an older revision.
    Outdated,
    /// Wanted, available, of the current revision.
    Ready,
    /// Not wanted here, and none here.
    Excluded,
}

impl CellState {
    /// All states, worst first.
    pub const ALL: [Self; 13] = [
        Self::Failing,
        Self::Missing,
        Self::Unschedulable,
        Self::Lost,
        Self::NotReady,
        Self::Misscheduled,
        Self::Unknown,
        Self::Terminating,
        Self::Starting,
        Self::Surging,
        Self::Outdated,
        Self::Ready,
        Self::Excluded,
    ];

    /// The name of the JSON contract, like `notReady`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Missing => "missing",
            Self::Unschedulable => "unschedulable",
            Self::Lost => "lost",
            Self::NotReady => "notReady",
            Self::Misscheduled => "misscheduled",
            Self::Unknown => "unknown",
            Self::Terminating => "terminating",
            Self::Starting => "starting",
            Self::Surging => "surging",
            Self::Outdated => "outdated",
            Self::Ready => "ready",
            Self::Excluded => "excluded",
        }
    }

    /// 0 is the worst; also the place in [`CellState::ALL`].
    #[must_use]
    pub fn severity(self) -> usize {
        self as usize
    }

    /// Whether the state alone is a problem; an overdue deletion is one too (see [`Cell::problem`]).
    #[must_use]
    pub fn is_problem(self) -> bool {
        self <= Self::Misscheduled
    }
}

/// A cell as the grid keeps it. The flags after `keep` speak of the *first* pod, as the controller's counters do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, one per counter of the controller")]
pub struct Cell {
    /// The word for it.
    pub state: CellState,
    /// The Node object exists and can be read.
    pub node_exists: bool,
    /// The controller would create a pod here.
    pub run: bool,
    /// The controller would leave a pod alone here.
    pub keep: bool,
    /// There is a pod that the controller sees.
    pub occupied: bool,
    /// The first pod is ready.
    pub ready: bool,
    /// The first pod is available.
    pub available: bool,
    /// The first pod is of the current template.
    pub updated: bool,
    /// Not as wanted: counts as a problem.
    pub problem: bool,
}

/// How a pod is told to be of the current template (`daemonset_util.go`, `IsPodUpdated`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Current<'a> {
    /// The hash of the highest revision; none while revisions are not known.
    pub hash: Option<&'a Text>,
    /// The DaemonSet's template generation.
    pub template_generation: Option<&'a Text>,
}

impl Current<'_> {
    /// Whether a pod is up to date: its hash is the current one, *or* its template generation is.
    #[must_use]
    pub fn updated(&self, pod: &Pod) -> bool {
        let same = |mine: Option<&Text>, theirs: &Option<Text>| mine.is_some() && mine == theirs.as_ref();
        same(self.hash, &pod.revision) || same(self.template_generation, &pod.template_generation)
    }
}

/// What a cell is made from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The DaemonSet.
    pub daemon_set: &'a DaemonSet,
    /// The node; none where it is gone, or may not be read.
    pub node: Option<&'a Node>,
    /// What nodes and pods are known.
    pub knowledge: Knowledge,
    /// The placement verdict; none without a node.
    pub verdict: Option<Verdict>,
    /// Whether only a not-ready or unreachable taint refuses.
    pub refused_by_health_only: bool,
    /// The pods the controller sees here, in its order (see [`controller_order`]).
    pub pods: &'a [&'a Pod],
    /// What is up to date.
    pub current: Current<'a>,
    /// The time.
    pub now: Timestamp,
}

/// How much of the cluster can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Nodes and this namespace's pods are complete.
    Complete,
    /// Nodes may not be read: only pods speak.
    PodsOnly,
    /// Not synced yet, or pods may not be read.
    Nothing,
}

/// A not-ready container is given this long after it started.
const NOT_READY_GRACE: SignedDuration = SignedDuration::from_secs(60);
/// A not-ready pod is given this long after it was created.
const NOT_READY_AGE: SignedDuration = SignedDuration::from_mins(5);
/// A bad end explains a pod that is not ready for this long.
const RECENT_END: SignedDuration = SignedDuration::from_mins(10);
/// A deletion is overdue this long after its grace period.
const DELETION_GRACE: SignedDuration = SignedDuration::from_secs(30);

/// The earliest future instant at which a cell changes by time alone.
#[derive(Debug)]
struct Alarm {
    now: Timestamp,
    due: Option<Timestamp>,
}

impl Alarm {
    /// Whether `at` has passed; if not, remembers it.
    fn passed(&mut self, at: Timestamp) -> bool {
        if at <= self.now {
            return true;
        }
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
        false
    }
}

/// Bound before unbound, then older, then by name (`podByCreationTimestampAndPhase`).
#[must_use]
pub fn controller_order(a: &Pod, b: &Pod) -> std::cmp::Ordering {
    (a.node_name.is_none(), a.meta.created, &a.meta.key.name).cmp(&(
        b.node_name.is_none(),
        b.meta.created,
        &b.meta.key.name,
    ))
}

/// From when on a pod is available (`podutil.IsPodAvailable`): as soon as it is ready, or that many seconds later; none
/// while it is not ready.
#[must_use]
pub fn available_from(pod: &Pod, min_ready_seconds: i64) -> Option<Timestamp> {
    match (pod.ready, min_ready_seconds) {
        (false, _) => None,
        (true, ..=0) => Some(Timestamp::MIN),
        (true, seconds) => pod.ready_since?.checked_add(SignedDuration::from_secs(seconds)).ok(),
    }
}

impl Facts<'_> {
    /// The cell, and when it changes by time alone.
    #[must_use]
    pub fn cell(&self) -> (Cell, Option<Timestamp>) {
        let mut alarm = Alarm { now: self.now, due: None };
        let verdict = self.verdict.unwrap_or(Verdict { run: false, keep: false });
        let first = self.pods.first();
        let state = self.state(&mut alarm);
        let overdue = state == CellState::Terminating && self.overdue(&mut alarm);
        let cell = Cell {
            state,
            node_exists: self.node.is_some(),
            run: verdict.run,
            keep: verdict.keep,
            occupied: first.is_some(),
            ready: first.is_some_and(|pod| pod.ready),
            available: first.is_some_and(|pod| self.available(pod, &mut alarm)),
            updated: first.is_some_and(|pod| self.current.updated(pod)),
            problem: state.is_problem() || overdue,
        };
        (cell, alarm.due)
    }

    /// The pods that are not being deleted.
    fn alive(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().copied().filter(|pod| !pod.is_deleting())
    }

    /// The rule of design, in order; the first that holds.
    fn state(&self, alarm: &mut Alarm) -> CellState {
        if self.knowledge == Knowledge::Nothing
            || (self.knowledge == Knowledge::PodsOnly && self.pods.is_empty())
        {
            return CellState::Unknown;
        }
        let run = self.verdict.is_some_and(|verdict| verdict.run);
        if self.pods.is_empty() {
            return if run { CellState::Missing } else { CellState::Excluded };
        }
        let node_ready = self.node.and_then(|node| node.condition("Ready")).map(|condition| condition.status);
        if self.knowledge == Knowledge::Complete && (self.node.is_none() || node_ready == Some(None)) {
            return CellState::Lost;
        }
        let Some(first) = self.alive().next() else { return CellState::Terminating };
        if self.knowledge == Knowledge::Complete && !run && !self.refused_by_health_only {
            return CellState::Misscheduled;
        }
        if self.failing(alarm) {
            return CellState::Failing;
        }
        if self.surging() {
            return CellState::Surging;
        }
        if first.scheduling.is_some() && first.node_name.is_none() {
            return CellState::Unschedulable;
        }
        if !self.available(first, alarm) {
            let grace_over = !first.ready && not_ready_too_long(first, alarm);
            return if grace_over { CellState::NotReady } else { CellState::Starting };
        }
        if node_ready == Some(Some(false)) {
            return CellState::Lost;
        }
        // Without any revision or generation nothing can be called old.
        let knows_current = self.current.hash.is_some() || self.current.template_generation.is_some();
        if knows_current && !self.current.updated(first) { CellState::Outdated } else { CellState::Ready }
    }

    fn available(&self, pod: &Pod, alarm: &mut Alarm) -> bool {
        available_from(pod, self.daemon_set.min_ready_seconds).is_some_and(|at| alarm.passed(at))
    }

    fn failing(&self, alarm: &mut Alarm) -> bool {
        // What is found first either changes by an event, or has set the alarm at which it is judged again.
        self.alive().any(|pod| is_failing(pod, alarm))
    }

    fn surging(&self) -> bool {
        self.daemon_set.allows_surge()
            && self.pods.iter().any(|pod| self.current.updated(pod))
            && self.pods.iter().any(|pod| !self.current.updated(pod))
    }

    /// Whether every deletion here has outlived its grace period by far.
    fn overdue(&self, alarm: &mut Alarm) -> bool {
        self.pods
            .iter()
            .filter_map(|pod| pod.meta.deleting)
            .min()
            .is_some_and(|ends| alarm.passed(ends + DELETION_GRACE))
    }
}

/// Whether a container of the pod waits or ended on an error, or the pod ended.
fn is_failing(pod: &Pod, alarm: &mut Alarm) -> bool {
    let stuck = |container: &&Container| {
        matches!(&container.state, ContainerState::Waiting { reason, .. }
            if !matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing"))
    };
    if matches!(pod.phase, Phase::Failed | Phase::Succeeded) || all_containers(pod).any(|c| stuck(&c)) {
        return true;
    }
    !pod.ready && all_containers(pod).any(|container| ended_badly_recently(container, alarm))
}

/// Init containers, then the others.
pub(super) fn all_containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().chain(&pod.containers)
}

fn ended_badly_recently(container: &Container, alarm: &mut Alarm) -> bool {
    let now_ended = match &container.state {
        ContainerState::Terminated(end) => Some(end),
        ContainerState::Waiting { .. } | ContainerState::Running { .. } => None,
    };
    [now_ended, container.last.as_ref()]
        .into_iter()
        .flatten()
        .filter(|end| end.exit_code != 0 || end.signal != 0)
        .any(|end| end.finished.is_none_or(|at| !alarm.passed(at + RECENT_END)))
}

/// Whether every container has run for long enough to be ready, or the pod is old enough.
fn not_ready_too_long(pod: &Pod, alarm: &mut Alarm) -> bool {
    let old = pod.meta.created.is_some_and(|created| alarm.passed(created + NOT_READY_AGE));
    let run_long = !pod.containers.is_empty()
        && pod.containers.iter().all(|container| match &container.state {
            ContainerState::Running { since } => {
                since.is_none_or(|since| alarm.passed(since + NOT_READY_GRACE))
            }
            ContainerState::Waiting { .. } | ContainerState::Terminated(_) => false,
        });
    old || run_long
}
