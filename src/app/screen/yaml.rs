//! An object as the server has it now.

use super::events::absence;
use crate::app::model::Model;
use crate::app::page::Page;
use crate::domain::id::ObjectRef;
use crate::domain::inquiry::{Answer, Inquiry};

/// The lines of the object; none when it is gone.
pub(super) fn page(model: &Model, object: &ObjectRef, with_managed_fields: bool) -> Option<Page> {
    let mut page = Page::new(format!("{object}, YAML"));
    let inquiry = Inquiry::Object(object.clone());
    match model.answers.get(&inquiry) {
        Some(Answer::Object(None)) => return None,
        Some(Answer::Object(Some(raw))) => {
            if let Some(words) = model.answers.failure(&inquiry) {
                page.problem(format!("as it was, it could not be read again: {words}"));
            }
            for line in raw.yaml(with_managed_fields) {
                page.raw(line);
            }
        }
        _ => {
            let (kind, words) = absence(model, &inquiry, &object.to_string());
            page.say(kind, words);
        }
    }
    Some(page)
}
