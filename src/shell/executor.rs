//! Carries the model's effects out on a live connection.

use tokio::sync::mpsc;

use super::event_loop::Execute;
use super::replacement;
use super::save::save;
use super::seen::SeenFile;
use crate::app::{Effect, Msg};
use crate::cluster::{Connection, Executed, Journal, LogSink, Logs, Sender, Watches};
use crate::domain::command::{Command, Ticket};
use crate::domain::event::ClusterEvent;
use crate::domain::id::{ObjectKey, Uid};
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::log::DEFAULT_STREAMS;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// Where what came of the work goes.
type Replies = mpsc::UnboundedSender<Msg>;

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
        let logs = connection.logs(LogSink::Mailbox(sender), DEFAULT_STREAMS);
        Self { connection, watches, journal, seen, logs }
    }
}

impl Execute for ClusterExecutor {
    fn execute(&mut self, effect: Effect, replies: &Replies) {
        let connection = self.connection.clone();
        match effect {
            Effect::Relist => self.watches.relist(),
            Effect::ListDaemonSetPods { daemon_set, namespace, selector } => {
                reply(replies, adopted(connection, daemon_set, namespace, selector));
            }
            Effect::Ask(Inquiry::Journal) => {
                let journal = self.journal.clone();
                reply_later(replies, move || {
                    let read = journal.read(None).map(Answer::Journal).map_err(|error| error.to_string());
                    Msg::Answered(Inquiry::Journal, read)
                });
            }
            Effect::Ask(inquiry) => reply(replies, async move {
                let answer = connection.answer(&inquiry).await.map_err(|error| error.to_string());
                Msg::Answered(inquiry, answer)
            }),
            Effect::SaveFile { name, text } => reply_later(replies, move || {
                let here = std::env::current_dir();
                let here = here.map_err(|error| format!("the current directory cannot be told: {error}"));
                Msg::Saved(here.and_then(|directory| save(&directory, &name, &text)))
            }),
            // Small, and at the end of the program nothing else would wait for it.
            Effect::RememberDesired(sighting) => {
                let failed = self.seen.as_ref().and_then(|seen| seen.remember(&sighting).err());
                if let Some(error) = failed {
                    tracing::warn!(%error, "this look cannot be remembered");
                }
            }
            Effect::JournalRefusal { verb, target, why } => {
                let (journal, replies) = (self.journal.clone(), replies.clone());
                tokio::spawn(async move {
                    if let Some(why) = journal.refuse(&connection, verb, &target, &why).await {
                        drop(replies.send(Msg::WorkFailed(why)));
                    }
                });
            }
            Effect::Send { ticket, command, dry_run: true } => reply(replies, async move {
                Msg::Sent { ticket, outcome: Box::new(connection.rehearse(&command).await) }
            }),
            Effect::Send { ticket, command, dry_run: false } => {
                tokio::spawn(send(connection, self.journal.clone(), ticket, command, replies.clone()));
            }
            Effect::CheckReplacement(check) => reply(replies, async move {
                let fresh = Box::new(replacement::check(&connection, &check).await);
                Msg::ReplacementChecked { node: check.node, fresh }
            }),
            Effect::ReadNeighbours(node) => reply(replies, async move {
                let pods = replacement::neighbours(&connection, &node).await;
                Msg::NeighboursRead { node, pods }
            }),
            Effect::ReadEvidence { node, search } => reply(replies, async move {
                let evidence = replacement::evidence(&connection, *search).await;
                Msg::EvidenceRead { node, evidence }
            }),
            Effect::OpenLog(stream, request) => self.logs.open(stream, *request),
            Effect::CloseLog(stream) => self.logs.close(stream),
            // The loop does these itself.
            Effect::Quit | Effect::Suspend | Effect::CopyToClipboard(_) => {}
        }
    }
}

/// Works beside the loop; what comes of it is a message. Nobody listens any more once the monitor has ended.
fn reply(replies: &Replies, work: impl Future<Output = Msg> + Send + 'static) {
    let replies = replies.clone();
    // Some of these futures are large: they move only once.
    let work = Box::pin(work);
    tokio::spawn(async move { drop(replies.send(work.await)) });
}

/// The same for work that waits for a disk.
fn reply_later(replies: &Replies, work: impl FnOnce() -> Msg + Send + 'static) {
    let replies = replies.clone();
    tokio::task::spawn_blocking(move || drop(replies.send(work())));
}

async fn adopted(connection: Connection, daemon_set: Uid, namespace: Text, selector: Selector) -> Msg {
    let key = ObjectKey { namespace, name: Text::default() };
    match connection.list_daemon_set_pods(&key, &selector.to_string(), &daemon_set).await {
        Ok(change) => Msg::Cluster(vec![ClusterEvent::Pods(change)]),
        Err(error) => Msg::WorkFailed(format!("cannot look for adopted pods: {error}")),
    }
}

async fn send(
    connection: Connection,
    journal: Journal,
    ticket: Ticket,
    command: Box<Command>,
    replies: Replies,
) {
    let Executed { outcome, unjournalled } = connection.execute(&command, &journal).await;
    drop(replies.send(Msg::Sent { ticket, outcome: Box::new(outcome) }));
    if let Some(why) = unjournalled {
        drop(replies.send(Msg::WorkFailed(why)));
    }
}
