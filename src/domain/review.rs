//! A DaemonSet held against good practice: what will hurt, where it is written, and why, in numbers of this cluster.

mod placing;
mod running;
mod spec;
mod updating;

use super::inventory::{Inventory, Row, RowSlot};
use super::object::PodDisruptionBudget;
use super::raw::RawObject;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It will go wrong, or does already.
    Danger,
    /// It hurts when something else goes wrong.
    Warning,
    /// Good to know.
    Info,
}

/// Something that good practice would do in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where, like `spec.template.spec.containers[0].resources.requests.cpu`; another object by kind and name.
    pub field: String,
    /// The rule's short name, like `no cpu request`.
    pub rule: &'static str,
    /// What it means here, as a sentence without a full stop.
    pub why: String,
    /// How much it matters.
    pub severity: Severity,
}

/// Everything to be said against a DaemonSet, what matters most first; nothing where it is as it should be.
///
/// `object` is the DaemonSet as the server has it; `budgets` those of its namespace, none where they are not known.
#[must_use]
pub fn review(
    object: &RawObject,
    inventory: &Inventory,
    slot: RowSlot,
    budgets: Option<&[PodDisruptionBudget]>,
) -> Vec<Finding> {
    let Some(row) = inventory.row(slot) else { return Vec::new() };
    // An object that is none has nothing to be said against.
    let Ok(spec::Object { spec }) = object.decode() else { return Vec::new() };
    let mut case = Case { spec, inventory, slot, row, findings: Vec::new() };
    running::review(&mut case);
    updating::review(&mut case, budgets);
    placing::review(&mut case);
    case.findings.sort_by_key(|finding| finding.severity);
    case.findings
}

/// What is looked at, and what was found so far.
struct Case<'a> {
    spec: spec::Spec,
    inventory: &'a Inventory,
    slot: RowSlot,
    row: &'a Row,
    findings: Vec<Finding>,
}

impl Case<'_> {
    fn find(&mut self, severity: Severity, field: &str, rule: &'static str, why: String) {
        self.findings.push(Finding { field: field.to_owned(), rule, why, severity });
    }

    /// `1 node` or `873 nodes`: those that are wanted.
    fn wanted(&self) -> String {
        nodes(self.row.tally.desired)
    }
}

fn nodes(count: u32) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}
