//! The JSON document of `preview`: only what would change.

use jiff::Timestamp;
use serde::Serialize;

use super::{API_VERSION, whole_seconds};
use crate::cli::snapshot::Snapshot;
use crate::domain::preview::{Impact, Outcome};
use crate::domain::relabel::harm::{Harm, SetHarm};
use crate::domain::text::Text;

/// What would change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PreviewDocument {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    complete: bool,
    changes: Vec<ChangeEntry>,
    critical: Vec<CriticalEntry>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeEntry {
    node: String,
    daemon_set: String,
    effect: Outcome,
    reason: String,
    pods: Vec<Text>,
}

/// A critical DaemonSet that loses pods.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CriticalEntry {
    daemon_set: String,
    stops: usize,
    pods: usize,
    why: &'static str,
}

/// Makes the document.
pub(in crate::cli) fn preview(context: &str, snapshot: &Snapshot, harm: &Harm) -> PreviewDocument {
    let critical = |set: &SetHarm| CriticalEntry {
        daemon_set: set.daemon_set.to_string(),
        stops: set.stops,
        pods: set.running,
        why: set.critical.unwrap_or_default(),
    };
    let entry = |impact: &Impact| ChangeEntry {
        node: impact.node.to_string(),
        daemon_set: impact.daemon_set.to_string(),
        effect: impact.outcome,
        reason: impact.reason.clone(),
        pods: impact.pods.clone(),
    };
    PreviewDocument {
        api_version: API_VERSION,
        kind: "Preview",
        context: context.to_owned(),
        taken_at: whole_seconds(snapshot.inventory.now()),
        complete: snapshot.complete,
        changes: harm.impacts.iter().map(entry).collect(),
        critical: harm.critical().map(critical).collect(),
        warnings: snapshot.warnings.clone(),
    }
}
