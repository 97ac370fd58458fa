//! The document of `journal`.

use jiff::Timestamp;
use serde::Serialize;

use super::API_VERSION;
use crate::domain::journal::Record;

/// What dsgrid changed or tried to change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JournalDocument<'a> {
    api_version: &'static str,
    kind: &'static str,
    /// The only context asked for; empty for all.
    context: &'a str,
    taken_at: Timestamp,
    complete: bool,
    entries: &'a [Record],
    warnings: [&'static str; 0],
}

/// Makes the document.
pub(in crate::cli) fn journal<'a>(
    context: &'a str,
    entries: &'a [Record],
    now: Timestamp,
) -> JournalDocument<'a> {
    JournalDocument {
        api_version: API_VERSION,
        kind: "Journal",
        context,
        taken_at: now,
        complete: true,
        entries,
        warnings: [],
    }
}
