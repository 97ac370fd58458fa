//! How far a DaemonSet's rollout is, and why it is not further.

mod held;
mod standing;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::age::age;
use super::cell::{CellState, available_from};
use super::counts::Counts;
use super::explanation::word;
use super::id::NodeName;
use super::inventory::{CellView, ColumnSlot, Inventory, Row, RowSlot};
use super::limits::Limit;
use super::object::{DaemonSet, Pod, UpdateStrategy};
use super::pause::Pause;
use super::pod_status::unwell_since;

pub use held::{Held, held};
pub use standing::{Standing, outdated_nodes, standing};

/// The state of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RolloutState {
    /// Every wanted node runs an available pod of the current template.
    Complete,
    /// Not complete, and moving.
    Progressing,
    /// Something is left to update, and nothing moves.
    Stuck,
    /// Nothing is left to update, but some wanted node has no available pod. Not of the design's list: one dead node
    /// would otherwise call every DaemonSet of the cluster stuck, and hide the rollout that is.
    Degraded,
    /// Paused by dsgrid.
    Paused,
    /// `OnDelete`, with outdated pods: somebody has to delete them.
    Waiting,
    /// The controller has not seen the newest spec.
    Unobserved,
    /// The controller's counters are not those of the cluster.
    Stale,
    /// Nodes or pods are not known.
    Unknown,
}

impl RolloutState {
    /// The name of the JSON contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Progressing => "progressing",
            Self::Stuck => "stuck",
            Self::Degraded => "degraded",
            Self::Paused => "paused",
            Self::Waiting => "waiting",
            Self::Unobserved => "unobserved",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }
}

/// A rollout, with what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The state.
    pub state: RolloutState,
    /// The nodes that hold up the rest, worst first; empty unless stuck or progressing.
    pub blockers: Vec<Blocker>,
    /// Since when nothing moved, where it is stuck.
    pub since: Option<Timestamp>,
}

/// A node that holds up a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// The node.
    pub node: NodeName,
    /// Its cell.
    pub state: CellState,
    /// Not a normal step of a rollout: it takes somebody, or something, to get it well. Failing, unschedulable, lost, or
    /// being deleted for far too long.
    pub stuck: bool,
    /// An old and a new pod stand here side by side.
    pub surging: bool,
    /// Why, like `node-00112 NotReady 22m`.
    pub why: String,
}

/// Without progress for so long, a rollout is stuck, whatever its usual pace.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// A rollout is judged anew: the state is not kept, since it also changes with time.
#[must_use]
pub fn rollout(inventory: &Inventory, slot: RowSlot) -> Option<Rollout> {
    let row = inventory.row(slot)?;
    let plain = |state| Some(Rollout { state, blockers: Vec::new(), since: None });
    if row.daemon_set.is_paused() {
        return plain(RolloutState::Paused);
    }
    if !row.daemon_set.is_observed() {
        return plain(RolloutState::Unobserved);
    }
    if inventory.computed(slot).is_none() {
        return plain(RolloutState::Unknown);
    }
    if row.tally.complete == row.tally.desired {
        let state = if row.stale_since.is_some() { RolloutState::Stale } else { RolloutState::Complete };
        return plain(state);
    }
    let pace = Pace::of(inventory, slot, row);
    let blockers = blockers(inventory, slot, row);
    // Nothing can have moved before there was something to move to.
    let begun = inventory.current_revision(slot).and_then(|revision| revision.meta.created);
    let idle = pace.last_progress.max(begun).or(row.daemon_set.meta.created);
    let too_long = idle.is_some_and(|since| inventory.now().duration_since(since) >= pace.patience());
    let something_left = row.tally.updated < row.tally.desired;
    let on_delete = row.daemon_set.strategy == UpdateStrategy::OnDelete;
    let state = match () {
        () if on_delete && something_left => RolloutState::Waiting,
        () if something_left && (too_long || slots_are_held(row, &blockers)) => RolloutState::Stuck,
        () if !something_left
            && (too_long
                || blockers.iter().any(|blocker| blocker.stuck || blocker.state == CellState::NotReady)) =>
        {
            RolloutState::Degraded
        }
        () if row.stale_since.is_some() => RolloutState::Stale,
        () => RolloutState::Progressing,
    };
    let since = (state == RolloutState::Stuck).then_some(idle).flatten();
    Some(Rollout { state, blockers, since })
}

