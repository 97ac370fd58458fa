//! Carries the model's effects out on a live connection.

use tokio::sync::mpsc;

use super::event_loop::Execute;
use super::save::save;
use crate::app::{Effect, Msg};
use crate::cluster::{Connection, Executed, Journal, LogSink, Logs, Sender, Watches};
use crate::domain::event::ClusterEvent;
use crate::domain::id::ObjectKey;
use crate::domain::log::MOST_STREAMS;
use crate::domain::text::{Text, sanitize};

/// A connection and its watches; dropping it ends them.
pub struct ClusterExecutor {
    connection: Connection,
    watches: Watches,
    journal: Journal,
    logs: Logs,
}

impl ClusterExecutor {
    /// Works on these; writes are told in the journal, news of logs go to the mailbox of the watches.
    #[must_use]
    pub fn new(connection: Connection, watches: Watches, journal: Journal, sender: Sender) -> Self {
        let logs = connection.logs(LogSink::Mailbox(sender), MOST_STREAMS);
        Self { connection, watches, journal, logs }
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
            Effect::OpenLog(stream, request) => self.logs.open(stream, *request),
            Effect::CloseLog(stream) => self.logs.close(stream),
            Effect::SaveFile { name, text } => {
                let replies = replies.clone();
                tokio::task::spawn_blocking(move || {
                    let folder = std::env::current_dir();
                    let reply = match folder.and_then(|folder| save(&folder, &name, &text)) {
                        Ok(path) => Msg::Saved(sanitize(&path.to_string_lossy()).into_owned()),
                        Err(error) => Msg::WorkFailed(format!("cannot save {name} here: {error}")),
                    };
                    drop(replies.send(reply));
                });
            }
            // The loop does these itself.
            Effect::Quit | Effect::Suspend | Effect::CopyToClipboard(_) => {}
        }
    }
}
