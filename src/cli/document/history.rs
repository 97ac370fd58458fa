//! The JSON documents of `history`: the revisions, and what differs between two.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{API_VERSION, whole_seconds};
use crate::cli::snapshot::Snapshot;
use crate::domain::diff::DiffLine;
use crate::domain::history::Entry;
use crate::domain::id::{NodeName, ObjectKey};
use crate::domain::text::Text;

/// The revisions of a DaemonSet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct HistoryDocument {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    complete: bool,
    daemon_set: String,
    revisions: Vec<RevisionEntry>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionEntry {
    revision: i64,
    name: Text,
    hash: Text,
    current: bool,
    created_at: Option<Timestamp>,
    change_cause: Text,
    images: Vec<Text>,
    nodes: Vec<NodeName>,
    template: Value,
}

/// What differs between two revisions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct DiffDocument {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    complete: bool,
    daemon_set: String,
    from: i64,
    to: i64,
    lines: Vec<DiffLine>,
    warnings: Vec<String>,
}

/// Makes the document of some revisions.
pub(in crate::cli) fn history(
    context: &str,
    snapshot: &Snapshot,
    daemon_set: &ObjectKey,
    entries: &[&Entry],
) -> HistoryDocument {
    let entry = |entry: &&Entry| RevisionEntry {
        revision: entry.revision,
        name: entry.name.clone(),
        hash: entry.hash.clone(),
        current: entry.is_current,
        created_at: entry.created,
        change_cause: entry.change_cause.clone(),
        images: entry.images.clone(),
        nodes: entry.nodes.clone(),
        template: entry.template.value().clone(),
    };
    HistoryDocument {
        api_version: API_VERSION,
        kind: "History",
        context: context.to_owned(),
        taken_at: whole_seconds(snapshot.inventory.now()),
        complete: snapshot.complete,
        daemon_set: daemon_set.to_string(),
        revisions: entries.iter().map(entry).collect(),
        warnings: snapshot.warnings.clone(),
    }
}

/// Makes the document of a difference.
pub(in crate::cli) fn difference(
    context: &str,
    snapshot: &Snapshot,
    daemon_set: &ObjectKey,
    (from, to): (i64, i64),
    lines: Vec<DiffLine>,
) -> DiffDocument {
    DiffDocument {
        api_version: API_VERSION,
        kind: "RevisionDiff",
        context: context.to_owned(),
        taken_at: whole_seconds(snapshot.inventory.now()),
        complete: snapshot.complete,
        daemon_set: daemon_set.to_string(),
        from,
        to,
        lines,
        warnings: snapshot.warnings.clone(),
    }
}
