//! `dsgrid status --watch`: a line for each change, by the monitor's own model.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use super::{NO_NODE, blockers};
use crate::app::{Model, Settings};
use crate::cli::args::{AnswerFormat, StatusArgs};
use crate::cli::document::status as document;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::paths::Paths;
use crate::cli::print;
use crate::cli::target::Target;
use crate::cluster::mailbox;
use crate::domain::age::human_duration;
use crate::domain::cell::CellState;
use crate::domain::event::Scope;
use crate::domain::id::{NodeName, ObjectKey, Uid};
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::rollout::{Rollout, RolloutState, Standing, rollout, row_why, standing};
use crate::shell::event_loop::ExitReason;
use crate::shell::executor::ClusterExecutor;
use crate::shell::headless::{End, Printer, run_headless};

/// Watches until the rollout is complete.
pub(super) async fn run(
    target: Target,
    args: &StatusArgs,
    warnings: Vec<String>,
) -> Result<Outcome, Failure> {
    let Target { connection, scope, snapshot, row } = target;
    let meta = &snapshot.inventory.row(row).expect("the DaemonSet was just found").daemon_set.meta;
    let mut printer = Lines {
        uid: meta.uid.clone(),
        key: meta.key.clone(),
        context: connection.context.to_string(),
        output: args.output,
        warnings,
        last: None,
        blockers: Vec::new(),
        was_stale: false,
    };
    let settings = Settings {
        context: connection.context.clone(),
        scope: match &scope {
            Scope::Namespace(namespace) => Some(namespace.clone()),
            Scope::Cluster | Scope::DaemonSet(_) => None,
        },
        ..Settings::default()
    };
    let (sender, receiver) = mailbox();
    let watches = connection.start_watches(&scope, &sender);
    // A script's look is nobody's last look.
    let executor = ClusterExecutor::new(connection, watches, Paths::journal(), None, sender);
    let timeout = args.timeout.filter(|timeout| !timeout.is_zero());
    let end = run_headless(settings, receiver, executor, &mut printer, timeout).await;
    match end.map_err(failure)? {
        End::Finished(Verdict::Complete) => Ok(Outcome::Done),
        End::Finished(Verdict::Deleted) => {
            print::note(&format!("{} was deleted meanwhile", printer.key));
            Ok(Outcome::Problem)
        }
        End::Finished(Verdict::Replaced) => {
            print::note(&format!("{} was deleted meanwhile; another one has its name now", printer.key));
            Ok(Outcome::Problem)
        }
        End::TimedOut => {
            printer.give_up(timeout.unwrap_or_default());
            Ok(Outcome::Problem)
        }
        End::Stopped(ExitReason::Panicked) => Err(Failure::Broken("a part of dsgrid failed".to_owned())),
        End::Stopped(_) => Ok(Outcome::Interrupted),
    }
}

/// A closed pipe stays one, so that it ends quietly.
fn failure(error: anyhow::Error) -> Failure {
    match error.downcast::<io::Error>() {
        Ok(error) => Failure::Output(error),
        Err(error) => Failure::Broken(format!("{error:#}")),
    }
}

/// What watching comes to.
enum Verdict {
    Complete,
    Deleted,
    Replaced,
}

/// What makes a new line: ages alone do not.
#[derive(PartialEq)]
struct Told {
    state: RolloutState,
    standing: Standing,
    blockers: Vec<(NodeName, CellState)>,
}

struct Lines {
    uid: Uid,
    key: ObjectKey,
    context: String,
    output: AnswerFormat,
    warnings: Vec<String>,
    last: Option<Told>,
    blockers: Vec<String>,
    was_stale: bool,
}

impl Printer for Lines {
    type Outcome = Verdict;

    fn look(&mut self, model: &Model) -> io::Result<ControlFlow<Verdict>> {
        let inventory = model.inventory();
        if model.is_stale() != self.was_stale {
            self.was_stale = model.is_stale();
            let words = if self.was_stale { "is lost; the last numbers stand" } else { "is back" };
            print::note(&format!("the connection {words}"));
        }
        if self.last.is_none() && !model.is_synced() {
            return Ok(ControlFlow::Continue(()));
        }
        let Some(slot) = inventory.row_of(&self.uid) else {
            let another = inventory.rows().any(|(_, row)| row.daemon_set.meta.key == self.key);
            return Ok(ControlFlow::Break(if another { Verdict::Replaced } else { Verdict::Deleted }));
        };
        let (Some(rollout), Some(standing)) = (rollout(inventory, slot), standing(inventory, slot)) else {
            return Ok(ControlFlow::Continue(()));
        };
        let (complete, desired) = (standing.complete, standing.desired);
        self.blockers = blockers(&rollout);
        let told = Told {
            state: rollout.state,
            blockers: rollout.blockers.iter().map(|one| (one.node.clone(), one.state)).collect(),
            standing,
        };
        if self.last.as_ref() != Some(&told) {
            self.line(inventory, slot, &rollout, &told.standing)?;
            self.last = Some(told);
        }
        if complete && desired == 0 && !self.warnings.iter().any(|warning| warning == NO_NODE) {
            print::note(&format!("warning: {NO_NODE}"));
        }
        Ok(if complete { ControlFlow::Break(Verdict::Complete) } else { ControlFlow::Continue(()) })
    }
}

impl Lines {
    fn line(
        &self,
        inventory: &Inventory,
        slot: RowSlot,
        rollout: &Rollout,
        standing: &Standing,
    ) -> io::Result<()> {
        if self.output == AnswerFormat::Json {
            let document = document(&self.context, inventory, slot, &self.warnings);
            return print::json_line(&document);
        }
        let Standing { updated, desired, available, .. } = standing;
        let why = match rollout.state {
            RolloutState::Complete => String::new(),
            RolloutState::Progressing => self.blockers.join(", "),
            _ => row_why(inventory, slot),
        };
        let why = if why.is_empty() { why } else { format!("; {why}") };
        let state = rollout.state.name();
        print::data(&format!("{state}: {updated} of {desired} updated, {available} available{why}\n"))
    }

    /// Says that the time is up, and who blocks.
    fn give_up(&self, timeout: Duration) {
        let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX);
        let time = human_duration(seconds);
        let state = self.last.as_ref().map_or("not known yet", |told| told.state.name());
        print::note(&format!("timed out after {time}: the rollout of {} is {state}", self.key));
        for blocker in &self.blockers {
            print::note(&format!("blocked by {blocker}"));
        }
    }
}
