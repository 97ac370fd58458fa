//! Pausing: what it stops, what it does not, and the way back.

use serde_json::json;

use crate::app::detail::DetailLine;
use crate::app::dialog::Proposal;
use crate::app::model::Model;
use crate::domain::command::{Command, Method, Verb};
use crate::domain::id::ObjectRef;
use crate::domain::raw::RawObject;
use crate::domain::text::Text;

/// What a pause would do.
pub(super) fn propose(model: &Model, daemon_set: &ObjectRef, object: &RawObject) -> Result<Proposal, String> {
    let command = command(model, daemon_set, object)?;
    let words = vec![DetailLine::fact(
        "Stops the rollout where it is: the strategy becomes OnDelete, the one it had is kept in an annotation.",
    )];
    Ok(Proposal {
        words,
        affected_title: String::new(),
        affected: Vec::new(),
        word: None,
        rehearse: false,
        before: object.clone(),
        command,
        next: vec!["resume is in the menu (a)".to_owned()],
    })
}

fn command(model: &Model, daemon_set: &ObjectRef, object: &RawObject) -> Result<Command, String> {
    let strategy = object.at("/spec/updateStrategy").ok_or("it has no updateStrategy")?;
    let saved =
        json!({"updateStrategy": strategy, "by": model.settings.user.as_str(), "at": model.now.to_string()});
    let body = json!([
        {"op": "test", "path": "/metadata/uid", "value": daemon_set.uid.to_string()},
        {"op": "test", "path": "/spec/updateStrategy", "value": strategy},
        {"op": "add", "path": "/metadata/annotations/dsgrid.dev~1paused", "value": saved.to_string()},
        {"op": "replace", "path": "/spec/updateStrategy/type", "value": "OnDelete"},
    ]);
    Ok(Command {
        verb: Verb::Pause,
        target: daemon_set.clone(),
        method: Method::JsonPatch,
        body: body.to_string(),
        from: Text::new(&strategy.to_string()),
        to: Text::new("OnDelete"),
    })
}