/// Whether nodes that will not get well by waiting use up the whole limit (`update.go`, `rollingUpdate`): without
/// surge each unavailable one takes from `maxUnavailable`; with surge only those where old and new stand side by side
/// take from `maxSurge`.
fn slots_are_held(row: &Row, blockers: &[Blocker]) -> bool {
    let Some(limit) = Limit::of(&row.daemon_set, row.tally.desired) else { return false };
    let held = blockers.iter().filter(|blocker| blocker.stuck && (!limit.surge || blocker.surging)).count();
    held >= usize::try_from(limit.nodes.max(1)).unwrap_or(usize::MAX)
}

/// The median time from a pod's creation until it was available, over the pods of the current template; where none of
/// them came up yet, over those before them. None where there are none that tell.
#[must_use]
pub fn usual_time(inventory: &Inventory, slot: RowSlot) -> Option<SignedDuration> {
    let row = inventory.row(slot)?;
    let updated = |pod: &Pod| row.current().updated(pod);
    let medians = [median_of(inventory, slot, row, updated), median_of(inventory, slot, row, |_| true)];
    medians.into_iter().find(|median| *median > SignedDuration::ZERO)
}

/// The median time from a pod's creation until it was available, over some of the pods; zero where there are none.
fn median_of(
    inventory: &Inventory,
    slot: RowSlot,
    row: &Row,
    counts: impl Fn(&Pod) -> bool,
) -> SignedDuration {
    let seconds = row.daemon_set.min_ready_seconds;
    let ready = inventory.pods_of(slot).filter(|pod| pod.ready && counts(pod));
    let took = ready.filter_map(|pod| Some(came(pod, seconds)?.duration_since(pod.meta.created?)));
    let mut took: Vec<SignedDuration> = took.collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

/// When a pod became available; none where it has not, or does not say since when it is ready.
pub(super) fn came(pod: &Pod, min_ready_seconds: i64) -> Option<Timestamp> {
    Some(available_from(pod, min_ready_seconds)?.max(pod.ready_since?))
}

/// How fast pods came up so far: read from their own times, so that it is right at first sight.
struct Pace {
    last_progress: Option<Timestamp>,
    median: SignedDuration,
}

impl Pace {
    fn of(inventory: &Inventory, slot: RowSlot, row: &Row) -> Self {
        let seconds = row.daemon_set.min_ready_seconds;
        let updated = inventory.pods_of(slot).filter(|pod| pod.ready && row.current().updated(pod));
        let came = updated.filter_map(|pod| came(pod, seconds)).filter(|at| *at <= inventory.now());
        Self {
            last_progress: came.max(),
            median: median_of(inventory, slot, row, |pod| row.current().updated(pod)),
        }
    }

    fn patience(&self) -> SignedDuration {
        self.median.saturating_mul(3).max(PATIENCE)
    }
}

/// The nodes whose pod is not available: each takes a slot of `maxUnavailable` (`update.go`, `rollingUpdate`).
/// A node that is not wanted counts as well while it has a pod that is on its way out.
fn blockers(inventory: &Inventory, slot: RowSlot, row: &Row) -> Vec<Blocker> {
    let holds = |column: &ColumnSlot| {
        row.cell(*column).is_some_and(|cell| match cell.state {
            CellState::Terminating => true,
            CellState::Excluded | CellState::Unknown | CellState::Misscheduled => false,
            CellState::Lost => !cell.available,
            // With surge, the old pod can be available beside a new one that fails.
            state => cell.run && (!cell.available || state.is_problem()),
        })
    };
    let mut blockers: Vec<Blocker> = inventory
        .columns()
        .filter(|(column, _)| holds(column))
        .filter_map(|(column, named)| {
            let cell = row.cell(column)?;
            // A deletion within its grace period is a normal step of a rollout, not an obstacle.
            let state = cell.state;
            let view = inventory.view(slot, column)?;
            (state != CellState::Terminating || cell.problem || cell.run).then(|| Blocker {
                node: named.name.clone(),
                state,
                stuck: matches!(state, CellState::Failing | CellState::Unschedulable | CellState::Lost)
                    || (state == CellState::Terminating && cell.problem),
                surging: is_surging(&view),
                why: blocker_words(&view),
            })
        })
        .collect();
    blockers.sort_by(|a, b| (a.state, &a.node).cmp(&(b.state, &b.node)));
    blockers
}

fn is_surging(view: &CellView<'_>) -> bool {
    let updated = |pod: &&&Pod| view.is_updated(pod);
    let count = view.pods.iter().filter(updated).count();
    count > 0 && count < view.pods.len()
}

fn blocker_words(view: &CellView<'_>) -> String {
    let name = &view.column.name;
    let deleting = view.pods.iter().all(|pod| pod.is_deleting()) && !view.pods.is_empty();
    if deleting && view.column.node.is_some() && !view.cell.run {
        // It counts nowhere among the wanted, and holds up the rest all the same (`update.go`, `rollingUpdate`).
        let limit = Limit::of(&view.row.daemon_set, view.row.tally.desired);
        let counts = match limit {
            Some(limit) if !limit.surge => " and counts",
            _ => "",
        };
        let ended = view.pods.iter().filter_map(|pod| pod.meta.deleting).min();
        // The deletion time is when the grace period ends.
        let since = ended.filter(|ends| *ends < view.now);
        let since = since.map(|ends| format!(" {}", age(Some(ends), view.now))).unwrap_or_default();
        return format!("{name} (not wanted any more, but its old pod is still Terminating{since}{counts})");
    }
    if view.cell.state == CellState::Lost {
        let since =
            view.column.node.as_ref().and_then(|node| node.condition("Ready")).and_then(|ready| ready.since);
        return match &view.column.node {
            Some(_) => format!("{name} NotReady {}", age(since, view.now)),
            None => format!("{name} is gone"),
        };
    }
    match view.pods.first() {
        None => format!("{name} has no pod"),
        Some(_) if view.cell.state == CellState::Misscheduled => format!("{name} misscheduled"),
        Some(pod) => {
            // Since when it is so, not how old the pod is.
            let failed = matches!(view.cell.state, CellState::Failing | CellState::NotReady);
            let since = if failed { unwell_since(pod) } else { pod.meta.created };
            format!("{name} {} {}", word(view), age(since, view.now))
        }
    }
}

/// The row's WHY: cause, then number, then time.
#[must_use]
pub fn row_why(inventory: &Inventory, slot: RowSlot) -> String {
    let (Some(row), Some(rollout)) = (inventory.row(slot), rollout(inventory, slot)) else {
        return String::new();
    };
    let (state, words) = (rollout.state, words(inventory, slot, row, &rollout));
    let fell = inventory.fall(slot).map(|fall| fall.words(row.tally.desired, inventory.now()));
    let is_told = matches!(state, RolloutState::Stale | RolloutState::Paused);
    let old = (row.stale_since.is_some() && !is_told).then(|| stale_words(inventory, slot));
    let left = leftover_words(&row.daemon_set).map(str::to_owned);
    // A status that is not refreshed follows from nodes that left; they come first.
    let all = if state == RolloutState::Stale {
        [left, fell, Some(words), old]
    } else {
        [Some(words), left, fell, old]
    };
    let all = all.into_iter().flatten().filter(|words| !words.is_empty());
    all.collect::<Vec<_>>().join("; ")
}

/// How a rollout stands, without what else there is to say of its DaemonSet.
#[must_use]
pub fn rollout_why(inventory: &Inventory, slot: RowSlot) -> String {
    let (Some(row), Some(rollout)) = (inventory.row(slot), rollout(inventory, slot)) else {
        return String::new();
    };
    words(inventory, slot, row, &rollout)
}

fn words(inventory: &Inventory, slot: RowSlot, row: &Row, rollout: &Rollout) -> String {
    let now = inventory.now();
    let daemon_set = &row.daemon_set;
    if let Some(claim) = daemon_set.replacing.as_ref().filter(|claim| claim.is_held(now)) {
        return claim.words(now);
    }
    if let (true, Some(Pause::Saved(saved))) = (daemon_set.is_paused(), &daemon_set.pause) {
        let since = age(saved.at.parse().ok(), now);
        let reason = if saved.reason.is_empty() { String::new() } else { format!(" \"{}\"", saved.reason) };
        let outdated = outdated_words(inventory, slot);
        return format!("paused {since} ago by {}{reason}{outdated}", saved.by);
    }
    let blocked = || {
        // Pods that are on their way are no obstacle; where there is nothing else, they are what is waited for.
        let stuck: Vec<&Blocker> = rollout.blockers.iter().filter(|blocker| blocker.stuck).collect();
        let waited: Vec<&Blocker> = if stuck.is_empty() { rollout.blockers.iter().collect() } else { stuck };
        match waited.as_slice() {
            [] => String::new(),
            [one] => one.why.clone(),
            [first, others @ ..] => format!("{} and {} more", first.why, others.len()),
        }
    };
    match rollout.state {
        RolloutState::Stuck => {
            let since = rollout.since.map(|since| format!("{}: ", age(Some(since), now))).unwrap_or_default();
            let blocked = blocked();
            let cause = if blocked.is_empty() { "nothing became updated and available" } else { &blocked };
            format!("{since}{cause}{}", held_words(row, &rollout.blockers))
        }
        RolloutState::Progressing => {
            format!("{} of {} updated{}", row.tally.updated, row.tally.desired, prefixed("; ", &blocked()))
        }
        RolloutState::Waiting => {
            let problems = prefixed("; ", &problem_words(inventory, slot));
            format!("OnDelete{}{problems}", outdated_words(inventory, slot))
        }
        RolloutState::Unobserved => "the controller has not seen the newest spec".to_owned(),
        RolloutState::Stale => stale_words(inventory, slot),
        RolloutState::Complete if daemon_set.status.desired == 0 && row.tally.desired == 0 => {
            "no node is wanted".to_owned()
        }
        RolloutState::Complete | RolloutState::Degraded | RolloutState::Paused | RolloutState::Unknown => {
            problem_words(inventory, slot)
        }
    }
}

/// ` uses maxUnavailable 1` where what blocks takes the whole limit.
fn held_words(row: &Row, blockers: &[Blocker]) -> String {
    let Some(limit) = Limit::of(&row.daemon_set, row.tally.desired) else { return String::new() };
    if !slots_are_held(row, blockers) {
        return String::new();
    }
    let stuck = blockers.iter().filter(|blocker| blocker.stuck).count();
    let (verb, name) =
        (if stuck == 1 { "uses" } else { "use" }, if limit.surge { "maxSurge" } else { "maxUnavailable" });
    format!(" {verb} {name} {}", limit.nodes)
}

/// What a pause left behind, or an annotation that does not say what to restore.
fn leftover_words(daemon_set: &DaemonSet) -> Option<&'static str> {
    match &daemon_set.pause {
        Some(Pause::Unreadable) => Some("dsgrid.dev/paused cannot be read: nothing to resume from"),
        Some(Pause::Saved(_)) if !daemon_set.is_paused() => {
            Some("a pause was reverted and left dsgrid.dev/paused: :resume removes it")
        }
        Some(Pause::Saved(_)) | None => None,
    }
}

