//! The only place that writes to standard output and standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use serde::Serialize;

use super::args::ColorChoice;

/// Writes data to standard output.
///
/// A closed pipe is an error like any other here; [`super::failure::Failure::code`] makes it a quiet end.
pub(super) fn data(text: &str) -> io::Result<()> {
    bytes(text.as_bytes())
}

/// Writes a JSON document to standard output.
pub(super) fn json(document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)
        .expect("the documents have string keys and no failing serializers");
    data(&format!("{text}\n"))
}

/// Writes a JSON document to standard output, on one line.
pub(super) fn json_line(document: &impl Serialize) -> io::Result<()> {
    let text =
        serde_json::to_string(document).expect("the documents have string keys and no failing serializers");
    data(&format!("{text}\n"))
}

/// Whether data may be coloured: on a terminal, unless something else was asked for.
pub(super) fn has_colour(choice: Option<ColorChoice>) -> bool {
    match choice.unwrap_or_default() {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Writes bytes to standard output.
pub(super) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes a line for people to standard error; that nobody reads it is no failure.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a person can be asked: the question goes to standard error, the answer comes from standard input.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What came of a question.
pub(super) enum Reply {
    /// A line; empty where the input ended.
    Line(String),
    /// Ctrl-C.
    Interrupted,
}

/// Asks, and waits for a line or for Ctrl-C. From then on Ctrl-C ends nothing by itself.
pub(super) async fn ask(question: &str) -> io::Result<Reply> {
    let mut out = io::stderr().lock();
    write!(out, "{question} ")?;
    out.flush()?;
    drop(out);
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line.trim().to_owned())
    });
    tokio::select! {
        line = line => line.map_err(io::Error::other)?.map(Reply::Line),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            note("");
            Ok(Reply::Interrupted)
        }
    }
}

/// Whether the monitor has a terminal to draw on and to read keys from.
pub(super) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}
