//! The JSON documents, that of `get` here: a contract. Fields may be added, none renamed; every key is always
//! there, and only what rights do not let us read is null.

mod explanation;
mod history;
mod journal;
mod preview;
mod replace;
mod status;

use jiff::Timestamp;
use serde::Serialize;

use super::snapshot::Snapshot;
use crate::domain::cell::{Cell, CellState, Knowledge};
use crate::domain::counts::Counts;
use crate::domain::explanation::reasons;
use crate::domain::inventory::{CellView, Column, ColumnSlot, Inventory, RowSlot};
use crate::domain::object::{Pod, UpdateStrategy};
use crate::domain::pod_status::PodStatus;
use crate::domain::reason::Reason;
use crate::domain::rollout::rollout;

pub(super) use explanation::explanation;
pub(super) use history::{difference, history};
pub(super) use journal::journal;
pub(super) use preview::preview;
pub(super) use replace::{ReplaceSummary, nothing as replace_nothing, replace};
pub(super) use status::status;

/// The version of every document.
const API_VERSION: &str = "dsgrid.dev/v1";

/// The grid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    api_version: &'static str,
    kind: &'static str,
    context: String,
    taken_at: Timestamp,
    complete: bool,
    daemon_sets: Vec<DaemonSetEntry>,
    nodes: Vec<NodeEntry>,
    cells: Vec<CellEntry>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DaemonSetEntry {
    namespace: String,
    name: String,
    uid: String,
    generation: i64,
    observed_generation: i64,
    strategy: &'static str,
    max_unavailable: Option<String>,
    max_surge: Option<String>,
    min_ready_seconds: i64,
    paused: bool,
    deleting: bool,
    rollout: &'static str,
    current_revision: Option<String>,
    revision: Option<i64>,
    status: Counts,
    computed: Option<Counts>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeEntry {
    name: String,
    exists: Option<bool>,
    ready: Option<bool>,
    unschedulable: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CellEntry {
    daemon_set: String,
    node: String,
    state: CellState,
    should_run: Option<bool>,
    should_continue: Option<bool>,
    reasons: Vec<Reason>,
    pods: Vec<PodEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the contract has these keys")]
struct PodEntry {
    name: String,
    uid: String,
    revision: Option<String>,
    ready: bool,
    available: bool,
    updated: bool,
    status: String,
    restarts: u32,
    terminating: bool,
    created_at: Option<Timestamp>,
}

/// Makes the document of some rows and of the cells that `keep` lets through.
pub(super) fn document(
    context: &str,
    snapshot: &Snapshot,
    rows: &[RowSlot],
    keep: impl Fn(Cell) -> bool,
) -> Document {
    let inventory = &snapshot.inventory;
    let columns = columns(inventory);
    let cells = rows.iter().flat_map(|row| columns.iter().map(move |(column, _)| (*row, *column)));
    Document {
        api_version: API_VERSION,
        kind: "Grid",
        context: context.to_owned(),
        taken_at: whole_seconds(inventory.now()),
        complete: snapshot.complete,
        daemon_sets: rows.iter().filter_map(|row| daemon_set(snapshot, *row)).collect(),
        nodes: columns.iter().map(|(_, column)| node(inventory, column)).collect(),
        cells: cells
            .filter(|(row, column)| inventory.cell(*row, *column).is_some_and(&keep))
            .filter_map(|(row, column)| inventory.view(row, column))
            .map(|view| cell(&view, false))
            .collect(),
        warnings: snapshot.warnings.clone(),
    }
}

/// All nodes, by name.
pub(super) fn columns(inventory: &Inventory) -> Vec<(ColumnSlot, &Column)> {
    let mut columns: Vec<_> = inventory.columns().collect();
    columns.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    columns
}

fn daemon_set(snapshot: &Snapshot, slot: RowSlot) -> Option<DaemonSetEntry> {
    let inventory = &snapshot.inventory;
    let daemon_set = &inventory.row(slot)?.daemon_set;
    let revision = inventory.current_revision(slot);
    let (max_unavailable, max_surge) = match &daemon_set.strategy {
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            (Some(max_unavailable.to_string()), Some(max_surge.to_string()))
        }
        UpdateStrategy::OnDelete => (None, None),
    };
    Some(DaemonSetEntry {
        namespace: daemon_set.meta.key.namespace.to_string(),
        name: daemon_set.meta.key.name.to_string(),
        uid: daemon_set.meta.uid.to_string(),
        generation: daemon_set.meta.generation,
        observed_generation: daemon_set.status.observed_generation,
        strategy: daemon_set.strategy.kind(),
        max_unavailable,
        max_surge,
        min_ready_seconds: daemon_set.min_ready_seconds,
        paused: daemon_set.is_paused(),
        deleting: daemon_set.meta.deleting.is_some(),
        rollout: rollout(inventory, slot).map_or("unknown", |rollout| rollout.state.name()),
        current_revision: revision.map(|revision| revision.hash.to_string()),
        revision: revision.map(|revision| revision.revision),
        status: Counts::from(&daemon_set.status),
        computed: inventory.computed(slot),
    })
}

fn node(inventory: &Inventory, column: &Column) -> NodeEntry {
    let readable = inventory.is_complete(&crate::domain::event::Watch {
        kind: crate::domain::event::WatchKind::Nodes,
        scope: crate::domain::event::Scope::Cluster,
    });
    NodeEntry {
        name: column.name.to_string(),
        exists: readable.then_some(column.node.is_some()),
        // A node that is gone is neither; one that may not be read is not known.
        ready: readable.then(|| column.node.as_ref().is_some_and(crate::domain::object::Node::is_ready)),
        unschedulable: readable.then(|| column.node.as_ref().is_some_and(|node| node.unschedulable)),
    }
}

/// A cell with what refuses, stops or ails; where `allowing`, also with what allows.
fn cell(view: &CellView<'_>, allowing: bool) -> CellEntry {
    let known = view.knowledge == Knowledge::Complete;
    CellEntry {
        daemon_set: view.row.daemon_set.meta.key.to_string(),
        node: view.column.name.to_string(),
        state: view.cell.state,
        should_run: known.then_some(view.cell.run),
        should_continue: known.then_some(view.cell.keep),
        reasons: reasons(view, allowing),
        pods: view.pods.iter().map(|entry| pod(view, entry)).collect(),
    }
}

fn pod(view: &CellView<'_>, pod: &Pod) -> PodEntry {
    let status = PodStatus::of(pod);
    PodEntry {
        name: pod.meta.key.name.to_string(),
        uid: pod.meta.uid.to_string(),
        revision: pod.revision.as_ref().map(ToString::to_string),
        ready: pod.ready,
        available: view.is_available(pod),
        updated: view.is_updated(pod),
        status: status.word,
        restarts: status.restarts,
        terminating: pod.is_deleting(),
        created_at: pod.meta.created,
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
    use crate::domain::text::Text;

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    /// One DaemonSet, a node with its pod, a node that is not wanted.
    fn snapshot(nodes_readable: bool) -> Snapshot {
        let mut inventory = Inventory::new("2026-01-02T03:04:05.678Z".parse().unwrap());
        let labels = json!({"controller-revision-hash": "abc"});
        let owner = json!([{"kind": "DaemonSet", "name": "d", "uid": "u", "controller": true}]);
        inventory.apply(ClusterEvent::DaemonSets(Change::Replaced(
            Scope::Cluster,
            vec![read(json!({
                "metadata": {"name": "d", "namespace": "ns", "uid": "u", "generation": 3},
                "spec": {"template": {"spec": {"nodeSelector": {"pool": "a"}}}},
                "status": {"observedGeneration": 3, "desiredNumberScheduled": 1, "currentNumberScheduled": 1},
            }))],
        )));
        inventory.apply(ClusterEvent::Revisions(Change::Replaced(Scope::Cluster, vec![read(json!({
            "metadata": {"name": "d-abc", "namespace": "ns", "uid": "r", "labels": labels, "ownerReferences": owner},
            "revision": 7,
        }))])));
        let node = |name: &str, pool: &str| {
            read(json!({
                "metadata": {"name": name, "uid": name, "labels": {"pool": pool}},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }))
        };
        inventory.apply(if nodes_readable {
            ClusterEvent::Nodes(Change::Replaced(Scope::Cluster, vec![node("n1", "a"), node("n2", "b")]))
        } else {
            let watch = Watch { kind: WatchKind::Nodes, scope: Scope::Cluster };
            ClusterEvent::Link(watch, LinkState::Denied { why: Text::new("no") })
        });
        inventory.apply(ClusterEvent::Pods(Change::Replaced(Scope::Cluster, vec![read(json!({
            "metadata": {"name": "p", "namespace": "ns", "uid": "p", "labels": labels, "ownerReferences": owner,
                         "creationTimestamp": "2026-01-02T03:00:00Z"},
            "spec": {"nodeName": "n1", "containers": [{"name": "main"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                       "containerStatuses": [{"name": "main", "ready": true, "restartCount": 2, "state": {"running": {}}}]},
        }))])));
        Snapshot { inventory, complete: nodes_readable, warnings: Vec::new() }
    }

    fn made(snapshot: &Snapshot, keep: impl Fn(Cell) -> bool) -> Value {
        let rows: Vec<RowSlot> = snapshot.inventory.rows().map(|(slot, _)| slot).collect();
        serde_json::to_value(document("prod", snapshot, &rows, keep)).unwrap()
    }

    #[test]
    fn the_document_is_the_contract() {
        let counts = |ready: u32| {
            json!({"desired": 1, "current": 1, "ready": ready, "upToDate": ready, "available": ready,
                   "unavailable": 0, "misscheduled": 0})
        };
        let wanted = |cell: Cell| cell.state != CellState::Excluded;
        assert_eq!(
            made(&snapshot(true), wanted),
            json!({
                "apiVersion": "dsgrid.dev/v1", "kind": "Grid", "context": "prod",
                "takenAt": "2026-01-02T03:04:05Z", "complete": true,
                "daemonSets": [{
                    "namespace": "ns", "name": "d", "uid": "u", "generation": 3, "observedGeneration": 3,
                    "strategy": "RollingUpdate", "maxUnavailable": "1", "maxSurge": "0", "minReadySeconds": 0,
                    "paused": false, "deleting": false, "rollout": "stale", "currentRevision": "abc", "revision": 7,
                    "status": counts(0), "computed": counts(1),
                }],
                "nodes": [
                    {"name": "n1", "exists": true, "ready": true, "unschedulable": false},
                    {"name": "n2", "exists": true, "ready": true, "unschedulable": false},
                ],
                "cells": [{
                    "daemonSet": "ns/d", "node": "n1", "state": "ready", "shouldRun": true, "shouldContinue": true,
                    "reasons": [],
                    "pods": [{
                        "name": "p", "uid": "p", "revision": "abc", "ready": true, "available": true,
                        "updated": true, "status": "Running", "restarts": 2, "terminating": false,
                        "createdAt": "2026-01-02T03:00:00Z",
                    }],
                }],
                "warnings": [],
            })
        );
    }

    #[test]
    fn all_adds_the_excluded_cells_with_their_reason() {
        let document = made(&snapshot(true), |_| true);
        let excluded = &document["cells"][1];
        assert_eq!((&excluded["node"], &excluded["state"]), (&json!("n2"), &json!("excluded")));
        assert_eq!(excluded["reasons"][0]["rule"], "nodeSelector");
    }

    #[test]
    fn what_may_not_be_read_is_null_and_every_key_is_there() {
        let document = made(&snapshot(false), |_| true);
        assert_eq!(
            document["nodes"],
            json!([{"name": "n1", "exists": null, "ready": null, "unschedulable": null}])
        );
        let cell = &document["cells"][0];
        assert_eq!((&cell["shouldRun"], &cell["shouldContinue"]), (&Value::Null, &Value::Null));
        assert_eq!(document["daemonSets"][0].get("computed"), Some(&Value::Null));
        assert_eq!(document["complete"], false);
    }
}
