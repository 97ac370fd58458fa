//! Without `-f`: every log to its end, so many at a time, their lines in the order of time.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::super::failure::{Failure, Outcome};
use super::super::print;
use super::super::snapshot::Snapshot;
use super::{Printer, is_failure, outcome};
use crate::app::logs::Reading;
use crate::cluster::{Connection, LogReceiver, log_channel};
use crate::domain::id::NodeName;
use crate::domain::log::{Line, LogEnd, LogNews, LogRequest, StreamId, Target, select};

/// Output is written when so much waits.
const PAGE: usize = 64 * 1024;

/// One log, and what of it waits for its turn.
struct Source {
    node: NodeName,
    pod: String,
    receiver: LogReceiver,
    lines: VecDeque<Line>,
    last: Option<Timestamp>,
    ended: Option<LogEnd>,
}

/// Prints all logs.
pub(super) async fn run(
    connection: &Connection,
    snapshot: &Snapshot,
    reading: &Reading,
    printer: &Printer,
) -> Result<Outcome, Failure> {
    let cells = reading.subject.cells(&snapshot.inventory);
    let mut targets = select(&snapshot.inventory, &cells, usize::MAX).open;
    targets.sort_by(|a, b| a.node.cmp(&b.node));
    if targets.is_empty() {
        print::note("there are no pods here");
    } else if targets.len() > reading.most {
        let (all, most) = (targets.len(), reading.most);
        print::note(&format!("{all} pods, {most} at a time: lines are in the order of time among these"));
    }
    // Lines wait in their streams until it is their turn; nothing is held here.
    let (unused, _) = log_channel();
    let mut logs = connection.logs(unused, reading.most);
    let (mut failed, mut unread) = (0, 0);
    for (turn, some) in targets.chunks(reading.most).enumerate() {
        let mut sources = Vec::new();
        for (at, target) in some.iter().enumerate() {
            let id = StreamId(u32::try_from(turn * reading.most + at).unwrap_or(u32::MAX));
            sources.push(Source {
                node: target.node.clone(),
                pod: target.pod.key.to_string(),
                receiver: logs.open_apart(id, request(target, reading)),
                lines: VecDeque::new(),
                last: None,
                ended: None,
            });
        }
        print_merged(&mut sources, printer).await?;
        for source in &sources {
            let Some(end) = source.ended.as_ref().filter(|end| **end != LogEnd::Complete) else { continue };
            print::note(&format!("{}: {}: {end}", source.node, source.pod));
            failed += usize::from(is_failure(end));
            unread += 1;
        }
    }
    outcome(failed, unread, targets.len())
}

fn request(target: &Target, reading: &Reading) -> LogRequest {
    LogRequest {
        pod: target.pod.clone(),
        container: reading.container.clone().unwrap_or_else(|| target.container.clone()),
        previous: reading.previous.unwrap_or(false),
        follow: false,
        since: reading.since,
        tail: reading.tail,
        bytes: None,
        restarts: 0,
    }
}

/// Prints the oldest line of all, again and again.
async fn print_merged(sources: &mut [Source], printer: &Printer) -> Result<(), Failure> {
    let mut page = String::new();
    loop {
        for source in &mut *sources {
            source.fill().await;
        }
        let oldest = sources.iter().enumerate().filter(|(_, source)| !source.lines.is_empty());
        let Some((at, _)) = oldest.min_by_key(|(at, source)| (source.front(), *at)) else { break };
        let source = &mut sources[at];
        source.last = source.front();
        if let Some(line) = source.lines.pop_front()
            && let Some(text) = printer.line(&source.node, &line)
        {
            page.push_str(&text);
        }
        if page.len() > PAGE {
            print::data(&page)?;
            page.clear();
            // Where all of it is there already, nothing else would let Ctrl-C be heard.
            tokio::task::yield_now().await;
        }
    }
    print::data(&page)?;
    Ok(())
}

impl Source {
    /// Waits for the next line, or the end.
    async fn fill(&mut self) {
        while self.lines.is_empty() && self.ended.is_none() {
            match self.receiver.recv().await {
                Some((_, LogNews::Lines(lines))) => self.lines.extend(lines),
                Some((_, LogNews::Ended(end))) => self.ended = Some(end),
                Some(_) => {}
                None => self.ended = Some(LogEnd::Complete),
            }
        }
    }

    /// The time of the next line; its own stream's order comes before its time.
    fn front(&self) -> Option<Timestamp> {
        self.lines.front().and_then(|line| line.at).max(self.last)
    }
}
