//! What dsgrid changed or tried to change from this account, newest last.

use super::events::absence;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::age::age;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::journal::Record;

/// The lines.
pub(super) fn page(model: &Model) -> Page {
    let mut page = Page::new("Journal: what dsgrid changed or tried to change from this account");
    let Some(Answer::Journal(records)) = model.answers.get(&Inquiry::Journal) else {
        let (kind, words) = absence(model, &Inquiry::Journal, "the journal");
        page.heading("Newest last");
        page.say(kind, words);
        return page;
    };
    page.heading(format!("Newest last ({})", records.len()));
    if records.is_empty() {
        page.faint("nothing was changed from this account yet");
    }
    for record in records {
        page.fact_or_problem(record.is_failure(), words(model, record));
        for command in record.back() {
            page.faint(format!("  back: {command}"));
        }
    }
    page
}

fn words(model: &Model, record: &Record) -> String {
    let when = record.when.strftime("%Y-%m-%d %H:%M:%SZ");
    let context = if record.context == model.settings.context {
        String::new()
    } else {
        format!(" in {}", record.context)
    };
    let ago = age(Some(record.when), model.now);
    let user = if record.user.is_empty() { &record.by } else { &record.user };
    let change = prefixed(": ", &record.change());
    format!(
        "{when} ({ago} ago) {} {}{context} by {user}{change}; {}",
        record.verb,
        record.object(),
        record.result()
    )
}

fn prefixed(prefix: &str, words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("{prefix}{words}") }
}