fn prefixed(prefix: &str, words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("{prefix}{words}") }
}

/// `, 5 on 1.15.3 (r7)` for what is not up to date.
fn outdated_words(inventory: &Inventory, slot: RowSlot) -> String {
    let Some(row) = inventory.row(slot) else { return String::new() };
    if row.tally.outdated == 0 {
        return String::new();
    }
    let mut hashes = BTreeMap::new();
    for pod in inventory.pods_of(slot).filter(|pod| !pod.is_gone() && !row.current().updated(pod)) {
        *hashes.entry(pod.revision.clone()).or_insert(0_usize) += 1;
    }
    let uid = &row.daemon_set.meta.uid;
    let (most, _) = hashes.iter().max_by_key(|(_, count)| **count).unzip();
    let label = most.cloned().flatten().map(|hash| inventory.revision_label(uid, &hash));
    let others = if hashes.len() > 1 { " and older" } else { "" };
    format!(
        ", {} on {}{others}",
        row.tally.outdated,
        label.unwrap_or_else(|| "an unknown revision".to_owned())
    )
}

/// Which of the controller's counters lag: `status not refreshed: desired 12, now 11 and 4 more`.
fn stale_words(inventory: &Inventory, slot: RowSlot) -> String {
    let (Some(row), Some(computed)) = (inventory.row(slot), inventory.computed(slot)) else {
        return String::new();
    };
    let differences = Counts::from(&row.daemon_set.status).differences(&computed);
    let Some(first) = differences.first() else { return String::new() };
    let more =
        if differences.len() > 1 { format!(" and {} more", differences.len() - 1) } else { String::new() };
    format!("status not refreshed: {} {}, now {}{more}", first.name, first.theirs, first.ours)
}

/// What is wrong in the row beside its rollout, the most frequent first: `6 CrashLoopBackOff, batch-b-003 NotReady 22m`.
fn problem_words(inventory: &Inventory, slot: RowSlot) -> String {
    let Some(row) = inventory.row(slot).filter(|row| row.tally.problems > 0) else { return String::new() };
    let mut words: BTreeMap<String, Vec<ColumnSlot>> = BTreeMap::new();
    for (column, _) in
        inventory.columns().filter(|(column, _)| row.cell(*column).is_some_and(|cell| cell.problem))
    {
        let Some(view) = inventory.view(slot, column) else { continue };
        words.entry(word(&view)).or_default().push(column);
    }
    let mut words: Vec<(String, Vec<ColumnSlot>)> = words.into_iter().collect();
    words.sort_by_key(|(_, columns)| std::cmp::Reverse(columns.len()));
    let told = words.iter().map(|(word, columns)| match columns.as_slice() {
        [one] if words.len() < 3 => {
            inventory.view(slot, *one).map_or_else(String::new, |view| blocker_words(&view))
        }
        many => format!("{} {word}", many.len()),
    });
    told.collect::<Vec<_>>().join(", ")
}
