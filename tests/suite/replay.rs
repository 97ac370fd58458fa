//! Every recording replayed: what dsgrid computes is what the real controller computed, at every mark.

use std::collections::BTreeMap;

use dsgrid::domain::age::age;
use dsgrid::domain::counts::Counts;
use dsgrid::domain::id::ObjectKey;
use dsgrid::domain::inventory::Inventory;
use dsgrid::domain::object::Pod;
use dsgrid::domain::pod_status::PodStatus;
use dsgrid::domain::text::Text;

use crate::support::recording::{self, Mark, Player};

/// What was held against what.
#[derive(Debug, Default)]
struct Score {
    marks: usize,
    counters: usize,
    stale: usize,
    cells: usize,
    pod_rows: usize,
    node_rows: usize,
    mismatches: Vec<String>,
}

impl Score {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.mismatches.push(what());
        }
    }

    fn mark(&mut self, place: &str, inventory: &Inventory, mark: &Mark) {
        self.marks += 1;
        self.counters(place, inventory, mark);
        self.cells(place, inventory);
        self.pods(place, inventory, mark);
        self.nodes(place, inventory, mark);
    }

    /// Synced: every counter is the controller's. Otherwise a difference is a stale status, and the row says so.
    fn counters(&mut self, place: &str, inventory: &Inventory, mark: &Mark) {
        for (slot, row) in inventory.rows() {
            let name = &row.daemon_set.meta.key;
            let status = Counts::from(&row.daemon_set.status);
            let computed = inventory.computed(slot).expect("everything is known");
            self.counters += 7;
            let differences = status.differences(&computed);
            if mark.synced {
                self.check(status == computed, || format!("{place} {name}: {status:?} is not {computed:?}"));
            } else {
                self.stale += differences.len();
                let named = row.stale_since.is_some() != differences.is_empty();
                self.check(named, || format!("{place} {name}: stale {differences:?} is not named"));
            }
        }
        let table = &mark.tables["daemonsets"];
        self.check(table.rows.len() == inventory.rows().count(), || format!("{place}: other DaemonSets"));
    }

    /// The cluster is quiet, so the controller has acted on every verdict: a pod where one should run, none where none
    /// may stay.
    fn cells(&mut self, place: &str, inventory: &Inventory) {
        for (row_slot, row) in inventory.rows() {
            for (column_slot, column) in inventory.columns().filter(|(_, column)| column.node.is_some()) {
                let view = inventory.view(row_slot, column_slot).expect("a cell");
                let staying = view.pods.iter().any(|pod| !pod.is_deleting());
                let cell = row.cell(column_slot).expect("a cell");
                self.cells += 1;
                self.check(cell == view.cell, || format!("{place}: a cell was not computed again"));
                let holds = (!cell.run || cell.occupied) && (cell.keep || !staying);
                self.check(holds, || {
                    let name = &row.daemon_set.meta.key;
                    format!("{place} {name} on {}: {cell:?}, staying {staying}", column.name)
                });
            }
        }
    }

    fn pods(&mut self, place: &str, inventory: &Inventory, mark: &Mark) {
        let now = inventory.now();
        let pods: BTreeMap<&ObjectKey, &Pod> = inventory
            .rows()
            .flat_map(|(slot, _)| inventory.pods_of(slot))
            .map(|pod| (&pod.meta.key, pod))
            .collect();
        let table = &mark.tables["pods"];
        for row in &table.rows {
            let key = ObjectKey {
                namespace: Text::new(row.object.namespace.as_deref().unwrap_or_default()),
                name: Text::new(&row.object.name),
            };
            let Some(pod) = pods.get(&key) else {
                // Orphaned pods have no DaemonSet to stand in.
                self.check(place.contains("orphan"), || format!("{place}: pod {key} is missing"));
                continue;
            };
            self.pod_rows += 1;
            let status = PodStatus::of(pod);
            let ours = [
                status.ready_text(),
                status.word.clone(),
                status.restarts_text(now),
                age(pod.meta.created, now),
            ];
            let theirs = ["Ready", "Status", "Restarts", "Age"].map(|column| table.cell(row, column));
            self.check(ours == theirs, || format!("{place} {key}: {ours:?} is not {theirs:?}"));
        }
        self.check(pods.len() <= table.rows.len(), || format!("{place}: pods that the server does not have"));
    }

    fn nodes(&mut self, place: &str, inventory: &Inventory, mark: &Mark) {
        let table = &mark.tables["nodes"];
        for row in &table.rows {
            let slot = inventory.column_of(&row.object.name.as_str().into());
            let Some(node) = slot.and_then(|s| inventory.column_at(s)).and_then(|c| c.node.as_ref()) else {
                self.mismatches.push(format!("{place}: node {} is missing", row.object.name));
                continue;
            };
            self.node_rows += 1;
            let roles = node.roles().join(",");
            let ours = [node.status_word(), if roles.is_empty() { "<none>".to_owned() } else { roles }];
            let theirs = ["Status", "Roles"].map(|column| table.cell(row, column));
            self.check(ours == theirs, || {
                format!("{place} node {}: {ours:?} is not {theirs:?}", row.object.name)
            });
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are quoted where the work is reported")]
fn every_recording_agrees_with_the_real_controller() {
    let mut score = Score::default();
    let recordings = recording::all();
    assert_eq!(recordings.len(), 12);
    for path in &recordings {
        let file = path.file_name().expect("a file").to_string_lossy().into_owned();
        let mut player = Player::default();
        for line in recording::lines(path) {
            if let Some(mark) = player.play(&line) {
                let place = format!("{file} {}{}", mark.name, if mark.synced { " (synced)" } else { "" });
                score.mark(&place, &player.inventory, &mark);
            }
        }
    }
    println!(
        "replayed {} recordings: {} marks, {} counters ({} stale, all named), {} cells, {} pod rows, {} node rows, {} mismatches",
        recordings.len(),
        score.marks,
        score.counters,
        score.stale,
        score.cells,
        score.pod_rows,
        score.node_rows,
        score.mismatches.len()
    );
    assert!(score.mismatches.is_empty(), "{}", score.mismatches.join("\n"));
    assert!(
        score.marks == 62 && score.stale > 0 && score.cells > 5_000 && score.pod_rows > 3_000,
        "{score:?}"
    );
}
