//! `dsgrid explain`: why a DaemonSet has a pod on a node, or has none.

mod page;

use super::args::{AnswerFormat, ExplainArgs, Global};
use super::document::{columns, explanation};
use super::failure::{Failure, Outcome};
use super::names::{node_not_found, typed_node};
use super::print;
use super::snapshot::Snapshot;
use super::target::{self, Target};
use crate::domain::id::NodeName;
use crate::domain::inventory::{CellView, RowSlot};

/// Runs the command.
pub(super) async fn run(global: &Global, args: &ExplainArgs) -> Result<Outcome, Failure> {
    let node = args.node.as_deref().map(typed_node).transpose().map_err(Failure::Usage)?;
    let Target { connection, snapshot, row, .. } = target::find(global, "explain", &args.daemon_set).await?;
    for warning in &snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    let views = views(&snapshot, row, node.as_ref())?;
    match (args.output, views.as_slice(), &node) {
        (AnswerFormat::Json, views, _) => {
            print::json(&explanation(&connection.context, &snapshot, views))?;
        }
        (AnswerFormat::Table, [view], Some(_)) => print::data(&page::one(&snapshot.inventory, view))?,
        (AnswerFormat::Table, [], _) => print::note("there are no nodes"),
        (AnswerFormat::Table, views, _) => print::data(&page::every(&snapshot.inventory, views))?,
    }
    let problem = views.iter().any(|view| view.cell.problem);
    Ok(if problem { Outcome::Problem } else { Outcome::Done })
}

/// The cells asked for, by node.
fn views<'a>(
    snapshot: &'a Snapshot,
    row: RowSlot,
    node: Option<&NodeName>,
) -> Result<Vec<CellView<'a>>, Failure> {
    let inventory = &snapshot.inventory;
    let columns = columns(inventory);
    let Some(node) = node else {
        return Ok(columns.iter().filter_map(|(column, _)| inventory.view(row, *column)).collect());
    };
    let view = inventory.column_of(node).and_then(|column| inventory.view(row, column));
    let Some(view) = view else {
        let known: Vec<NodeName> = columns.iter().map(|(_, column)| column.name.clone()).collect();
        return Err(Failure::Usage(node_not_found(node, &known)));
    };
    Ok(vec![view])
}
