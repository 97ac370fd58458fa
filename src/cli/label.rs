//! `dsgrid label`, `taint`, `cordon` and `uncordon`: changes to nodes, once it is clear which pods start and stop.

mod send;
mod tell;
mod wait;

use super::args::{Command, DryRun, Global, OnErrorArg, SendArgs};
use super::failure::{Failure, Outcome};
use super::node_set::{self, Targets};
use super::preview::look;
use super::print;
use super::settings::Settings;
use super::snapshot::{self, Snapshot};
use super::write::{Untold, check_read_only, check_usage, confirm};
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::gate::Gate;
use crate::domain::inventory::Inventory;
use crate::domain::object::Node;
use crate::domain::preview::NodeChange;
use crate::domain::relabel::batch::{Batch, NodeEdit, OnError};
use crate::domain::relabel::guard::refusals;
use crate::domain::relabel::harm::Harm;
use crate::domain::relabel::{missing_taints, overwritten};

/// A command with its words read.
struct Task<'a> {
    /// The command's word.
    verb: &'static str,
    targets: Targets,
    change: NodeChange,
    overwrite: bool,
    send: &'a SendArgs,
}

impl<'a> Task<'a> {
    fn of(command: &'a Command) -> Result<Self, String> {
        let (verb, (targets, change), overwrite, send) = match command {
            Command::Label(args) => ("label", node_set::labels(&args.edit)?, args.overwrite, &args.send),
            Command::Taint(args) => ("taint", node_set::taints(&args.edit)?, args.overwrite, &args.send),
            Command::Cordon(args) => ("cordon", node_set::cordon(&args.nodes, true)?, true, &args.send),
            Command::Uncordon(args) => ("uncordon", node_set::cordon(&args.nodes, false)?, true, &args.send),
            _ => return Err("this command changes no node".to_owned()),
        };
        Ok(Self { verb, targets, change, overwrite, send })
    }

    /// What has happened to a node, as kubectl says it.
    fn past(&self) -> &'static str {
        let only_removes = self.change.labels.values().all(Option::is_none);
        match self.verb {
            "label" if only_removes => "unlabeled",
            "label" => "labeled",
            "taint" if self.change.add_taints.is_empty() => "untainted",
            "taint" => "tainted",
            "cordon" => "cordoned",
            _ => "uncordoned",
        }
    }
}

/// Runs the command.
pub(super) async fn run(global: &Global, settings: &Settings, command: &Command) -> Result<Outcome, Failure> {
    let task = Task::of(command).map_err(Failure::Usage)?;
    if global.selector.is_some() {
        let why = "-l chooses among DaemonSets; choose nodes by their labels with --node-selector";
        return Err(Failure::Usage(why.to_owned()));
    }
    check_usage(&task.send.confirm, task.verb)?;
    if let Some(why) = refusals(&task.change).first() {
        return Err(Failure::Unwritten(format!("{why}; nothing was changed")));
    }
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    check_read_only(global, settings, &connection, task.verb)?;
    // A node's change touches pods in every namespace, whatever -n says.
    let (snapshot, scope) = look(&connection, global, &Scope::Cluster).await?;
    let nodes = task.targets.find(&snapshot.inventory)?;
    if nodes.is_empty() {
        print::note("no node has such labels");
        return Ok(Outcome::Done);
    }
    check_overwrite(&task, &nodes)?;
    if let Some((key, effect)) = missing_taints(&nodes, &task.change).first() {
        let effect = effect.as_ref().map(|effect| format!(":{}", effect.as_str())).unwrap_or_default();
        let why =
            format!("nothing was changed: the taint {key}{effect} is not found, so it cannot be removed");
        return Err(Failure::Unwritten(why));
    }
    let edit = |node: &&Node| NodeEdit { shown: (*node).clone(), change: task.change.clone() };
    let mut batch = Batch::new(send::read(&connection, nodes.iter().map(edit).collect()).await?);
    batch.set_on_error(match task.send.on_error {
        OnErrorArg::Stop => OnError::Stop,
        OnErrorArg::Continue => OnError::Continue,
    });
    let harm = batch.harm(&snapshot.inventory);
    let gate = harm.gate(&snapshot.inventory);
    tell::before(&connection, &task, &batch, &harm);
    check_left_out(&batch)?;
    if batch.ready().next().is_none() {
        tell::results(&task, &batch)?;
        return ended(&task, &batch);
    }
    if let Some(dry_run) = task.send.confirm.dry_run {
        return dry(&connection, &task, &mut batch, dry_run).await;
    }
    let now = agree(&connection, global, &task, &scope, &mut batch, (harm, gate)).await?;
    carry_out(connection, &task, &scope, &mut batch, &now.inventory).await
}

