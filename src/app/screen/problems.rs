//! What is wrong, by cause, worst first; below it what waits for somebody.

use super::Screen;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::cause::{Cause, Weight, since_words};
use crate::domain::contrast::Shared;
use crate::domain::rights::{denied, unseen};

/// The column of the ages.
const AGES: usize = 6;

/// The lines.
pub(super) fn page(model: &Model) -> Page {
    let of = |weight| model.problems.with_shared().filter(move |(cause, _)| cause.key.weight() == weight);
    let mut page = Page::new(title(of(Weight::Problem).count(), model.is_synced()));
    if of(Weight::Problem).next().is_some() {
        page.heading(heading(model));
    }
    for cause in of(Weight::Problem) {
        line(model, &mut page, cause);
    }
    if of(Weight::Problem).next().is_none() {
        let hidden = model.grid.hidden_rows + model.grid.hidden_columns;
        let words = match hidden {
            _ if !model.is_synced() => "not everything has been received yet",
            0 => "nothing is wrong",
            _ => "nothing shown is wrong; the filter hides some (Esc in the grid drops it)",
        };
        page.fact(words);
    }
    rights(model, &mut page);
    if !model.otherwise.is_empty() {
        page.heading("Not as foretold, after a change of nodes (i: seen)");
    }
    for (at, words) in &model.otherwise {
        page.told(true, &age(Some(*at), model.now), AGES, words);
    }
    if of(Weight::Waiting).next().is_some() {
        page.heading("Waiting for somebody");
    }
    for cause in of(Weight::Waiting) {
        line(model, &mut page, cause);
    }
    let usual = of(Weight::Usual).count();
    if usual > 0 {
        page.heading("As usual");
        let nodes: std::collections::BTreeSet<_> =
            of(Weight::Usual).flat_map(|(cause, _)| &cause.nodes).collect();
        let (taints, nodes) = (count(usual, "taint"), count(nodes.len(), "node"));
        let keep = if usual == 1 { "keeps" } else { "keep" };
        page.faint(format!("{taints} {keep} DaemonSets off {nodes}; Enter lists them"));
        page.leading(Screen::Usual);
    }
    page
}

/// What may not be read is no problem of the cluster, but hides problems.
fn rights(model: &Model, page: &mut Page) {
    let names: Vec<String> = denied(&model.inventory).map(|(watch, _)| watch.to_string()).collect();
    if names.is_empty() {
        return;
    }
    page.heading("Out of sight");
    let number = unseen(&model.inventory).map(|unseen| format!("; {}", unseen.words())).unwrap_or_default();
    page.fact(format!("{} may not be read{number}; Enter shows the role to ask for", names.join(", ")));
    page.leading(Screen::Rights);
}

/// What is as usual, line by line.
pub(super) fn usual(model: &Model) -> Page {
    let mut page = Page::new("taints that keep DaemonSets off, as usual");
    page.fact(
        "Nobody asked for these nodes in particular. Where a DaemonSet has to be on all of them, list it under \
         `everywhere` in the configuration: then they count as UNCOVERED.",
    );
    page.heading("Taints");
    for cause in model.problems.with_shared().filter(|(cause, _)| cause.key.weight() == Weight::Usual) {
        line(model, &mut page, cause);
    }
    page
}

fn title(problems: usize, is_synced: bool) -> String {
    match problems {
        0 if !is_synced => "problems: not known yet".to_owned(),
        some if !is_synced => format!("problems: {} so far", count(some, "cause")),
        0 => "problems: none".to_owned(),
        1 => "problems: 1 cause".to_owned(),
        many => format!("problems: {many} causes, worst first"),
    }
}

fn heading(model: &Model) -> String {
    let place = model.namespace().map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
    format!("  {:AGES$} cause, and what its nodes share{place}", "since")
}

pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn line(model: &Model, page: &mut Page, (cause, shared): (&Cause, &[Shared])) {
    let since = since_words(cause, &model.inventory);
    let shared = match shared.first() {
        Some(shared) => format!("; {shared}"),
        None => String::new(),
    };
    let marked = if model.marks.has_all(&model.inventory, cause) { "[marked] " } else { "" };
    page.told(false, &since, AGES, format!("{marked}{}{shared}", cause.words));
    page.signed(cause.key.state());
    page.leading(Screen::Cause(cause.key.clone()));
}
