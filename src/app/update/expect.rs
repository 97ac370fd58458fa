//! What was foretold is held against what the cluster then does; what came otherwise is said.

use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::domain::expectation::{Expectation, Fate};
use crate::domain::preview::Impact;

/// So many lines of what came otherwise are kept.
const KEPT: usize = 50;

/// From now on this is to come true.
pub(super) fn add(model: &mut Model, foretold: Vec<Impact>) {
    for impact in foretold {
        let place = (impact.daemon_set_uid.clone(), impact.node.clone());
        model.expected.insert(place, Expectation { impact, since: model.now });
    }
}

/// Looks whether it has; what the cluster did otherwise becomes a line that stays. Whether anything changed.
pub(super) fn look(model: &mut Model) -> bool {
    if model.expected.is_empty() {
        return false;
    }
    let (inventory, mut otherwise) = (&model.inventory, Vec::new());
    let before = model.expected.len();
    model.expected.retain(|_, expectation| match expectation.fate(inventory) {
        Fate::Waiting => true,
        Fate::Met => false,
        Fate::Otherwise(words) => {
            otherwise.push(words);
            false
        }
    });
    if let Some(first) = otherwise.first() {
        let more = match otherwise.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more, listed under problems (!)"),
        };
        model.notice = Some(Notice::failed(format!("not as foretold: {first}{more}"), model.now));
    }
    let now = model.now;
    model.otherwise.extend(otherwise.into_iter().map(|words| (now, words)));
    let surplus = model.otherwise.len().saturating_sub(KEPT);
    model.otherwise.drain(..surplus);
    model.expected.len() != before
}
