//! Whether the cluster then does what was foretold, watched for up to a minute by the monitor's own model.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::{Model, Settings};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::paths::Paths;
use crate::cli::print;
use crate::cluster::{Connection, mailbox};
use crate::domain::event::Scope;
use crate::domain::expectation::{Bystander, Expectation, Fate, bystanders};
use crate::domain::inventory::Inventory;
use crate::domain::preview::Impact;
use crate::domain::relabel::batch::{Batch, Item};
use crate::domain::relabel::harm::Harm;
use crate::shell::event_loop::ExitReason;
use crate::shell::executor::ClusterExecutor;
use crate::shell::headless::{End, Printer, run_headless};

/// A first sync takes its time, and what was foretold has a minute from then on.
const LONGEST: Duration = Duration::from_secs(120);

/// Watches until all of it came true, or a minute is over.
pub(super) async fn watch(
    connection: Connection,
    scope: &Scope,
    batch: &Batch,
    harm: &Harm,
    before: &Inventory,
) -> Result<Outcome, Failure> {
    let foretold = batch.expectations(&harm.impacts, Timestamp::now()).into_iter().map(|one| one.impact);
    let (foretold, late): (Vec<Impact>, Vec<Impact>) = foretold.partition(|impact| impact.after.is_zero());
    if let Some(impact) = late.iter().min_by_key(|impact| impact.after) {
        let (count, seconds) = (late.len(), impact.after.as_secs());
        print::note(&format!("not waited for: {count} evictions, the first after {seconds} s"));
    }
    if foretold.is_empty() {
        return Ok(Outcome::Done);
    }
    let (all, stuck) = (foretold.len(), foretold.iter().filter(|impact| impact.is_stuck).count());
    let staying = |item: &Item| bystanders(before, &item.node(), &harm.impacts, before.now());
    let bystanders = batch.done().flat_map(staying).collect();
    print::note("looking for a minute whether the cluster does so; --no-wait leaves that out");
    let settings = Settings {
        context: connection.context.clone(),
        scope: match scope {
            Scope::Namespace(namespace) => Some(namespace.clone()),
            Scope::Cluster | Scope::DaemonSet(_) => None,
        },
        ..Settings::default()
    };
    let (sender, receiver) = mailbox();
    let watches = connection.start_watches(scope, &sender);
    let executor = ClusterExecutor::new(connection, watches, Paths::journal(), None, sender);
    let mut lines = Lines { foretold, bystanders, waiting: None, otherwise: 0 };
    let end = run_headless(settings, receiver, executor, &mut lines, Some(LONGEST)).await;
    match end.map_err(|error| Failure::Broken(format!("{error:#}")))? {
        End::Finished(()) if lines.otherwise == 0 => {
            let what = if all == 1 { "it".to_owned() } else { format!("all {all} changes") };
            let stuck = match stuck {
                0 => String::new(),
                1 => "; 1 pod is deleted and cannot end, its node is NotReady".to_owned(),
                many => format!("; {many} pods are deleted and cannot end, their nodes are NotReady"),
            };
            print::note(&format!("the cluster did as foretold: {what} came true{stuck}"));
            Ok(Outcome::Done)
        }
        End::Finished(()) => Ok(Outcome::Problem),
        End::TimedOut => {
            print::note("whether the cluster does as foretold is not known: it could not be watched");
            Ok(Outcome::Problem)
        }
        End::Stopped(ExitReason::Panicked) => Err(Failure::Broken("a part of dsgrid failed".to_owned())),
        End::Stopped(_) => {
            print::note("interrupted: the nodes are changed; whether pods follow was not waited for");
            Ok(Outcome::Interrupted)
        }
    }
}

struct Lines {
    foretold: Vec<Impact>,
    /// Pods on the changed nodes that are to stay.
    bystanders: Vec<Bystander>,
    /// What has not come true yet; none before the first sync.
    waiting: Option<Vec<Expectation>>,
    otherwise: usize,
}

impl Printer for Lines {
    type Outcome = ();

    fn look(&mut self, model: &Model) -> io::Result<ControlFlow<()>> {
        let inventory = model.inventory();
        if self.waiting.is_none() && !model.is_synced() {
            return Ok(ControlFlow::Continue(()));
        }
        let since = inventory.now();
        let expect = |impact: Impact| Expectation { impact, since };
        let waiting = self
            .waiting
            .get_or_insert_with(|| std::mem::take(&mut self.foretold).into_iter().map(expect).collect());
        let otherwise = &mut self.otherwise;
        waiting.retain(|expectation| match expectation.fate(inventory) {
            Fate::Waiting => true,
            Fate::Met => false,
            Fate::Otherwise(words) => {
                *otherwise += 1;
                print::note(&format!("OTHERWISE: {words}"));
                false
            }
        });
        self.bystanders.retain(|bystander| match bystander.fate(inventory) {
            Fate::Waiting => true,
            Fate::Met => false,
            Fate::Otherwise(words) => {
                *otherwise += 1;
                print::note(&format!("OTHERWISE: {words}"));
                false
            }
        });
        Ok(if waiting.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
