//! Lines leave the program: to the clipboard, to a file.

use super::say;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::notice::Notice;

pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(text) = model.logs.as_ref().and_then(|view| view.copyable()) else {
        say(model, "there is no line to copy");
        return Vec::new();
    };
    let words = match text.lines().count() {
        0 | 1 => "copied the line, if the terminal allows it (OSC 52)".to_owned(),
        lines => format!("copied {lines} lines, if the terminal allows it (OSC 52)"),
    };
    say(model, &words);
    vec![Effect::CopyToClipboard(text)]
}

/// Saves what is shown in a file of a name of its own.
pub(super) fn save(model: &mut Model) -> Vec<Effect> {
    let Some(view) = model.logs.as_ref().filter(|view| !view.buffer.is_empty()) else {
        model.notice = Some(Notice::failed("there is nothing to save", model.now));
        return Vec::new();
    };
    let name = view.streams.iter().next().map(|(_, stream)| stream.target.daemon_set.name.to_string());
    let name = format!("dsgrid-{}.log", name.unwrap_or_default());
    vec![Effect::SaveFile { name, text: view.text() }]
}
