//! `dsgrid status`: how far a rollout is, once or until it is complete.

mod watch;

use super::args::{AnswerFormat, Global, StatusArgs};
use super::document::status as document;
use super::failure::{Failure, Outcome};
use super::print;
use super::target::{self, Target};
use crate::domain::age::age;
use crate::domain::id::NodeName;
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::limits::Limit;
use crate::domain::object::UpdateStrategy;
use crate::domain::rollout::{Rollout, RolloutState, Standing, outdated_nodes, rollout, row_why, standing};

/// Complete, but perhaps not what somebody meant.
const NO_NODE: &str = "no node is wanted, so there is nothing to roll out";
/// More blockers and nodes are counted, not named.
const NAMED: usize = 10;

/// Runs the command.
pub(super) async fn run(global: &Global, args: &StatusArgs) -> Result<Outcome, Failure> {
    let target = target::find(global, "status", &args.daemon_set).await?;
    let Target { snapshot, row, .. } = &target;
    let (inventory, row) = (&snapshot.inventory, *row);
    let standing = standing(inventory, row).expect("the DaemonSet was just found");
    let warnings = warnings(&snapshot.warnings, &standing);
    for warning in &warnings {
        print::note(&format!("warning: {warning}"));
    }
    if args.watch {
        return watch::run(target, args, warnings).await;
    }
    match args.output {
        AnswerFormat::Json => print::json(&document(&target.connection.context, inventory, row, &warnings))?,
        AnswerFormat::Table => print::data(&page(inventory, row, &standing))?,
    }
    Ok(if standing.complete { Outcome::Done } else { Outcome::Problem })
}

/// What was read, and what is odd about the numbers.
fn warnings(read: &[String], standing: &Standing) -> Vec<String> {
    let mut warnings = read.to_vec();
    if standing.is_theirs {
        warnings.push("nodes or pods may not be read, so these are the controller's own numbers".to_owned());
    }
    if standing.desired == 0 {
        warnings.push(NO_NODE.to_owned());
    }
    warnings
}

/// The rollout for people.
fn page(inventory: &Inventory, slot: RowSlot, standing: &Standing) -> String {
    let (Some(row), Some(rollout)) = (inventory.row(slot), rollout(inventory, slot)) else {
        return String::new();
    };
    let mut text = String::new();
    let mut line = |label: &str, words: &str| {
        if !words.is_empty() {
            text.push_str(format!("{label:<12} {words}").trim_end());
            text.push('\n');
        }
    };
    let daemon_set = &row.daemon_set;
    line("DaemonSet:", &daemon_set.meta.key.to_string());
    let since = rollout.since.map(|since| format!(" for {}", age(Some(since), inventory.now())));
    line("Rollout:", &format!("{}{}", rollout.state.name(), since.unwrap_or_default()));
    let strategy = match Limit::of(daemon_set, standing.desired) {
        Some(limit) => format!("RollingUpdate, {limit}"),
        None => UpdateStrategy::OnDelete.kind().to_owned(),
    };
    line("Strategy:", &strategy);
    line("Updated:", &format!("{} of {}", standing.updated, standing.desired));
    line("Available:", &format!("{} of {}", standing.available, standing.desired));
    // Where blockers are why, they say so themselves.
    let is_blocked =
        matches!(rollout.state, RolloutState::Stuck | RolloutState::Progressing | RolloutState::Degraded);
    if !is_blocked || rollout.blockers.is_empty() || row.stale_since.is_some() {
        line("Why:", &row_why(inventory, slot));
    }
    for (at, why) in blockers(&rollout).iter().enumerate() {
        line(if at == 0 { "Blocked by:" } else { "" }, why);
    }
    let outdated = outdated_nodes(inventory, slot);
    if !outdated.is_empty() {
        let names: Vec<&str> = outdated.iter().take(NAMED).map(NodeName::as_str).collect();
        let more = match outdated.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        line("Outdated:", &format!("{}{more}", names.join(", ")));
    }
    text
}

/// Who blocks, the first by name.
fn blockers(rollout: &Rollout) -> Vec<String> {
    let mut lines: Vec<String> = rollout.blockers.iter().take(NAMED).map(|one| one.why.clone()).collect();
    if rollout.blockers.len() > NAMED {
        lines.push(format!("and {} more", rollout.blockers.len() - NAMED));
    }
    lines
}
