//! `dsgrid journal`: what was changed from this account, told to people and to scripts.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::program::{Run, dsgrid};

/// An account with a home of its own.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dsgrid-home-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("dsgrid")).expect("a folder");
        Self(path)
    }

    fn write(&self, lines: &[String]) {
        std::fs::write(self.0.join("dsgrid/journal.jsonl"), lines.join("\n")).expect("writable");
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output: Output = dsgrid(arguments).env("XDG_STATE_HOME", &self.0).output().expect("it runs");
        output.into()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn line(id: &str, when: jiff::Timestamp, outcome: &str, words: &str) -> String {
    json!({"id": id, "when": when, "context": "prod", "server": "s:443", "user": "oncall", "by": "jane@bastion",
        "verb": "pause", "kind": "DaemonSet", "namespace": "logging", "name": "fluent-bit", "uid": "u-1",
        "from": "RollingUpdate", "to": "OnDelete", "outcome": outcome, "words": words})
    .to_string()
    // The order in which it is written: the id first.
    .replace(&format!(",\"id\":\"{id}\""), "")
    .replacen('{', &format!("{{\"id\":\"{id}\","), 1)
}

#[test]
fn an_empty_journal_says_so_and_is_no_failure() {
    let home = Home::new("empty");
    let run = home.run(&["journal"]);
    assert_eq!((run.code, run.data.as_str()), (0, ""));
    assert_eq!(
        run.notes,
        "nothing was changed from this account in the last 8h; --since 0 shows everything\n"
    );
    let document: Value = serde_json::from_str(&home.run(&["journal", "-o", "json"]).data).expect("JSON");
    assert_eq!((&document["kind"], &document["entries"]), (&json!("Journal"), &json!([])));
}

#[test]
fn a_journal_is_told_to_people_and_to_scripts() {
    let home = Home::new("told");
    let now = jiff::Timestamp::now();
    let ago = |hours: i64| now - jiff::SignedDuration::from_hours(hours);
    home.write(&[
        line("old", ago(9), "done", ""),
        "a line of somebody else".to_owned(),
        line("a", ago(2), "sent", ""),
        line("b", ago(1), "sent", ""),
        line("a", ago(2), "denied", "you may not"),
        line("c", ago(1), "lostRace", "somebody changed it"),
    ]);
    let run = home.run(&["journal"]);
    assert_eq!((run.code, run.notes.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = run
        .data
        .lines()
        .map(|line| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(lines[0].join("|"), "WHEN|CLUSTER|USER|WHAT|OBJECT|FROM -> TO|OUTCOME|BACK");
    assert_eq!(
        lines[1][1..].join("|"),
        "prod (s:443)|oncall|pause|DaemonSet/fluent-bit -n logging|RollingUpdate -> OnDelete|denied: you may not"
    );
    assert_eq!(lines[2].last(), Some(&"unknown: dsgrid ended before the answer came"));
    assert_eq!(lines[3].last(), Some(&"lost race: somebody changed it"));
    assert_eq!(lines.len(), 4, "the first is older than a shift");
    assert_eq!(home.run(&["journal", "--since", "0"]).data.lines().count(), 5);
    assert_eq!(home.run(&["journal", "--context", "test"]).data, "");
    assert_eq!(home.run(&["journal", "-n", "logging"]).data.lines().count(), 4);

    let document: Value = serde_json::from_str(&home.run(&["journal", "-o", "json"]).data).expect("JSON");
    let entries = document["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 3);
    assert_eq!((&entries[0]["outcome"], &entries[0]["by"]), (&json!("denied"), &json!("jane@bastion")));
    assert_eq!(home.run(&["journal", "--since", "yesterday"]).code, 2);
}

/// What was changed on a node is taken back by the commands that the journal names.
#[test]
fn a_change_of_a_node_comes_with_what_takes_it_back() {
    let home = Home::new("back");
    let now = jiff::Timestamp::now();
    let of = |id: &str, from: &str, outcome: &str| {
        line(id, now, outcome, "")
            .replace("DaemonSet", "Node")
            .replace("\"RollingUpdate\"", &json!(from).to_string())
    };
    home.write(&[
        of("a", "pool=web green- k=v:NoSchedule x:NoExecute-", "done"),
        of("b", "schedulable", "done"),
        of("c", "pool=web", "denied"),
    ]);
    let run = home.run(&["journal"]);
    let lines: Vec<&str> = run.data.lines().collect();
    assert!(
        lines[1].ends_with(
            "dsgrid label --overwrite pool=web green- node/fluent-bit; \
             dsgrid taint --overwrite k=v:NoSchedule x:NoExecute- node/fluent-bit"
        ),
        "{}",
        run.data
    );
    assert!(lines[2].ends_with("dsgrid uncordon node/fluent-bit"), "{}", run.data);
    assert!(lines[3].ends_with("denied"), "{}", run.data);
}
