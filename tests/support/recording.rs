//! Recordings of a real control plane: read, and fed to an inventory.
//!
//! `tests/recordings/NN-name.jsonl.gz` holds JSON lines in the order in which they were received: `START` (the wall
//! clock at 0), one `LIST` a resource, watch events, `COMMAND`s, and `MARK`s with the server's own tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use dsgrid::domain::event::{Change, ClusterEvent, Scope};
use dsgrid::domain::inventory::Inventory;
use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A line of a recording.
#[derive(Deserialize)]
pub struct Line {
    /// Seconds since the start.
    pub at: f64,
    /// The resource, for lists and watch events.
    #[serde(default)]
    pub resource: String,
    /// What kind of line.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it carries.
    pub object: Box<RawValue>,
}

/// A point at which the cluster was quiet, with what the server printed.
#[derive(Deserialize)]
pub struct Mark {
    /// Its name; each name comes twice.
    pub name: String,
    /// Whether every DaemonSet was counted anew just before.
    pub synced: bool,
    /// The server's tables, by resource.
    pub tables: BTreeMap<String, Table>,
}

/// A table of the server.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    column_definitions: Vec<ColumnDefinition>,
    /// The rows.
    pub rows: Vec<TableRow>,
}

#[derive(Deserialize)]
struct ColumnDefinition {
    name: String,
}

/// A row of a table.
#[derive(Deserialize)]
pub struct TableRow {
    cells: Vec<serde_json::Value>,
    /// The object's name.
    pub object: TableObject,
}

/// The object of a row.
#[derive(Deserialize)]
pub struct TableObject {
    /// The namespace; none for nodes.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl Table {
    /// A printed cell, by the column's name.
    pub fn cell(&self, row: &TableRow, column: &str) -> String {
        let at = self.column_definitions.iter().position(|c| c.name == column).expect("the column is there");
        match &row.cells[at] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The recordings, by name.
pub fn all() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the recordings are there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    files
}

/// The lines of a recording.
pub fn lines(path: &PathBuf) -> impl Iterator<Item = Line> {
    let file = File::open(path).expect("the recording opens");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("readable")).expect("a line of a recording"))
}

/// A recording being played into an inventory.
pub struct Player {
    /// What has been learnt so far.
    pub inventory: Inventory,
    start: Timestamp,
}

impl Default for Player {
    fn default() -> Self {
        Self { inventory: Inventory::new(Timestamp::UNIX_EPOCH), start: Timestamp::UNIX_EPOCH }
    }
}

impl Player {
    /// Plays one line; a mark is handed back.
    pub fn play(&mut self, line: &Line) -> Option<Mark> {
        let raw = line.object.get();
        if line.kind == "START" {
            let text: String = serde_json::from_str(raw).expect("a time");
            self.start = text.parse().expect("a time");
        }
        self.inventory.advance(self.start + SignedDuration::from_secs_f64(line.at));
        if line.kind == "MARK" {
            return Some(serde_json::from_str(raw).expect("a mark"));
        }
        if let Some(event) = event(line) {
            self.inventory.apply(event);
        }
        None
    }
}

/// What a line says of the cluster, if it does.
pub fn event(line: &Line) -> Option<ClusterEvent> {
    match line.resource.as_str() {
        "daemonsets" => change(line).map(ClusterEvent::DaemonSets),
        "nodes" => change(line).map(ClusterEvent::Nodes),
        "pods" => change(line).map(ClusterEvent::Pods),
        "controllerrevisions" => change(line).map(ClusterEvent::Revisions),
        _ => None,
    }
}

fn change<T: DeserializeOwned>(line: &Line) -> Option<Change<T>> {
    #[derive(Deserialize)]
    struct List<T> {
        items: Vec<T>,
    }
    let raw = line.object.get();
    Some(match line.kind.as_str() {
        "LIST" => {
            Change::Replaced(Scope::Cluster, serde_json::from_str::<List<T>>(raw).expect("a list").items)
        }
        "ADDED" | "MODIFIED" => Change::Applied(serde_json::from_str(raw).expect("an object")),
        "DELETED" => Change::Deleted(serde_json::from_str(raw).expect("an object")),
        _ => return None,
    })
}
