//! With `-f`: the logs of pods that are there and of those that come, until somebody ends it.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::super::failure::{Failure, Outcome};
use super::super::print;
use super::super::snapshot::Snapshot;
use super::hold::Hold;
use super::{Printer, is_failure};
use crate::app::logs::{Reading, Step, StreamState, Streams};
use crate::cluster::{Connection, Logs, log_channel, mailbox};
use crate::domain::event::Scope;
use crate::domain::inventory::Inventory;
use crate::domain::log::{Line, LogEnd, LogNews, StreamId};

/// So much news is sorted together.
const BATCH: usize = 256;

/// Prints lines as they come.
pub(super) async fn run(
    connection: &Connection,
    scope: &Scope,
    snapshot: &Snapshot,
    reading: Reading,
    printer: &Printer,
) -> Result<Outcome, Failure> {
    let (sender, mut events) = mailbox();
    let mut watches = connection.start_watches(scope, &sender);
    let (sink, mut news) = log_channel();
    let mut logs = connection.logs(sink, reading.most);
    let mut streams = Streams::new(reading, 0);
    // Until the watches have everything, what was read for the name is good enough to begin with.
    let mut inventory = Inventory::new(snapshot.inventory.now());
    settle(&mut streams, &snapshot.inventory, &mut logs);
    if let Some(order) = streams.shown().order() {
        print::note(&format!("{}: {order}", streams.shown()));
    }
    if streams.shown().of == 0 {
        print::note("there are no pods here yet");
    }
    let (mut batch, mut hold, begun) = (Vec::new(), Hold::default(), Instant::now());
    // One for all turns: between two of them a Ctrl-C would be missed.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let due = hold.next_due().map(|after| begun + after);
        tokio::select! {
            batch = events.recv() => {
                for event in batch {
                    inventory.apply(event);
                }
                settle(&mut streams, &inventory, &mut logs);
            }
            _ = news.recv_many(&mut batch, BATCH) => {
                let has_ended = batch.iter().any(|(_, news)| matches!(news, LogNews::Ended(_)));
                hear(&mut streams, &mut batch, &mut hold, begun.elapsed(), printer)?;
                write(&streams, &hold.due(begun.elapsed()), printer)?;
                if denied(&streams) {
                    return Err(Failure::Unread("none of the logs may be read".to_owned()));
                }
                // A slot may be free, or a container may run again already.
                if has_ended {
                    settle(&mut streams, &inventory, &mut logs);
                }
            }
            () = sleep_until(due.unwrap_or(begun)), if due.is_some() => {
                write(&streams, &hold.due(begun.elapsed()), printer)?;
            }
            heard = &mut interrupted => {
                write(&streams, &hold.all(), printer)?;
                return Ok(heard.map(|()| Outcome::Interrupted)?);
            }
            died = watches.died() => return Err(Failure::Broken(died.to_string())),
        }
    }
}

/// Opens what is to be opened.
fn settle(streams: &mut Streams, inventory: &Inventory, logs: &mut Logs) {
    for step in streams.settle(inventory) {
        match step {
            Step::Open(id, request) => logs.open(id, *request),
            Step::Note(_, words, _) => print::note(&format!("--- {words}")),
        }
    }
}

/// Takes in what came; what is said about a stream comes after its lines.
fn hear(
    streams: &mut Streams,
    batch: &mut Vec<(StreamId, LogNews)>,
    hold: &mut Hold,
    now: Duration,
    printer: &Printer,
) -> Result<(), Failure> {
    for (id, news) in batch.drain(..) {
        let stream = streams.get(id);
        let node = stream.map(|stream| stream.target.node.clone()).unwrap_or_default();
        let was_broken = stream.is_some_and(|stream| matches!(stream.state, StreamState::Broken(_)));
        streams.heard(id, &news);
        let announced = streams.announce(id, &news).map(|(words, _)| words);
        let back =
            (was_broken && matches!(news, LogNews::Lines(_))).then(|| format!("{node}: the log goes on"));
        for words in announced.into_iter().chain(back) {
            write(streams, &hold.all(), printer)?;
            print::note(&format!("--- {words}"));
        }
        let words = match news {
            LogNews::Lines(fresh) => {
                for line in fresh {
                    hold.push(id, line, now);
                }
                continue;
            }
            LogNews::Broken(why) => format!("{why}; trying again"),
            // Nothing is lost on the way to one for whom the servers wait.
            LogNews::Ended(LogEnd::Complete) | LogNews::Lost(_) => continue,
            LogNews::Ended(end) => end.to_string(),
        };
        write(streams, &hold.all(), printer)?;
        print::note(&format!("--- {node}: {words}"));
    }
    Ok(())
}

/// Prints lines.
fn write(streams: &Streams, lines: &[(StreamId, Line)], printer: &Printer) -> Result<(), Failure> {
    let mut page = String::new();
    for (id, line) in lines {
        if let Some(stream) = streams.get(*id) {
            page.extend(printer.line(&stream.target.node, line));
        }
    }
    print::data(&page)?;
    Ok(())
}

/// Whether there are streams and every one of them was refused for good.
fn denied(streams: &Streams) -> bool {
    let mut all = streams.iter().peekable();
    all.peek().is_some()
        && all.all(|(_, stream)| matches!(&stream.state, StreamState::Ended(end) if is_failure(end)))
}
