//! What is due when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use crate::domain::id::Uid;
use crate::domain::text::Text;

/// Something to do at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A kubelet acts on a pod.
    Pod(Uid),
    /// A DaemonSet is synced.
    Sync(Uid),
    /// A kubelet reports its node's status.
    Heartbeat(Text),
    /// Nobody has heard of a node for the grace period.
    Silence(Text),
    /// A `NotReady` node gets its `NoExecute` taint.
    NoExecute(Text),
    /// A pod's tolerance of a `NoExecute` taint ends.
    Evict(Uid),
    /// The garbage collector looks at a pod.
    Collect(Uid),
    /// The budgets of a namespace are counted.
    Budgets(Text),
    /// A rollout of the scenario moves on.
    Campaign(usize),
    /// A flapping node changes.
    Flap(usize),
}

/// Milliseconds between two ticks.
const TICK: i64 = 100;

fn next_tick(at: Timestamp) -> Timestamp {
    let past = at.as_nanosecond().rem_euclid(i128::from(TICK) * 1_000_000);
    if past == 0 {
        return at;
    }
    let left = i128::from(TICK) * 1_000_000 - past;
    Timestamp::from_nanosecond(at.as_nanosecond() + left).unwrap_or(at)
}

/// Tasks by due time; equal times keep the order they were planned in.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Timestamp, u64, Task)>>,
    planned: u64,
}

impl Timers {
    /// Plans a task, at the next tick: thousands of pods then share a few steps a second.
    pub fn at(&mut self, due: Timestamp, task: Task) {
        let due = next_tick(due);
        self.planned += 1;
        self.heap.push(Reverse((due, self.planned, task)));
    }

    /// The next task that is due.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<Task> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, task))| task)
    }

    /// When the next task is due.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, _, _))| *due)
    }
}
