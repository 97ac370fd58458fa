//! `dsgrid explain`: why a DaemonSet has a pod on a node, or has none.

mod page;

use super::args::{AnswerFormat, ExplainArgs, Global};
use super::document::{columns, explanation};
use super::failure::{Failure, Outcome};
use super::names::{TypedName, node_not_found, typed_node};
use super::print;
use super::snapshot::{self, Snapshot, known_daemon_sets};
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::id::NodeName;
use crate::domain::inventory::{CellView, RowSlot};

/// Runs the command.
pub(super) async fn run(global: &Global, args: &ExplainArgs) -> Result<Outcome, Failure> {
    let name = TypedName::parse(&args.daemon_set).map_err(Failure::Usage)?;
    let node = args.node.as_deref().map(typed_node).transpose().map_err(Failure::Usage)?;
    if global.selector.is_some() {
        let why = "-l chooses among DaemonSets, and explain takes one by its name; leave -l out";
        return Err(Failure::Usage(why.to_owned()));
    }
    one_namespace(global, &name, &args.daemon_set)?;
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    let scope = scope(global, &name, &connection);
    let snapshot = snapshot::take(&connection, &scope, global.request_timeout).await?;
    let row = find(&connection, &scope, &snapshot, &name).await?;
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

/// Refuses a name and a flag that contradict each other.
pub(super) fn one_namespace(global: &Global, name: &TypedName, raw: &str) -> Result<(), Failure> {
    if let (Some(typed), Some(flag)) = (name.namespace(), &global.namespace)
        && typed != flag.as_str()
    {
        return Err(Failure::Usage(format!("{raw} is in the namespace {typed}, but -n says {flag}")));
    }
    Ok(())
}

/// Where a DaemonSet of that name is looked for.
pub(super) fn scope(global: &Global, name: &TypedName, connection: &Connection) -> Scope {
    match name.namespace() {
        Some(namespace) => Scope::Namespace(namespace.clone()),
        None if global.all_namespaces => Scope::Cluster,
        None => Scope::Namespace(connection.namespace.clone()),
    }
}

/// The one DaemonSet of that name.
pub(super) async fn find(
    connection: &Connection,
    scope: &Scope,
    snapshot: &Snapshot,
    name: &TypedName,
) -> Result<RowSlot, Failure> {
    let named: Vec<_> =
        snapshot.inventory.rows().filter(|(_, row)| name.means(&row.daemon_set.meta.key)).collect();
    match named.as_slice() {
        [(row, _)] => Ok(*row),
        [] => {
            let known = known_daemon_sets(connection, scope, snapshot).await;
            Err(Failure::Usage(name.not_found(scope, &known)))
        }
        several => {
            let mut keys: Vec<String> =
                several.iter().map(|(_, row)| row.daemon_set.meta.key.to_string()).collect();
            keys.sort();
            Err(Failure::Usage(format!("there are several of that name: {}; write one so", keys.join(", "))))
        }
    }
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