/// Asks, and looks once more whether what was told still holds: that is the cluster on which it is sent.
async fn agree(
    connection: &Connection,
    global: &Global,
    task: &Task<'_>,
    scope: &Scope,
    batch: &mut Batch,
    (mut harm, mut gate): (Harm, Gate),
) -> Result<Snapshot, Failure> {
    if task.send.confirm.yes {
        if let Gate::TypedName { why } = &gate {
            print::note(&format!("warning: {why}; sent without asking, as --yes says"));
        }
    } else {
        let tell = || tell::all(batch, &harm);
        let untold = tell::untold(batch, &harm).map(|name| Untold { name, tell: &tell });
        confirm(&gate, &batch.word(), untold).await?;
    }
    let now = snapshot::take(connection, scope, global.request_timeout).await?;
    if let Some(words) = batch.look_again(&mut harm, &mut gate, &now.inventory) {
        send::blame(connection, batch).await;
        for (node, result) in batch.left_out() {
            print::note(&format!("{node}: {}", result.words()));
        }
        let why = format!("nothing was changed: it changed while you looked: {words}; look again");
        return Err(Failure::Unwritten(why));
    }
    Ok(now)
}

/// Where the first error stops the others, a node that cannot be changed is the first.
fn check_left_out(batch: &Batch) -> Result<(), Failure> {
    match batch.left_out().next() {
        Some((node, result)) if batch.on_error() == OnError::Stop => Err(Failure::Unwritten(format!(
            "nothing was changed: {node}: {}; look again, or go on without it with --on-error continue",
            result.words()
        ))),
        _ => Ok(()),
    }
}

/// Sends it, tells what came of it, and looks whether pods follow.
async fn carry_out(
    connection: Connection,
    task: &Task<'_>,
    scope: &Scope,
    batch: &mut Batch,
    before: &Inventory,
) -> Result<Outcome, Failure> {
    let harm = batch.harm(before);
    let was_interrupted = send::send(&connection, batch).await;
    tell::results(task, batch)?;
    tell::way_back(batch);
    if was_interrupted {
        print::note(&format!("interrupted: {}", batch.words()));
        return Ok(Outcome::Interrupted);
    }
    if !task.send.no_wait {
        let came_true = wait::watch(connection, scope, batch, &harm, before).await?;
        if came_true != Outcome::Done {
            return Ok(came_true);
        }
    }
    ended(task, batch)
}

/// Refuses, as kubectl does, to put something in the place of something else unasked.
fn check_overwrite(task: &Task<'_>, nodes: &[&Node]) -> Result<(), Failure> {
    if task.overwrite {
        return Ok(());
    }
    let known: Vec<String> = nodes.iter().flat_map(|node| overwritten(node, &task.change)).collect();
    let Some(first) = known.first() else { return Ok(()) };
    let more = match known.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more like it"),
    };
    Err(Failure::Unwritten(format!(
        "nothing was changed: {first} already{more}; give --overwrite to change it"
    )))
}

/// Ends where a dry run ends.
async fn dry(
    connection: &Connection,
    task: &Task<'_>,
    batch: &mut Batch,
    dry_run: DryRun,
) -> Result<Outcome, Failure> {
    if dry_run == DryRun::Client {
        for (item, command) in batch.ready() {
            print::data(&format!("node/{} {}\n", item.node(), command.body))?;
        }
        print::note("dry run: nothing was sent");
        return Ok(Outcome::Done);
    }
    batch.set_on_error(OnError::Continue);
    send::rehearse(connection, batch).await;
    tell::rehearsed(task, batch)?;
    print::note("dry run: nothing was changed");
    ended(task, batch)
}

fn ended(task: &Task<'_>, batch: &Batch) -> Result<Outcome, Failure> {
    if batch.is_good() {
        return Ok(Outcome::Done);
    }
    Err(Failure::Unwritten(format!("cannot {} all of the nodes: {}", task.verb, batch.words())))
}
