//! Carries the model's effects out on a live connection.

use tokio::sync::mpsc;

use super::event_loop::Execute;
use crate::app::{Effect, Msg};
use crate::cluster::{Connection, Executed, Journal, Watches};
use crate::domain::event::ClusterEvent;
use crate::domain::id::ObjectKey;
use crate::domain::text::Text;

/// A connection and its watches; dropping it ends them.
pub struct ClusterExecutor {
    connection: Connection,
    watches: Watches,
    journal: Journal,
}

impl ClusterExecutor {
    /// Works on these; writes are told in the journal.
    #[must_use]
    pub fn new(connection: Connection, watches: Watches, journal: Journal) -> Self {
        Self { connection, watches, journal }
    }
}

impl Execute for ClusterExecutor {
    fn execute(&mut self, effect: Effect, replies: &mpsc::UnboundedSender<Msg>) {
        match effect {
            Effect::Relist => self.watches.relist(),
            Effect::ListDaemonSetPods { daemon_set, namespace, selector } => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let key = ObjectKey { namespace, name: Text::default() };
                    let listed =
                        connection.list_daemon_set_pods(&key, &selector.to_string(), &daemon_set).await;
                    let reply = match listed {
                        Ok(change) => Msg::Cluster(vec![ClusterEvent::Pods(change)]),
                        Err(error) => Msg::WorkFailed(format!("cannot look for adopted pods: {error}")),
                    };
                    // Nobody listens any more once the monitor has ended.
                    drop(replies.send(reply));
                });
            }
            Effect::Ask(inquiry) => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let answer = connection.answer(&inquiry).await.map_err(|error| error.to_string());
                    drop(replies.send(Msg::Answered(inquiry, answer)));
                });
            }
            Effect::Send { ticket, command, dry_run } => {
                let (connection, journal) = (self.connection.clone(), self.journal.clone());
                let replies = replies.clone();
                tokio::spawn(async move {
                    let (outcome, unjournalled) = if dry_run {
                        (connection.rehearse(&command).await, None)
                    } else {
                        let Executed { outcome, unjournalled } = connection.execute(&command, &journal).await;
                        (outcome, unjournalled)
                    };
                    drop(replies.send(Msg::Sent { ticket, outcome: Box::new(outcome) }));
                    if let Some(why) = unjournalled {
                        drop(replies.send(Msg::WorkFailed(why)));
                    }
                });
            }
            // The loop does these itself.
            Effect::Quit | Effect::Suspend | Effect::CopyToClipboard(_) => {}
        }
    }
}
