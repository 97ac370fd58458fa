//! `preview label|taint|cordon|uncordon`: changes to nodes.

use crate::cli::args::{AnswerFormat, Global, NodesChange};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_set;
use crate::cli::print;
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::preview::{Impact, impact};
use crate::domain::selector::Selector;

/// Runs the command.
pub(super) async fn run(
    global: &Global,
    output: AnswerFormat,
    change: &NodesChange,
) -> Result<Outcome, Failure> {
    let (targets, change) = node_set::read(change).map_err(Failure::Usage)?;
    let daemon_sets = global.selector.as_deref().map(Selector::parse).transpose();
    let daemon_sets = daemon_sets.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();

    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    // A node's change touches pods in every namespace, whatever -n says.
    let (snapshot, _) = super::look(&connection, global, &Scope::Cluster).await?;
    let nodes = targets.find(&snapshot.inventory)?;
    if nodes.is_empty() {
        print::note("no node has such labels");
    }
    for idle in nodes.iter().flat_map(|node| change.without_effect(node)) {
        print::note(&idle);
    }
    let inventory = &snapshot.inventory;
    let chosen = |impact: &Impact| {
        let row = inventory.row_of(&impact.daemon_set_uid).and_then(|slot| inventory.row(slot));
        row.is_some_and(|row| daemon_sets.matches(&row.daemon_set.meta.labels))
    };
    let impacts =
        nodes.iter().flat_map(|node| impact(inventory, &node.name(), &change)).filter(chosen).collect();
    super::show(&connection, output, &snapshot, impacts)
}
