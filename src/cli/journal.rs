//! `dsgrid journal`: what dsgrid changed or tried to change from this account.

use jiff::{SignedDuration, Timestamp};

use super::args::{AnswerFormat, Global, JournalArgs};
use super::document;
use super::failure::{Failure, Outcome};
use super::paths::Paths;
use super::print;
use super::table::Table;
use crate::domain::age::human_duration;
use crate::domain::journal::Record;

/// Runs the command; it needs no cluster.
pub(super) fn run(global: &Global, args: &JournalArgs) -> Result<Outcome, Failure> {
    let now = Timestamp::now();
    let back = SignedDuration::try_from(args.since).ok().filter(|back| !back.is_zero());
    let since = back.and_then(|back| now.checked_sub(back).ok());
    let journal = Paths::journal();
    let mut records =
        journal.read(since).map_err(|error| Failure::Usage(format!("cannot read the journal: {error}")))?;
    let context = global.connect_options().context;
    records.retain(|record| context.as_ref().is_none_or(|context| record.context == context.as_str()));
    records.retain(|record| {
        global.namespace.as_ref().is_none_or(|namespace| record.namespace == namespace.as_str())
    });
    if args.output == AnswerFormat::Json {
        print::json(&document::journal(context.as_deref().unwrap_or_default(), &records, now))?;
        return Ok(Outcome::Done);
    }
    if records.is_empty() {
        let span =
            back.map_or(String::new(), |back| format!(" in the last {}", human_duration(back.as_secs())));
        let more = if back.is_some() { "; --since 0 shows everything" } else { "" };
        print::note(&format!("nothing was changed from this account{span}{more}"));
        return Ok(Outcome::Done);
    }
    let mut table =
        Table::new(&["WHEN", "CLUSTER", "USER", "WHAT", "OBJECT", "FROM -> TO", "OUTCOME", "BACK"]);
    for record in &records {
        table.push(row(record));
    }
    print::data(&table.render())?;
    Ok(Outcome::Done)
}

fn row(record: &Record) -> Vec<String> {
    vec![
        record.when.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        record.cluster(),
        record.user.to_string(),
        record.verb.to_string(),
        record.object(),
        record.change(),
        record.result(),
        record.back().join("; "),
    ]
}
