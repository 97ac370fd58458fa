//! What is looked up when a node fails: what the pod printed last, and what was reported of it.

use super::plan::Plan;
use super::work::Work;
use crate::domain::id::{ObjectKind, ObjectRef};
use crate::domain::inventory::CellView;
use crate::domain::log::{LogRequest, Since};
use crate::domain::object::{Event, Pod};

/// So many lines of a log, and events, are read.
const LINES: u32 = 10;

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Of which object events are read.
    pub object: ObjectRef,
    /// Which log is read; none where there is none.
    pub log: Option<LogRequest>,
}

/// What was found; a part that could not be read says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The last lines of the log.
    pub log: Vec<String>,
    /// The last events, the newest last.
    pub events: Vec<String>,
}

impl Search {
    /// Of a pod: of the run before, where a container crashed.
    #[must_use]
    pub fn pod(pod: &Pod) -> Self {
        let meta = &pod.meta;
        let object = ObjectRef { kind: ObjectKind::Pod, key: meta.key.clone(), uid: meta.uid.clone() };
        let broken = pod.init_containers.iter().chain(&pod.containers).find(|container| !container.ready);
        let log = broken.or(pod.containers.first()).map(|container| LogRequest {
            pod: object.clone(),
            container: container.name.clone(),
            previous: container.last.is_some(),
            follow: false,
            since: Since::All,
            tail: Some(LINES),
            bytes: None,
            restarts: 0,
        });
        Self { object, log }
    }

    /// Of a node that failed: a neighbour that is worse off; else the new pod; else the old one, which does not end;
    /// else the DaemonSet, for which no pod could be made.
    #[must_use]
    pub fn of(plan: &Plan, work: &Work, view: Option<&CellView<'_>>) -> Self {
        if let Some(harmed) = work.harmed.first() {
            return harmed.search.clone();
        }
        let there = |of: &ObjectRef| view?.pods.iter().copied().find(|pod| pod.meta.uid == of.uid);
        if let Some(new) = &work.new_pod {
            let gone = || Self { object: new.clone(), log: None };
            return there(new).map_or_else(gone, Self::pod);
        }
        let old = there(&work.candidate.pod).map(|_| work.candidate.pod.clone());
        Self { object: old.unwrap_or_else(|| plan.daemon_set.clone()), log: None }
    }
}

impl Evidence {
    /// The last of these events in words, oldest first.
    #[must_use]
    pub fn events(events: &[Event]) -> Vec<String> {
        let most = usize::try_from(LINES).unwrap_or(usize::MAX);
        let last = &events[events.len().saturating_sub(most)..];
        let times =
            |event: &Event| if event.count > 1 { format!(" x{}", event.count) } else { String::new() };
        last.iter().map(|event| format!("{}{}: {}", event.reason, times(event), event.message)).collect()
    }

    /// All of it, a line each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let log = self.log.iter().map(|line| format!("log    {line}"));
        log.chain(self.events.iter().map(|event| format!("event  {event}")))
    }
}
