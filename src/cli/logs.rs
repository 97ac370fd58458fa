//! `dsgrid logs`: the logs of a DaemonSet's pods, a plain line after the name of its node, for pipes; on a terminal with
//! the colours that the containers chose.

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
use crate::domain::log::{Hue, Line, LogEnd, Since, Style, containers, default_container};
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
    let printer = Printer { grep, has_colour: print::has_colour(global.color) };
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
        present: None,
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
    has_colour: bool,
}

impl Printer {
    /// The line as it is printed; none where it is not wanted.
    fn line(&self, node: &NodeName, line: &Line) -> Option<String> {
        if self.grep.as_ref().is_some_and(|grep| !grep.is_match(&line.text)) {
            return None;
        }
        let mark = if line.cut == 0 { String::new() } else { format!(" ...[{} bytes cut]", line.cut) };
        if !self.has_colour {
            return Some(format!("{node} {}{mark}\n", line.text));
        }
        let hue = Some(Hue::of_name(node.as_str()));
        let name = painted(node.as_str(), Style { hue, ..Style::default() });
        let text: String = line.parts().map(|(part, style)| painted(part, style)).collect();
        Some(format!("{name} {text}{mark}\n"))
    }
}

/// A text as a terminal shows it in a style.
fn painted(text: &str, style: Style) -> String {
    let hue = style.hue.and_then(|hue| Hue::ALL.into_iter().zip(31..).find(|(known, _)| *known == hue));
    let codes = [
        hue.map(|(_, code)| code),
        style.bold.then_some(1),
        style.italic.then_some(3),
        style.underline.then_some(4),
        style.reverse.then_some(7),
    ];
    let codes: Vec<String> = codes.into_iter().flatten().map(|code| code.to_string()).collect();
    if codes.is_empty() { text.to_owned() } else { format!("\u{1b}[{}m{text}\u{1b}[0m", codes.join(";")) }
}

/// Whether the log could not be read though there may be one: the answer is not complete.
fn is_failure(end: &LogEnd) -> bool {
    matches!(end, LogEnd::Denied(_) | LogEnd::KubeletUnreachable(_) | LogEnd::Failed(_))
}

/// How a command ends of which so many logs out of `of` could not be read, and so many were not, be it that there are
/// none: some without a log are no failure, none with one is.
fn outcome(failed: usize, unread: usize, of: usize) -> Result<Outcome, Failure> {
    if failed == 0 && of > 0 && unread == of {
        return Ok(Outcome::Problem);
    }
    if failed == 0 {
        return Ok(Outcome::Done);
    }
    Err(Failure::Unread(format!("{failed} of {of} logs could not be read")))
}
