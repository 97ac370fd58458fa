//! What was foretold is held against what the cluster then does; what came otherwise is said.

use crate::app::model::Model;
use crate::app::notice::Notice;
use crate::domain::expectation::{Expectation, Fate, bystanders};
use crate::domain::id::NodeName;
use crate::domain::preview::Impact;

/// So many lines of what came otherwise are kept.
const KEPT: usize = 50;

/// From now on this is to come true.
pub(super) fn add(model: &mut Model, foretold: Vec<Impact>) {
    for impact in foretold {
        let place = (impact.daemon_set_uid.clone(), impact.node.clone());
        model.bystanders.remove(&place);
        model.expected.insert(place, Expectation { impact, since: model.now });
    }
}

/// A node is about to change: pods of which nothing was foretold are to stay.
pub(super) fn guard(model: &mut Model, node: &NodeName, foretold: &[Impact]) {
    for bystander in bystanders(&model.inventory, node, foretold, model.now) {
        let place = (bystander.daemon_set_uid.clone(), node.clone());
        if !model.expected.contains_key(&place) {
            model.bystanders.insert(place, bystander);
        }
    }
}

/// A node was not changed after all.
pub(super) fn unguard(model: &mut Model, node: &NodeName) {
    model.bystanders.retain(|(_, of), _| of != node);
}

/// Looks whether it has; what the cluster did otherwise becomes a line that stays. Whether anything changed.
pub(super) fn look(model: &mut Model) -> bool {
    if model.expected.is_empty() && model.bystanders.is_empty() {
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
    model.bystanders.retain(|_, bystander| match bystander.fate(inventory) {
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
    let (now, is_otherwise) = (model.now, !otherwise.is_empty());
    model.otherwise.extend(otherwise.into_iter().map(|words| (now, words)));
    let surplus = model.otherwise.len().saturating_sub(KEPT);
    model.otherwise.drain(..surplus);
    model.expected.len() != before || is_otherwise
}
