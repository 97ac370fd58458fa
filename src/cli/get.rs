//! `dsgrid get`: the grid once.

use serde::Serialize;

use super::args::{GetArgs, Global, OutputFormat};
use super::document::{columns, document};
use super::failure::{Failure, Outcome};
use super::names::TypedName;
use super::print;
use super::snapshot::{self, Snapshot, known_daemon_sets};
use super::table::Table;
use crate::cluster::{Connection, Environment};
use crate::domain::cell::{Cell, CellState};
use crate::domain::explanation::sentence;
use crate::domain::inventory::{Inventory, Row, RowSlot};
use crate::domain::object::UpdateStrategy;
use crate::domain::rollout::{rollout, row_why};
use crate::domain::selector::Selector;

/// Runs the command.
pub(super) async fn run(global: &Global, args: &GetArgs) -> Result<Outcome, Failure> {
    let names: Result<Vec<_>, _> = args.names.iter().map(|raw| TypedName::parse(raw)).collect();
    let names = names.map_err(Failure::Usage)?;
    let selector = global.selector.as_deref().map(Selector::parse).transpose();
    let selector = selector.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();

    if args.all && matches!(args.output, OutputFormat::Table | OutputFormat::Wide) {
        print::note("--all changes nothing here: it is about cells, and those are in -o json and -o yaml");
    }
    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    let scope = global.scope();
    let snapshot = snapshot::take(&connection, &scope, global.request_timeout).await?;
    for warning in &snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    for name in &names {
        if !snapshot.inventory.rows().any(|(_, row)| name.means(&row.daemon_set.meta.key)) {
            let known = known_daemon_sets(&connection, &scope, &snapshot).await;
            return Err(Failure::Usage(name.not_found(&scope, &known)));
        }
    }

    let rows = choose(&snapshot.inventory, |row| {
        let meta = &row.daemon_set.meta;
        (names.is_empty() || names.iter().any(|name| name.means(&meta.key)))
            && selector.matches(&meta.labels)
            && (!args.paused || row.daemon_set.is_paused())
    });
    let problems =
        rows.iter().filter_map(|row| snapshot.inventory.row(*row)).any(|row| row.tally.problems > 0);
    show(&connection, args, &snapshot, &rows)?;
    Ok(if args.problems && problems { Outcome::Problem } else { Outcome::Done })
}

/// The rows that `keep` lets through, by namespace and name.
fn choose(inventory: &Inventory, keep: impl Fn(&Row) -> bool) -> Vec<RowSlot> {
    let mut rows: Vec<_> = inventory.rows().filter(|(_, row)| keep(row)).collect();
    rows.sort_by(|(_, a), (_, b)| a.daemon_set.meta.key.cmp(&b.daemon_set.meta.key));
    rows.into_iter().map(|(slot, _)| slot).collect()
}

fn show(
    connection: &Connection,
    args: &GetArgs,
    snapshot: &Snapshot,
    rows: &[RowSlot],
) -> Result<(), Failure> {
    let keep = |cell: Cell| match cell.state {
        _ if args.problems => cell.problem,
        CellState::Excluded => args.all,
        _ => true,
    };
    let document = || document(&connection.context, snapshot, rows, keep);
    match args.output {
        OutputFormat::Json => print::json(&document())?,
        OutputFormat::Yaml => print::data(&yaml(&document()))?,
        OutputFormat::Table | OutputFormat::Wide if rows.is_empty() => {
            print::note("no DaemonSets found");
        }
        OutputFormat::Table | OutputFormat::Wide if args.problems => {
            match problems(&snapshot.inventory, rows) {
                Some(table) => print::data(&table.render())?,
                None => print::note("no problems found"),
            }
        }
        OutputFormat::Table => print::data(&grid(snapshot, rows, false).render())?,
        OutputFormat::Wide => print::data(&grid(snapshot, rows, true).render())?,
    }
    Ok(())
}

fn yaml(document: &impl Serialize) -> String {
    serde_yaml::to_string(document).expect("the document has string keys and no failing serializers")
}

/// A line per DaemonSet, with the controller's own counters.
fn grid(snapshot: &Snapshot, rows: &[RowSlot], wide: bool) -> Table {
    const HEAD: [&str; 9] = [
        "NAMESPACE",
        "NAME",
        "DESIRED",
        "CURRENT",
        "READY",
        "UP-TO-DATE",
        "AVAILABLE",
        "MISSCHEDULED",
        "ROLLOUT",
    ];
    const WIDE: [&str; 4] = ["STRATEGY", "REVISION", "NODE-SELECTOR", "IMAGES"];
    let inventory = &snapshot.inventory;
    let mut head = HEAD.to_vec();
    if wide {
        head.extend(WIDE);
    }
    head.push("WHY");
    let mut table = Table::new(&head);
    for slot in rows {
        let Some(row) = inventory.row(*slot) else { continue };
        let (key, status) = (&row.daemon_set.meta.key, &row.daemon_set.status);
        let mut line = vec![key.namespace.to_string(), key.name.to_string()];
        let counts = [
            status.desired,
            status.current,
            status.ready,
            status.up_to_date,
            status.available,
            status.misscheduled,
        ];
        line.extend(counts.map(|count| count.to_string()));
        line.push(rollout(inventory, *slot).map_or("unknown", |rollout| rollout.state.name()).to_owned());
        if wide {
            line.extend(wide_columns(inventory, *slot, row));
        }
        line.push(row_why(inventory, *slot));
        table.push(line);
    }
    table
}

fn wide_columns(inventory: &Inventory, slot: RowSlot, row: &Row) -> [String; 4] {
    let daemon_set = &row.daemon_set;
    let strategy = match &daemon_set.strategy {
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            format!("RollingUpdate({max_unavailable},{max_surge})")
        }
        UpdateStrategy::OnDelete => "OnDelete".to_owned(),
    };
    let revision = inventory.current_revision(slot);
    let revision = revision.map(|it| inventory.revision_label(&daemon_set.meta.uid, &it.hash));
    let template = &daemon_set.template;
    let selector: Vec<String> =
        template.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let images: Vec<&str> = template.containers.iter().map(|container| container.image.as_str()).collect();
    [strategy, revision.unwrap_or_default(), selector.join(","), images.join(",")]
}

/// A line per problem, worst first in each DaemonSet; none where there is none.
fn problems(inventory: &Inventory, rows: &[RowSlot]) -> Option<Table> {
    let mut table = Table::new(&["DAEMONSET", "NODE", "STATE", "POD", "WHY"]);
    let columns = columns(inventory);
    let mut any = false;
    for slot in rows {
        let mut bad: Vec<_> = columns
            .iter()
            .filter_map(|(column, _)| Some((inventory.cell(*slot, *column)?, *column)))
            .filter(|(cell, _)| cell.problem)
            .collect();
        bad.sort_by_key(|(cell, _)| cell.state);
        for (cell, column) in bad {
            let Some(view) = inventory.view(*slot, column) else { continue };
            any = true;
            let said = sentence(inventory, *slot, column);
            table.push(vec![
                view.row.daemon_set.meta.key.to_string(),
                view.column.name.to_string(),
                cell.state.name().to_owned(),
                view.pods.first().map(|pod| pod.meta.key.name.to_string()).unwrap_or_default(),
                why(&said, cell.state),
            ]);
        }
    }
    any.then_some(table)
}

/// The reason alone: node, revision and state have their own columns.
fn why(sentence: &str, state: CellState) -> String {
    let state = format!("{}: ", state.name());
    sentence.split_once(&state).map_or(sentence, |(_, why)| why).to_owned()
}
