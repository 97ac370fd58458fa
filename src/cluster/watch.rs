//! The watches: one task a kind that lists, follows, and tries again for as long as it lives.

mod backoff;
mod follow;
mod task;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::mailbox::Sender;
use super::resource::Resource;
use super::wire::Wire;
use crate::domain::event::{Scope, Watch};
use crate::domain::object::{ControllerRevision, DaemonSet, Node, Pod};
pub(super) use backoff::Backoff;
use task::Task;

/// The running watches; dropping it ends them.
#[derive(Debug)]
pub struct Watches {
    tasks: JoinSet<()>,
    nudge: Arc<watch::Sender<u64>>,
}

/// A watch's task ended, which none ever should: a defect of this program.
#[derive(Debug, thiserror::Error)]
#[error("a watch's task died: {0}; this is a defect of dsgrid, please report it")]
pub struct TaskDied(String);

impl Watches {
    /// Starts a watch for each kind: nodes always cluster-wide, the others in the scope.
    pub(super) fn start(wire: &Wire, scope: &Scope, sender: &Sender) -> Self {
        let mut watches = Self { tasks: JoinSet::new(), nudge: Arc::new(watch::Sender::new(0)) };
        // Known as soon as the DaemonSets are, which are far fewer than the pods.
        let expected = Arc::new(AtomicU32::new(0));
        watches.spawn::<DaemonSet>(wire, scope, sender, &expected);
        watches.spawn::<Node>(wire, &Scope::Cluster, sender, &expected);
        watches.spawn::<Pod>(wire, scope, sender, &expected);
        watches.spawn::<ControllerRevision>(wire, scope, sender, &expected);
        watches
    }

    fn spawn<K: Resource>(&mut self, wire: &Wire, scope: &Scope, sender: &Sender, expected: &Arc<AtomicU32>) {
        let watch = Watch { kind: K::KIND, scope: scope.clone() };
        let task = Task::<K>::new(
            wire.clone(),
            watch,
            sender.clone(),
            Arc::clone(&self.nudge),
            Arc::clone(expected),
        );
        self.tasks.spawn(task.run());
    }

    /// Lists everything afresh now, also what was denied or waits to be tried again.
    pub fn relist(&self) {
        self.nudge.send_modify(|count| *count += 1);
    }

    /// Ends only when a task died. Dropping the future loses nothing.
    pub async fn died(&mut self) -> TaskDied {
        match self.tasks.join_next().await {
            Some(Err(error)) => TaskDied(error.to_string()),
            Some(Ok(())) => TaskDied("it came to an end".to_owned()),
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests;
