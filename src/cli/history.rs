//! `dsgrid history`: the revisions of a DaemonSet, one of them, or what differs between two.

use super::args::{AnswerFormat, Global, HistoryArgs};
use super::document::{difference, history as document};
use super::failure::{Failure, Outcome};
use super::print;
use super::table::Table;
use super::target::{self, Target};
use crate::domain::age::age;
use crate::domain::diff::{DiffLine, LineKind, diff, near};
use crate::domain::history::{Entry, history};
use crate::domain::id::ObjectKey;

/// So many equal lines stand around a change.
const CONTEXT: usize = 3;

/// Runs the command.
pub(super) async fn run(global: &Global, args: &HistoryArgs) -> Result<Outcome, Failure> {
    if args.diff.len() > 2 {
        let why = format!("--diff compares two revisions, and {} are given", args.diff.len());
        return Err(Failure::Usage(why));
    }
    let Target { connection, snapshot, row, .. } = target::find(global, "history", &args.daemon_set).await?;
    for warning in &snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    let inventory = &snapshot.inventory;
    let daemon_set = &inventory.row(row).expect("it was just found").daemon_set;
    let key = &daemon_set.meta.key;
    let revisions = connection.revisions_json(key, &daemon_set.selector.to_string()).await?;
    let entries = history(&revisions, inventory, row);
    let json = args.output == AnswerFormat::Json;

    if let [from, others @ ..] = args.diff.as_slice() {
        let from = choose(&entries, *from, key)?;
        let to = match others {
            [to, ..] => choose(&entries, *to, key)?,
            [] => current(&entries, key)?,
        };
        let lines = diff(&from.template.yaml(true), &to.template.yaml(true));
        if json {
            let numbers = (from.revision, to.revision);
            print::json(&difference(&connection.context, &snapshot, key, numbers, lines))?;
        } else {
            show_diff(global, from, to, &lines)?;
        }
        return Ok(Outcome::Done);
    }
    let chosen = match args.revision {
        Some(revision) => vec![choose(&entries, revision, key)?],
        None => entries.iter().collect(),
    };
    match (chosen.as_slice(), args.revision) {
        (chosen, _) if json => print::json(&document(&connection.context, &snapshot, key, chosen))?,
        ([one], Some(_)) => print::data(&(one.template.yaml(true).join("\n") + "\n"))?,
        ([], _) => print::note(&format!("{key} has no revisions yet")),
        (chosen, _) => {
            let mut table = Table::new(&["REVISION", "AGE", "NODES", "IMAGES", "CHANGE-CAUSE"]);
            for entry in chosen {
                let current = if entry.is_current { " (current)" } else { "" };
                let images: Vec<&str> = entry.images.iter().map(AsRef::as_ref).collect();
                let cause = if entry.change_cause.is_empty() { "<none>" } else { &entry.change_cause };
                table.push(vec![
                    format!("{}{current}", entry.revision),
                    age(entry.created, inventory.now()),
                    entry.nodes.len().to_string(),
                    images.join(","),
                    cause.to_owned(),
                ]);
            }
            print::data(&table.render())?;
        }
    }
    Ok(Outcome::Done)
}

fn choose<'a>(entries: &'a [Entry], revision: i64, key: &ObjectKey) -> Result<&'a Entry, Failure> {
    entries.iter().find(|entry| entry.revision == revision).ok_or_else(|| {
        let known: Vec<String> = entries.iter().map(|entry| entry.revision.to_string()).collect();
        let there = match known.as_slice() {
            [] => "it has none yet".to_owned(),
            [one] => format!("there is {one}"),
            [most @ .., last] => format!("there are {} and {last}", most.join(", ")),
        };
        Failure::Usage(format!("{key} has no revision {revision}; {there}"))
    })
}

fn current<'a>(entries: &'a [Entry], key: &ObjectKey) -> Result<&'a Entry, Failure> {
    entries.iter().find(|entry| entry.is_current).ok_or_else(|| {
        Failure::Usage(format!(
            "the current revision of {key} is not known, because its controller has not seen the newest spec; name two revisions"
        ))
    })
}

fn show_diff(global: &Global, from: &Entry, to: &Entry, lines: &[DiffLine]) -> Result<(), Failure> {
    let lines = near(lines, CONTEXT);
    if lines.is_empty() {
        print::note(&format!("the templates of revisions {} and {} are equal", from.revision, to.revision));
        return Ok(());
    }
    let colour = print::has_colour(global.color);
    let mut text = format!("--- revision {}\n+++ revision {}\n", from.revision, to.revision);
    for line in &lines {
        let words = match line.kind {
            LineKind::Skipped => format!("@@ {} @@", line.text),
            kind => format!("{}{}", kind.mark(), line.text),
        };
        let code = match line.kind {
            LineKind::Added => "32",
            LineKind::Removed => "31",
            LineKind::Skipped => "36",
            LineKind::Same => "",
        };
        if colour && !code.is_empty() {
            text.extend(["\u{1b}[", code, "m", &words, "\u{1b}[0m\n"]);
        } else {
            text.push_str(&words);
            text.push('\n');
        }
    }
    print::data(&text)?;
    Ok(())
}
