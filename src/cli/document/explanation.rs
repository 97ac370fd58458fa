//! The JSON document of `explain`: cells with every reason, those that allow too.

use jiff::Timestamp;
use serde::Serialize;

use super::{API_VERSION, CellEntry, cell, whole_seconds};
use crate::cli::snapshot::Snapshot;
use crate::domain::inventory::CellView;

/// Cells and why they are as they are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ExplanationDocument {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    complete: bool,
    cells: Vec<CellEntry>,
    warnings: Vec<String>,
}

/// Makes the document of some cells.
pub(in crate::cli) fn explanation(
    context: &str,
    snapshot: &Snapshot,
    views: &[CellView<'_>],
) -> ExplanationDocument {
    ExplanationDocument {
        api_version: API_VERSION,
        kind: "Explanation",
        context: context.to_owned(),
        taken_at: whole_seconds(snapshot.inventory.now()),
        complete: snapshot.complete,
        cells: views.iter().map(|view| cell(view, true)).collect(),
        warnings: snapshot.warnings.clone(),
    }
}
