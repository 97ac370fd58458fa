//! What was asked once, told on a page: events, and words for what has not come.

use crate::app::model::Model;
use crate::app::page::{EVENTS, LineKind, Page};
use crate::domain::age::age;
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer, Inquiry};
use crate::domain::object::Event;

/// Words for an answer that is not there: why it failed, or that it is on its way.
pub(super) fn absence(model: &Model, inquiry: &Inquiry, what: &str) -> (LineKind, String) {
    match model.answers.failure(inquiry) {
        Some(words) => (LineKind::Problem, format!("{what} cannot be told: {words}")),
        None => (LineKind::Faint, format!("asking for {what}...")),
    }
}

/// The events about an object that have come, oldest first.
pub(super) fn events_of<'a>(model: &'a Model, object: &ObjectRef) -> &'a [Event] {
    match model.answers.get(&Inquiry::Events(object.clone())) {
        Some(Answer::Events(events)) => events,
        _ => &[],
    }
}

/// The events about some objects, newest last and each once; in place of those that are not there, why.
pub(super) fn events(model: &Model, page: &mut Page, about: &[ObjectRef]) {
    page.heading(EVENTS);
    let mut all: Vec<&Event> = about.iter().flat_map(|object| events_of(model, object)).collect();
    let mut is_whole = true;
    for object in about {
        let inquiry = Inquiry::Events(object.clone());
        if model.answers.get(&inquiry).is_none() || model.answers.failure(&inquiry).is_some() {
            is_whole = false;
            let (kind, words) = absence(model, &inquiry, &format!("events of {object}"));
            page.say(kind, words);
        }
    }
    all.sort_by_key(|event| event.last_seen);
    let mut shown: Vec<&Event> = Vec::new();
    for event in all.iter().rev() {
        if !shown.iter().any(|other| other.reason == event.reason && other.message == event.message) {
            shown.push(event);
        }
    }
    for event in shown.iter().rev() {
        page.fact_or_problem(event.is_warning, words(model, event));
    }
    if shown.is_empty() && is_whole {
        page.faint("none; the server forgets events after a while, mostly an hour");
    }
}

fn words(model: &Model, event: &Event) -> String {
    let often = if event.count > 1 { format!(" ({} times)", event.count) } else { String::new() };
    let by = if event.component.is_empty() { String::new() } else { format!("  ({})", event.component) };
    format!("{} ago  {}{often}: {}{by}", age(event.last_seen, model.now), event.reason, event.message)
}
