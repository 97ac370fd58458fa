//! `dsgrid preview`: the pods that a change would start and stop. Nothing is changed.

mod manifest;
mod nodes;

use std::collections::BTreeMap;

use super::args::{AnswerFormat, Global, PreviewArgs};
use super::document;
use super::failure::{Failure, Outcome};
use super::print;
use super::snapshot::{self, Snapshot};
use super::table::Table;
use crate::cluster::Connection;
use crate::domain::event::{LinkState, Scope, WatchKind};
use crate::domain::preview::Impact;
use crate::domain::relabel::harm::Harm;

/// Runs the command.
pub(super) async fn run(global: &Global, args: &PreviewArgs) -> Result<Outcome, Failure> {
    match (&args.change, args.files.as_slice()) {
        (Some(change), []) => nodes::run(global, args.output, change).await,
        (None, []) => Err(Failure::Usage(
            "no change given; name one of label, taint, cordon and uncordon, or a manifest with -f"
                .to_owned(),
        )),
        (None, files) => manifest::run(global, args.output, files).await,
        (Some(_), _) => {
            Err(Failure::Usage("-f and a change to nodes cannot be previewed together".to_owned()))
        }
    }
}

/// Reads a scope; of all namespaces, what may be read. The scope that was read comes with it.
pub(super) async fn look(
    connection: &Connection,
    global: &Global,
    scope: &Scope,
) -> Result<(Snapshot, Scope), Failure> {
    let asked = snapshot::take(connection, scope, global.request_timeout).await;
    let (snapshot, scope) = match (asked, global.scope()) {
        (Err(Failure::Denied(_)), Scope::Namespace(namespace)) => {
            let scope = Scope::Namespace(namespace.clone());
            let mut part = snapshot::take(connection, &scope, global.request_timeout).await?;
            part.complete = false;
            part.warnings.push(format!(
                "only the namespace {namespace} may be read; DaemonSets of others are left out"
            ));
            (part, scope)
        }
        (whole, _) => (whole?, scope.clone()),
    };
    let unread = [WatchKind::Nodes, WatchKind::Pods].into_iter().any(|kind| {
        let links = snapshot.inventory.links();
        links.iter().any(|(watch, state)| watch.kind == kind && matches!(state, LinkState::Denied { .. }))
    });
    if unread {
        let why = snapshot.warnings.join("; ");
        return Err(Failure::Denied(format!("{why}; without nodes and pods nothing can be foretold")));
    }
    for warning in &snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    Ok((snapshot, scope))
}

/// Prints what would change, the worst first.
fn show(
    connection: &Connection,
    output: AnswerFormat,
    snapshot: &Snapshot,
    impacts: Vec<Impact>,
) -> Result<Outcome, Failure> {
    let harm = Harm::of_impacts(&snapshot.inventory, impacts);
    let impacts = &harm.impacts;
    match output {
        AnswerFormat::Json => {
            print::json(&document::preview(&connection.context, snapshot, &harm))?;
        }
        AnswerFormat::Table if impacts.is_empty() => print::note("no pod would start or stop"),
        AnswerFormat::Table => {
            print::data(&table(impacts).render())?;
            print::note(&sums(impacts));
            harm.critical_words().iter().for_each(|line| print::note(line));
        }
    }
    Ok(Outcome::Done)
}

pub(super) fn table(impacts: &[Impact]) -> Table {
    let mut table = Table::new(&["EFFECT", "DAEMONSET", "NODE", "PODS", "REASON"]);
    for impact in impacts {
        let pods: Vec<&str> = impact.pods.iter().map(AsRef::as_ref).collect();
        table.push(vec![
            impact.outcome.name().to_owned(),
            impact.daemon_set.to_string(),
            impact.node.to_string(),
            pods.join(","),
            impact.reason.clone(),
        ]);
    }
    table
}

/// How many of each, in one line.
fn sums(impacts: &[Impact]) -> String {
    let mut sums = BTreeMap::new();
    for impact in impacts {
        *sums.entry(impact.outcome).or_insert(0_usize) += 1;
    }
    let sums: Vec<String> =
        sums.iter().map(|(outcome, count)| format!("{} {count}", outcome.name())).collect();
    format!("in all: {}; nothing was changed", sums.join(", "))
}
