//! The counters of a DaemonSet's status (`updateDaemonSetStatus`).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{available_at, views};
use crate::demo::simulation::timers::Task;
use crate::demo::simulation::{Io, Simulation};
use crate::demo::store::Kind;
use crate::domain::id::Uid;
use crate::domain::object::DaemonSetStatus;

impl Simulation {
    /// Counts, and writes where something differs.
    pub(super) fn write_status(&mut self, io: &mut Io<'_>, uid: &Uid, hash: &str) {
        let Some(set) = self.cluster.sets.get(uid) else { return };
        let (counted, again) = self.count(io.now, uid, hash);
        if counted != set.ds.status {
            let key = &set.ds.meta.key;
            io.edit(Kind::DaemonSet, &key.namespace, &key.name, |ds| write(&mut ds["status"], &counted));
        }
        if let Some(again) = again {
            self.timers.at(again, Task::Sync(uid.clone()));
        }
    }

    /// The counters, and when the next pod becomes available.
    fn count(&self, now: Timestamp, uid: &Uid, hash: &str) -> (DaemonSetStatus, Option<Timestamp>) {
        let mut status = DaemonSetStatus::default();
        let mut again: Option<Timestamp> = None;
        let Some(set) = self.cluster.sets.get(uid) else { return (status, None) };
        status.observed_generation = set.ds.meta.generation;
        for slot in set.nodes.values() {
            let Some(verdict) = slot.verdict else { continue };
            let pods = views(&self.cluster, set, &slot.pods, hash, now);
            let first = pods.first();
            if !verdict.run {
                status.misscheduled += u32::from(first.is_some());
                continue;
            }
            status.desired += 1;
            status.current += u32::from(first.is_some());
            status.ready += u32::from(first.is_some_and(|p| p.ready));
            status.available += u32::from(first.is_some_and(|p| p.available));
            status.up_to_date += u32::from(first.is_some_and(|p| p.updated));
            for pod in pods.iter().filter(|p| p.ready && !p.available) {
                let entry = self.cluster.pods.get(&pod.uid);
                let at = entry.and_then(|entry| available_at(set, &entry.pod));
                again = [again, at].into_iter().flatten().min();
            }
        }
        status.unavailable = status.desired - status.available;
        // A ready time without a time would make this sync again at once, for ever.
        let soonest = now.checked_add(SignedDuration::from_millis(100)).unwrap_or(now);
        (status, again.map(|at| at.max(soonest)))
    }
}

fn write(status: &mut Value, counted: &DaemonSetStatus) {
    let always = [
        ("desiredNumberScheduled", counted.desired),
        ("currentNumberScheduled", counted.current),
        ("numberMisscheduled", counted.misscheduled),
        ("numberReady", counted.ready),
    ];
    let unless_zero = [
        ("updatedNumberScheduled", counted.up_to_date),
        ("numberAvailable", counted.available),
        ("numberUnavailable", counted.unavailable),
    ];
    for (key, count) in always {
        status[key] = count.into();
    }
    for (key, count) in unless_zero {
        if count > 0 {
            status[key] = count.into();
        } else if let Some(map) = status.as_object_mut() {
            map.remove(key);
        }
    }
    if counted.observed_generation > 0 {
        status["observedGeneration"] = counted.observed_generation.into();
    }
}
