//! Rollouts over time: how many nodes were updated and available when, how fast it goes, how long it will take.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::cell::CellState;
use super::id::{NodeName, Uid};
use super::inventory::{Inventory, RowSlot};
use super::rollout::{RolloutState, came, rollout, standing};

/// So many samples are kept of a rollout; of more, every second one.
pub const MOST_SAMPLES: usize = 240;
/// The rate is that of so long.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// How far a rollout was at one time, in nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When; server time.
    pub at: Timestamp,
    /// Wanted nodes whose first pod is up to date.
    pub updated: u32,
    /// Wanted nodes whose first pod is available.
    pub available: u32,
    /// Wanted nodes.
    pub desired: u32,
}

/// What was seen of all rollouts since somebody watches. It is kept by uid and generation, so a broken watch loses
/// nothing, and a new spec begins anew.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    tracks: HashMap<Uid, Track>,
    counters: HashMap<Uid, Counter>,
}

/// The controller's count of updated nodes, as it was seen.
#[derive(Clone, Copy, Debug)]
struct Counter {
    updated: u32,
    seen: Seen,
}

/// What is known of when a number changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was seen to change.
    Changed(Timestamp),
    /// It has not changed since somebody watches; before that nobody knows.
    Watched(Timestamp),
}

#[derive(Clone, Debug)]
struct Track {
    generation: i64,
    samples: VecDeque<Sample>,
}

impl Progress {
    /// Takes a sample of every DaemonSet that stands otherwise than before; forgets those that are gone.
    pub fn sample(&mut self, inventory: &Inventory) {
        self.tracks.retain(|uid, _| inventory.row_of(uid).is_some());
        self.counters.retain(|uid, _| inventory.row_of(uid).is_some());
        for (slot, row) in inventory.rows() {
            let (now, updated) = (inventory.now(), row.daemon_set.status.up_to_date);
            let first = || Counter { updated, seen: Seen::Watched(now) };
            let counter = self.counters.entry(row.daemon_set.meta.uid.clone()).or_insert_with(first);
            if counter.updated != updated {
                *counter = Counter { updated, seen: Seen::Changed(now) };
            }
            // Before the newest spec is observed nobody knows what is up to date.
            let known = row.daemon_set.is_observed() && inventory.computed(slot).is_some();
            let Some(standing) = standing(inventory, slot).filter(|_| known) else { continue };
            let sample = Sample {
                at: inventory.now(),
                updated: standing.updated,
                available: standing.available,
                desired: standing.desired,
            };
            let meta = &row.daemon_set.meta;
            self.tracks
                .entry(meta.uid.clone())
                .or_insert_with(|| Track::new(meta.generation))
                .take(meta.generation, sample);
        }
    }

    /// The samples of a DaemonSet's rollout, oldest first.
    pub fn samples(&self, daemon_set: &Uid) -> impl Iterator<Item = &Sample> {
        self.tracks.get(daemon_set).into_iter().flat_map(|track| &track.samples)
    }
}

impl Progress {
    /// When the status' `updatedNumberScheduled` changed last, as far as it was seen; none before the first look.
    #[must_use]
    pub fn updated_changed(&self, daemon_set: &Uid) -> Option<Seen> {
        self.counters.get(daemon_set).map(|counter| counter.seen)
    }
}

impl Track {
    fn new(generation: i64) -> Self {
        Self { generation, samples: VecDeque::new() }
    }

    fn take(&mut self, generation: i64, sample: Sample) {
        if self.generation != generation {
            *self = Self::new(generation);
        }
        if self.samples.back().is_some_and(|last| Sample { at: sample.at, ..*last } == sample) {
            return;
        }
        if self.samples.len() >= MOST_SAMPLES {
            // The first one stays: it is where watching began.
            let mut at = 0;
            self.samples.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.samples.push_back(sample);
    }
}

/// How a rollout goes now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Nodes that became updated and available in the last while, and how long that was; none where none did. It is
    /// read from the pods' own times, so it is right at first sight.
    pub rate: Option<(u32, SignedDuration)>,
    /// How long the rest takes at that rate; none unless the rollout progresses.
    pub left: Option<SignedDuration>,
    /// The nodes that are on their way.
    pub in_flight: Vec<NodeName>,
    /// The nodes where it went wrong, worst first.
    pub failed: Vec<NodeName>,
}

/// How a DaemonSet's rollout goes.
#[must_use]
pub fn course(inventory: &Inventory, slot: RowSlot) -> Option<Course> {
    let row = inventory.row(slot)?;
    let (rollout, standing) = (rollout(inventory, slot)?, standing(inventory, slot)?);
    let rate = rate(inventory, slot);
    let remaining = standing.desired.saturating_sub(row.tally.complete);
    let left = match (rollout.state, rate) {
        // For a moment after each step the controller's counters are behind.
        (RolloutState::Progressing | RolloutState::Stale, Some((nodes, time))) => {
            let seconds = time.as_secs().saturating_mul(i64::from(remaining)) / i64::from(nodes.max(1));
            Some(SignedDuration::from_secs(seconds))
        }
        _ => None,
    };
    let (failed, in_flight) = rollout
        .blockers
        .into_iter()
        .partition::<Vec<_>, _>(|one| one.stuck || one.state == CellState::NotReady);
    let names = |blockers: Vec<super::rollout::Blocker>| blockers.into_iter().map(|one| one.node).collect();
    Some(Course { rate, left, in_flight: names(in_flight), failed: names(failed) })
}

/// Nodes whose pod of the current template became available within the window, or since there was such a template.
fn rate(inventory: &Inventory, slot: RowSlot) -> Option<(u32, SignedDuration)> {
    let row = inventory.row(slot)?;
    let now = inventory.now();
    let begun = inventory.current_revision(slot).and_then(|revision| revision.meta.created);
    let start = begun.max(now.checked_sub(WINDOW).ok())?;
    let came_since = inventory.pods_of(slot).filter(|pod| {
        let at = came(pod, row.daemon_set.min_ready_seconds);
        row.current().updated(pod) && at.is_some_and(|at| at >= start && at <= now)
    });
    let count = u32::try_from(came_since.count()).unwrap_or(u32::MAX);
    let time = now.duration_since(start);
    (count > 0 && time > SignedDuration::ZERO).then_some((count, time))
}
