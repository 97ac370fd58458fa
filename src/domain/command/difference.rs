//! What changed between the look on which a person decided and now, after a lost race.

use jiff::Timestamp;
use serde_json::Value;

use super::patch::annotation;
use super::subject::{STRATEGY, TEMPLATE};
use crate::domain::object::DaemonSet;
use crate::domain::pause::{self, Pause};
use crate::domain::raw::RawObject;
use crate::domain::strategy::words;
use crate::domain::text::sanitize;

/// One sentence about what is different now; none is an object that is gone.
#[must_use]
pub fn difference(before: &RawObject, now: Option<&RawObject>) -> String {
    let Some(now) = now.filter(|now| !now.value().is_null()) else {
        return "it is gone".to_owned();
    };
    let differs = |pointer: &str| before.at(pointer) != now.at(pointer);
    if differs("/metadata/uid") {
        return "it was deleted, and another one was made under its name".to_owned();
    }
    let mut changes = Vec::new();
    let deleting =
        |object: &RawObject| object.at("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null());
    if deleting(now) && !deleting(before) {
        changes.push("it is being deleted".to_owned());
    }
    if differs(STRATEGY) {
        let told = |object: &RawObject| object.at(STRATEGY).map(words).unwrap_or_default();
        let (was, is) = (told(before), told(now));
        // Limits under OnDelete, which the words leave out.
        let is = if was == is { format!("{is} with other limits") } else { is };
        changes.push(format!("its strategy was {was} and is {is}"));
    }
    changes.extend(pause_change(before, now));
    if differs(TEMPLATE) {
        changes.push(template_change(before, now));
    }
    if changes.is_empty() && differs("/metadata/generation") {
        let told =
            |object: &RawObject| object.at("/metadata/generation").map(Value::to_string).unwrap_or_default();
        changes.push(format!("its spec was edited (generation {}, was {})", told(now), told(before)));
    }
    if changes.is_empty() {
        return "nothing of it that matters is different now".to_owned();
    }
    format!("{}{}", changes.join("; "), written_by(now))
}

fn pause_change(before: &RawObject, now: &RawObject) -> Option<String> {
    let place = annotation("/metadata", pause::ANNOTATION);
    let read = |object: &RawObject| object.at(&place).and_then(Value::as_str).map(Pause::read);
    match (read(before), read(now)) {
        (was, is) if was == is && before.at(&place) == now.at(&place) => None,
        (_, Some(Pause::Saved(saved))) => Some(format!("it was paused {}", saved.words())),
        (_, Some(Pause::Unreadable)) => Some("its annotation dsgrid.dev/paused was edited".to_owned()),
        (_, None) => Some("the annotation of its pause was removed".to_owned()),
    }
}

fn template_change(before: &RawObject, now: &RawObject) -> String {
    let images = |object: &RawObject| {
        let read: Option<DaemonSet> = object.decode().ok();
        let containers = read.map(|read| read.template.containers).unwrap_or_default();
        containers.iter().map(|container| container.image.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (was, is) = (images(before), images(now));
    if was == is {
        "its pod template was edited".to_owned()
    } else {
        format!("its image was {was} and is {is}")
    }
}

/// Who wrote last, as far as the managed fields tell; the controller's status does not count.
fn written_by(now: &RawObject) -> String {
    let entries = now.at("/metadata/managedFields").and_then(Value::as_array);
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let last = entries
        .into_iter()
        .flatten()
        .filter(|entry| text(entry, "subresource").unwrap_or_default().is_empty())
        .filter_map(|entry| Some((text(entry, "time")?.parse::<Timestamp>().ok()?, text(entry, "manager")?)))
        .max();
    last.map(|(time, manager)| format!(" (last written by {} at {time})", sanitize(&manager)))
        .unwrap_or_default()
}
