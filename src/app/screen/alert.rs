//! What an alert says of a DaemonSet now: the clauses of its rule that hold, and the nodes behind them.

use super::Screen;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::alert::{Alert, finding};
use crate::domain::cause::Weight;
use crate::domain::explanation::sentence;
use crate::domain::id::Uid;

/// The lines; none when the DaemonSet is gone.
pub(super) fn page(model: &Model, uid: &Uid, alert: Alert) -> Option<Page> {
    let inventory = &model.inventory;
    let slot = inventory.row_of(uid)?;
    let row = inventory.row(slot)?;
    let finding = finding(inventory, slot, alert, &model.progress)?;
    let mut page = Page::new(format!("{alert} of {}", row.daemon_set.meta.key));
    for line in finding.lines(model.now) {
        if finding.holds(model.now) { page.problem(line) } else { page.fact(line) }
    }
    page.fact("the DaemonSet's own page");
    page.leading(Screen::DaemonSet(uid.clone()));
    let own: Vec<_> = model
        .problems
        .causes()
        .filter(|cause| cause.sets.contains(&slot) && cause.key.weight() != Weight::Usual)
        .collect();
    if !own.is_empty() {
        page.heading("Causes");
    }
    for cause in own {
        page.fact(&cause.words);
        page.signed(cause.key.state());
        page.leading(Screen::Cause(cause.key.clone()));
    }
    for clause in &finding.clauses {
        page.heading(format!("{} ({})", clause.words, clause.nodes.len()));
        for name in &clause.nodes {
            let Some(column) = inventory.column_of(name) else { continue };
            page.fact(sentence(inventory, slot, column));
            page.signed(row.cell(column).map(|cell| cell.state).unwrap_or_default());
            page.leading(Screen::Cell { daemon_set: uid.clone(), node: name.clone() });
        }
    }
    Some(page)
}
