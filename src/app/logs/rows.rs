//! One line of a log as rows of the screen: wrapped or moved sideways, JSON folded or spread.

use unicode_width::UnicodeWidthChar;

use crate::app::search::Search;
use crate::domain::log::{Entry, Level, LineKey, StreamId, Style, fold, pretty};

/// A tab is as wide as so many columns, wherever it stands.
const TAB: usize = 4;

/// The columns before the words of a note.
pub const NOTE_MARGIN: usize = 3;

/// How lines that are JSON are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonMode {
    /// The message first, then `key=value`.
    #[default]
    Folded,
    /// Over many lines.
    Pretty,
    /// As they came.
    Plain,
}

impl JsonMode {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Folded => Self::Pretty,
            Self::Pretty => Self::Plain,
            Self::Plain => Self::Folded,
        }
    }

    /// What it does, for a message.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Folded => "JSON lines are folded: message first",
            Self::Pretty => "JSON lines are spread over many lines",
            Self::Plain => "JSON lines are shown as they came",
        }
    }
}

/// A row of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a row")]
pub struct LogRow {
    /// Of which line.
    pub key: LineKey,
    /// Of which stream.
    pub stream: StreamId,
    /// Whether it is the line's first.
    pub is_first: bool,
    /// When the line was printed, of the day; empty in all rows but the first, and where times are not shown.
    pub time: String,
    /// Its text in parts of one style.
    pub parts: Vec<(String, Style)>,
    /// How bad the line is.
    pub level: Option<Level>,
    /// Whether lines before it are left out.
    pub is_after_gap: bool,
    /// Said by dsgrid.
    pub is_note: bool,
    /// Whether the cursor is on it.
    pub is_cursor: bool,
    /// Whether its line is marked.
    pub is_marked: bool,
}

/// How lines become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Columns for the text.
    pub width: usize,
    /// Whether long lines go on in the next row.
    pub wraps: bool,
    /// So many columns are left of the screen, where lines are not wrapped.
    pub left: usize,
    /// How JSON is shown.
    pub json: JsonMode,
}

type Parts = Vec<(String, Style)>;

/// The rows of a line; never none.
pub(super) fn rows(entry: &Entry, form: Form) -> Vec<Parts> {
    let mark = match entry.cut {
        0 => String::new(),
        bytes => format!(" ...[{bytes} bytes cut]"),
    };
    let lines: Vec<Parts> = match anew(entry, form.json) {
        Some(lines) => lines.into_iter().map(|line| vec![(line, Style::default())]).collect(),
        None => vec![entry.parts().map(|(text, style)| (text.to_owned(), style)).collect()],
    };
    let last = lines.len() - 1;
    // Before a note stands a rule.
    let width = form.width.saturating_sub(if entry.is_note { NOTE_MARGIN } else { 0 });
    let mut rows = Vec::new();
    for (at, mut line) in lines.into_iter().enumerate() {
        if at == last && !mark.is_empty() {
            line.push((mark.clone(), Style { bold: true, ..Style::default() }));
        }
        if form.wraps {
            rows.extend(wrap(&line, width));
        } else {
            rows.push(slice(&line, form.left, width));
        }
    }
    rows
}

/// A line that is shown otherwise than it came; none where it is shown as it is.
fn anew(entry: &Entry, json: JsonMode) -> Option<Vec<String>> {
    let is_json = entry.text.starts_with('{') && !entry.is_note;
    match json {
        JsonMode::Folded if is_json => {
            // Colours alone would not say how bad it is on every screen, nor to everybody.
            let level = entry.level.map(|level| format!("{:5} ", level.word())).unwrap_or_default();
            Some(vec![format!("{level}{}", fold(&entry.text)?)])
        }
        JsonMode::Pretty if is_json => pretty(&entry.text),
        _ => None,
    }
}

/// Whether a search finds a line: as it came, or as it is shown.
pub(super) fn is_match(entry: &Entry, search: &Search, json: JsonMode) -> bool {
    search.is_match(&entry.text)
        || anew(entry, json).is_some_and(|lines| lines.iter().any(|line| search.is_match(line)))
}

/// Rows of at most `width` columns, broken anywhere: a log has no words to keep whole.
fn wrap(line: &Parts, width: usize) -> Vec<Parts> {
    let width = width.max(TAB);
    let mut rows: Vec<Parts> = vec![Vec::new()];
    let mut used = 0;
    for (text, style) in line {
        for character in text.chars() {
            let wide = columns(character);
            if used + wide > width {
                rows.push(Vec::new());
                used = 0;
            }
            used += wide;
            put(rows.last_mut().expect("there is always a row"), character, *style);
        }
    }
    rows
}

/// The columns from `left` on.
fn slice(line: &Parts, left: usize, width: usize) -> Parts {
    let (mut column, mut row) = (0, Vec::new());
    for (text, style) in line {
        for character in text.chars() {
            let wide = columns(character);
            if column >= left && column + wide <= left + width {
                put(&mut row, character, *style);
            } else if column < left && column + wide > left {
                // Half of a wide character is a space.
                put(&mut row, ' ', *style);
            }
            column += wide;
            if column > left + width {
                return row;
            }
        }
    }
    row
}

fn columns(character: char) -> usize {
    if character == '\t' { TAB } else { character.width().unwrap_or_default() }
}

/// Adds a character; a tab as spaces, which is what a screen can show.
fn put(row: &mut Parts, character: char, style: Style) {
    if row.last().is_none_or(|(_, last)| *last != style) {
        row.push((String::new(), style));
    }
    let (text, _) = row.last_mut().expect("one was just added");
    if character == '\t' { text.push_str("    ") } else { text.push(character) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::log::{Line, LogBuffer};

    fn shown(raw: &str, form: Form) -> Vec<String> {
        let mut buffer = LogBuffer::default();
        buffer.push(StreamId(0), [Line::read(raw.as_bytes(), 0)], Timestamp::UNIX_EPOCH);
        let rows = rows(buffer.get(0).unwrap(), form);
        rows.iter().map(|row| row.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_are_wrapped_or_moved_sideways() {
        let form = Form { width: 5, wraps: true, left: 0, json: JsonMode::Plain };
        assert_eq!(shown("abcdefg", form), ["abcde", "fg"]);
        assert_eq!(shown("", form), [""]);
        assert_eq!(shown("\u{1b}[31mabc\u{1b}[0mdefg", form), ["abcde", "fg"]);
        assert_eq!(shown("日本語x", form), ["日本", "語x"]);
        assert_eq!(shown("\tab", form), ["    a", "b"]);
        let form = Form { wraps: false, left: 2, ..form };
        assert_eq!(shown("abcdefghij", form), ["cdefg"]);
        assert_eq!(shown("日本語x", Form { left: 1, ..form }), [" 本語"]);
    }

    #[test]
    fn json_is_folded_spread_or_left() {
        let form = Form { width: 40, wraps: true, left: 0, json: JsonMode::Folded };
        let raw = r#"{"level":"info","msg":"hello","n":1}"#;
        assert_eq!(shown(raw, form), ["INFO  hello  n=1"]);
        assert_eq!(shown(raw, Form { json: JsonMode::Pretty, ..form }).len(), 5);
        assert_eq!(shown(raw, Form { json: JsonMode::Plain, ..form }), [raw]);
        assert_eq!(shown("{ not json", form), ["{ not json"]);
    }
}
