//! Carries the model's effects out on a live connection.

use tokio::sync::mpsc;

use super::event_loop::Execute;
use super::replacement;
use super::save::save;
use super::seen::SeenFile;
use crate::app::{Effect, Msg};
use crate::cluster::{Connection, Executed, Journal, LogSink, Logs, Sender, Watches};
use crate::domain::event::ClusterEvent;
use crate::domain::id::ObjectKey;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::log::MOST_STREAMS;
use crate::domain::text::Text;

/// A connection and its watches; dropping it ends them.
pub struct ClusterExecutor {
    connection: Connection,
    watches: Watches,
    journal: Journal,
    seen: Option<SeenFile>,
    logs: Logs,
}

impl ClusterExecutor {
    /// Works on these; writes are told in the journal, looks are remembered in the file, if there is one, and news of
    /// logs go to the mailbox of the watches.
    #[must_use]
    pub fn new(
        connection: Connection,
        watches: Watches,
        journal: Journal,
        seen: Option<SeenFile>,
        sender: Sender,
    ) -> Self {
        let logs = connection.logs(LogSink::Mailbox(sender), MOST_STREAMS);
        Self { connection, watches, journal, seen, logs }
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
            Effect::Ask(Inquiry::Journal) => {
                let (journal, replies) = (self.journal.clone(), replies.clone());
                tokio::task::spawn_blocking(move || {
                    let read = journal.read(None).map(Answer::Journal).map_err(|error| error.to_string());
                    drop(replies.send(Msg::Answered(Inquiry::Journal, read)));
                });
            }
            Effect::Ask(inquiry) => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let answer = connection.answer(&inquiry).await.map_err(|error| error.to_string());
                    drop(replies.send(Msg::Answered(inquiry, answer)));
                });
            }
            Effect::SaveFile { name, text } => {
                let replies = replies.clone();
                tokio::task::spawn_blocking(move || {
                    let saved = std::env::current_dir()
                        .map_err(|error| format!("the current directory cannot be told: {error}"))
                        .and_then(|directory| save(&directory, &name, &text));
                    drop(replies.send(Msg::Saved(saved)));
                });
            }
            // Small, and at the end of the program nothing else would wait for it.
            Effect::RememberDesired(sighting) => {
                let failed = self.seen.as_ref().and_then(|seen| seen.remember(&sighting).err());
                if let Some(error) = failed {
                    tracing::warn!(%error, "this look cannot be remembered");
                }
            }
            Effect::JournalRefusal { verb, target, why } => {
                let (connection, journal) = (self.connection.clone(), self.journal.clone());
                let replies = replies.clone();
                tokio::spawn(async move {
                    if let Some(why) = journal.refuse(&connection, verb, &target, &why).await {
                        drop(replies.send(Msg::WorkFailed(why)));
                    }
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
            Effect::CheckReplacement(check) => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let fresh = Box::new(replacement::check(&connection, &check).await);
                    drop(replies.send(Msg::ReplacementChecked { node: check.node, fresh }));
                });
            }
            Effect::ReadNeighbours(node) => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let pods = replacement::neighbours(&connection, &node).await;
                    drop(replies.send(Msg::NeighboursRead { node, pods }));
                });
            }
            Effect::ReadLastLines { node, request } => {
                let (connection, replies) = (self.connection.clone(), replies.clone());
                tokio::spawn(async move {
                    let lines = replacement::last_lines(&connection, *request).await;
                    drop(replies.send(Msg::LastLinesRead { node, lines }));
                });
            }
            Effect::OpenLog(stream, request) => self.logs.open(stream, *request),
            Effect::CloseLog(stream) => self.logs.close(stream),
            // The loop does these itself.
            Effect::Quit | Effect::Suspend | Effect::CopyToClipboard(_) => {}
        }
    }
}
