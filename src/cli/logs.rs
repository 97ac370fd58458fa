//! `dsgrid logs`: the logs of a DaemonSet's pods, a plain line after the name of its node, for pipes.

mod follow;
mod hold;
mod merge;

use regex::Regex;

use super::args::{Global, LogsArgs};
use super::failure::{Failure, Outcome};
use super::names::{node_not_found, typed_node};
use super::snapshot::Snapshot;
use super::target::{self, Target};
use super::{document, print};
use crate::app::logs::{Reading, Subject};
use crate::domain::id::{NodeName, Uid};
use crate::domain::inventory::RowSlot;
use crate::domain::log::{LogEnd, Since, containers, default_container};
use crate::domain::pattern::pattern;
use crate::domain::text::{Text, sanitize};

/// With `-f` and without a word on how much, so much of what lies back is shown of each pod.
const FOLLOWED_TAIL: u32 = 10;

/// Runs the command.
pub(super) async fn run(global: &Global, args: &LogsArgs) -> Result<Outcome, Failure> {
    let nodes: Vec<NodeName> =
        args.nodes.iter().map(|node| typed_node(node)).collect::<Result<_, _>>().map_err(Failure::Usage)?;
    let grep = args.grep.as_deref().map(|typed| pattern(typed, false)).transpose();
    let grep = grep.map_err(|why| Failure::Usage(format!("--grep {why}")))?;
    let Target { connection, scope, snapshot, row } = target::find(global, "logs", &args.daemon_set).await?;
    for warning in &snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    let reading = reading(&snapshot, row, &nodes, args)?;
    let printer = Printer { grep };
    if args.follow {
        return follow::run(&connection, &scope, &snapshot, reading, &printer).await;
    }
    tokio::select! {
        done = merge::run(&connection, &snapshot, &reading, &printer) => done,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted.map(|()| Outcome::Interrupted)?),
    }
}

/// What is to be read; says which container where nobody named one.
fn reading(
    snapshot: &Snapshot,
    row: RowSlot,
    nodes: &[NodeName],
    args: &LogsArgs,
) -> Result<Reading, Failure> {
    let inventory = &snapshot.inventory;
    let Some(daemon_set) = inventory.row(row).map(|row| &row.daemon_set) else {
        return Err(Failure::Usage("the DaemonSet is gone".to_owned()));
    };
    let known: Vec<NodeName> =
        document::columns(inventory).iter().map(|(_, column)| column.name.clone()).collect();
    if let Some(unknown) = nodes.iter().find(|node| !known.contains(node)) {
        return Err(Failure::Usage(node_not_found(unknown, &known)));
    }
    let uid = daemon_set.meta.uid.clone();
    let container = container(snapshot, row, &uid, args)?;
    Ok(Reading {
        subject: if nodes.is_empty() {
            Subject::DaemonSet(uid)
        } else {
            Subject::Cells(nodes.iter().map(|node| (uid.clone(), node.clone())).collect())
        },
        container: Some(container),
        previous: Some(args.previous),
        since: args.since.map_or(Since::All, |since| {
            // Less than a second is a second to the API.
            Since::Seconds(u32::try_from(since.as_secs()).unwrap_or(u32::MAX).max(1))
        }),
        tail: args.tail.or((args.follow && args.since.is_none()).then_some(FOLLOWED_TAIL)),
        most: args.max_streams,
    })
}

/// The container, as typed or by the rule for where none is; what no pod has is refused.
fn container(snapshot: &Snapshot, row: RowSlot, uid: &Uid, args: &LogsArgs) -> Result<Text, Failure> {
    let inventory = &snapshot.inventory;
    let template = inventory.row(row).map(|row| row.daemon_set.template.clone()).unwrap_or_default();
    // Without pods the template tells.
    let mut pods: Vec<_> = inventory.pods_of(row).cloned().collect();
    if pods.is_empty() {
        pods.push(crate::domain::object::Pod::default());
    }
    let mut all: Vec<Text> = Vec::new();
    for (name, _) in pods.iter().flat_map(|pod| containers(pod, &template)) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let listed = || all.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    if let Some(typed) = &args.container {
        let known = all.iter().find(|name| *name.as_str() == **typed);
        return known.cloned().ok_or_else(|| {
            let why = format!("there is no container {:?}; the pods have {}", sanitize(typed), listed());
            Failure::Usage(why)
        });
    }
    let meant = pods.first().and_then(|pod| default_container(pod, &template));
    let meant = meant.ok_or_else(|| Failure::Usage(format!("the DaemonSet {uid} has no containers")))?;
    if all.len() > 1 {
        print::note(&format!("container {meant}, out of {}; choose with -c", listed()));
    }
    Ok(meant)
}

/// Writes lines to standard output.
struct Printer {
    grep: Option<Regex>,
}

impl Printer {
    /// The line as it is printed; none where it is not wanted.
    fn line(&self, node: &NodeName, text: &str, cut: u64) -> Option<String> {
        if self.grep.as_ref().is_some_and(|grep| !grep.is_match(text)) {
            return None;
        }
        let mark = if cut == 0 { String::new() } else { format!(" ...[{cut} bytes cut]") };
        Some(format!("{node} {text}{mark}\n"))
    }
}

/// Whether the log could not be read though there may be one: the answer is not complete.
fn is_failure(end: &LogEnd) -> bool {
    matches!(end, LogEnd::Denied(_) | LogEnd::KubeletUnreachable(_) | LogEnd::Failed(_))
}

/// How a command ends of which so many logs out of `of` could not be read.
fn outcome(failed: usize, of: usize) -> Result<Outcome, Failure> {
    if failed == 0 {
        return Ok(Outcome::Done);
    }
    Err(Failure::Unread(format!("{failed} of {of} logs could not be read")))
}
