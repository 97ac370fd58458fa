//! With `-f`: the logs of pods that are there and of those that come, until somebody ends it.

use super::super::failure::{Failure, Outcome};
use super::super::print;
use super::super::snapshot::Snapshot;
use super::{Printer, is_failure};
use crate::app::logs::{Reading, Step, Streams};
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
    if streams.shown().open.len() < streams.shown().of {
        print::note(&streams.shown().to_string());
    }
    if streams.shown().of == 0 {
        print::note("there are no pods here yet");
    }
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            batch = events.recv() => {
                for event in batch {
                    inventory.apply(event);
                }
                settle(&mut streams, &inventory, &mut logs);
            }
            _ = news.recv_many(&mut batch, BATCH) => {
                write(&mut streams, &mut batch, printer)?;
                if denied(&streams) {
                    return Err(Failure::Unread("none of the logs may be read".to_owned()));
                }
                settle(&mut streams, &inventory, &mut logs);
            }
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted.map(|()| Outcome::Interrupted)?),
            died = watches.died() => return Err(Failure::Broken(died.to_string())),
        }
    }
}

/// Opens what is to be opened.
fn settle(streams: &mut Streams, inventory: &Inventory, logs: &mut Logs) {
    for step in streams.settle(inventory) {
        match step {
            Step::Open(id, request) => logs.open(id, *request),
            Step::Note(_, words) => print::note(&format!("--- {words}")),
        }
    }
}

/// Prints what came, sorted by time; a stream's own lines stay in their order.
fn write(
    streams: &mut Streams,
    batch: &mut Vec<(StreamId, LogNews)>,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut lines: Vec<(StreamId, Line)> = Vec::new();
    for (id, news) in batch.drain(..) {
        streams.heard(id, &news);
        let node = streams.get(id).map(|stream| stream.target.node.clone()).unwrap_or_default();
        match news {
            LogNews::Lines(fresh) => lines.extend(fresh.into_iter().map(|line| (id, line))),
            LogNews::Broken(why) => print::note(&format!("--- {node}: {why}")),
            // Nothing is lost on the way to one for whom the servers wait.
            LogNews::Ended(LogEnd::Complete) | LogNews::Lost(_) => {}
            LogNews::Ended(end) => print::note(&format!("--- {node}: {end}")),
        }
    }
    lines.sort_by_key(|(_, line)| line.at);
    let mut page = String::new();
    for (id, line) in &lines {
        if let Some(stream) = streams.get(*id) {
            page.extend(printer.line(&stream.target.node, &line.text, line.cut));
        }
    }
    print::data(&page)?;
    Ok(())
}

/// Whether there are streams and every one of them was refused for good.
fn denied(streams: &Streams) -> bool {
    let mut all = streams.iter().peekable();
    all.peek().is_some()
        && all.all(|(_, stream)| {
            matches!(&stream.state, crate::app::logs::StreamState::Ended(end) if is_failure(end))
        })
}
