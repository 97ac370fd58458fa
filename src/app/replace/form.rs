//! How a replacement is to go, as values to type, and what they come to as they are typed.

use jiff::tz::TimeZone;

use crate::app::dialog::Field;
use crate::app::model::Model;
use crate::app::page::Line;
use crate::domain::id::ObjectRef;
use crate::domain::replace::options::{self, Options};
use crate::domain::replace::plan::{NoPlan, Plan, plan};
use crate::domain::text::Text;

/// So many nodes are named.
const NAMED: usize = 4;

/// The values that can be changed, the most wanted first.
pub(in crate::app) fn fields(options: &Options) -> Vec<Field> {
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let groups: Vec<&str> = options.groups.iter().map(Text::as_str).collect();
    let timeout = options.ready_timeout_seconds.map(|seconds| format!("{seconds}s")).unwrap_or_default();
    let until = options.until.map(|at| at.to_string()).unwrap_or_default();
    vec![
        Field::value("in flight at once", options.max_in_flight.to_string(), "like 3 or 10%"),
        Field::value("canaries before the rest", options.canary.to_string(), "how many nodes"),
        Field::value("soak", format!("{}s", options.soak_seconds), "like 30s or 2m"),
        Field::value("ready within", timeout, "like 10m").or("5m, or 3 times what is usual"),
        Field::value("halt after failures", options.max_failures.to_string(), "1 halts at the first"),
        Field::value("one group after another", text(&options.group_by), "a label of nodes").or("no groups"),
        Field::value("groups in this order", groups.join(","), "like b,a").or("all, by name"),
        Field::choice("hold after each group", options.hold_between_groups),
        Field::value("wait after each group", format!("{}s", options.bake_seconds), "like 10m"),
        Field::value("delete nothing after", until, "like 04:00 here").or("no end"),
        Field::choice("unhealthy pods first of all", options.unhealthy_first),
        Field::choice("look after the node's other pods", !options.without_neighbours),
        Field::choice("also pods that would not come back", options.include_set_apart),
        Field::choice("evict, asking budgets", options.evict),
    ]
}

/// The options with the values that were typed.
///
/// # Errors
/// What is wrong with a value.
pub(in crate::app) fn filled(options: &Options, fields: &[Field], model: &Model) -> Result<Options, String> {
    let [
        in_flight,
        canary,
        soak,
        timeout,
        failures,
        group_by,
        groups,
        hold,
        bake,
        until,
        unhealthy,
        neighbours,
        apart,
        evict,
    ] = fields
    else {
        return Ok(options.clone());
    };
    let wrong = |field: &Field, why: String| format!("{}: {why}", field.label);
    let seconds = |field: &Field| options::read_seconds(&field.value).map_err(|why| wrong(field, why));
    let given = |field: &Field| !field.value.trim().is_empty();
    let groups = groups.value.split(',').map(str::trim).filter(|group| !group.is_empty()).map(Text::new);
    let max_failures = options::read_failures(&failures.value).map_err(|why| wrong(failures, why))?;
    let zone = model.settings.time_zone.clone().unwrap_or(TimeZone::UTC);
    let time = |field: &Field| {
        options::read_until(field.value.trim(), &model.now.to_zoned(zone)).map_err(|why| wrong(field, why))
    };
    let until = if given(until) { Some(time(until)?) } else { None };
    Ok(Options {
        max_in_flight: options::read_limit(&in_flight.value).map_err(|why| wrong(in_flight, why))?,
        canary: options::read_count(&canary.value).map_err(|why| wrong(canary, why))?,
        soak_seconds: seconds(soak)?,
        ready_timeout_seconds: if given(timeout) { Some(seconds(timeout)?) } else { None },
        max_failures,
        group_by: given(group_by).then(|| Text::new(group_by.value.trim())),
        groups: groups.collect(),
        hold_between_groups: hold.is_yes(),
        bake_seconds: if given(bake) { seconds(bake)? } else { 0 },
        until,
        unhealthy_first: unhealthy.is_yes(),
        without_neighbours: !neighbours.is_yes(),
        include_set_apart: apart.is_yes(),
        evict: evict.is_yes(),
        ..options.clone()
    })
}

/// What is meant: of which nodes, and who is at it already.
pub(in crate::app) fn about(model: &Model, daemon_set: &ObjectRef, options: &Options) -> Vec<Line> {
    let mut lines = vec![Line::fact(match options.nodes.as_slice() {
        [] => "outdated pods on every node (on fewer: mark cells with Space first)".to_owned(),
        [node] => format!("only the pod on {node}"),
        many => {
            let names: Vec<&str> = many.iter().take(NAMED).map(Text::as_str).collect();
            let more = many.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("only the pods on {} nodes: {}{more}", many.len(), names.join(", "))
        }
    })];
    let row = model.inventory.row_of(&daemon_set.uid).and_then(|slot| model.inventory.row(slot));
    if let Some(claim) = row.and_then(|row| row.daemon_set.replacing.as_ref()) {
        let words = claim.words(model.now);
        lines.push(if claim.is_held(model.now) {
            Line::problem(format!("{words}; going on takes it over from them"))
        } else if claim.options == *options {
            Line::fact(format!("{words}; below is how it was begun"))
        } else {
            Line::fact(format!("{words}; this is another one"))
        });
    }
    lines
}

/// What the values come to, as they are typed; what is wrong with them, else.
pub(in crate::app) fn outlook(model: &Model, daemon_set: &ObjectRef, options: &Options) -> Vec<Line> {
    let slot = model.inventory.row_of(&daemon_set.uid);
    let planned = match slot {
        Some(slot) => plan(&model.inventory, slot, options.clone()),
        None => Err(NoPlan::NotNow(format!("{} is gone", daemon_set.key))),
    };
    match planned {
        Err(why) => vec![Line::problem(why.to_string())],
        Ok(plan) => comes_to(&plan, model),
    }
}

fn comes_to(plan: &Plan, model: &Model) -> Vec<Line> {
    let pods = if plan.candidates.len() == 1 { "pod" } else { "pods" };
    let steps = match plan.waves.len() {
        0 | 1 => String::new(),
        many => format!(" in {many} steps"),
    };
    let mut lines = vec![Line::heading(format!(
        "{} {pods} to {}{steps}, in flight {}",
        plan.candidates.len(),
        plan.revision_label,
        plan.limit()
    ))];
    if !plan.candidates.is_empty() {
        lines.push(Line::fact(plan.ending(model.now)));
    }
    match plan.apart.as_slice() {
        [] => {}
        [one] => lines.push(Line::fact(format!("left out: {}: {}", one.node, one.why))),
        [one, others @ ..] => {
            lines.push(Line::fact(format!("left out: {}: {}; and {} more", one.node, one.why, others.len())));
        }
    }
    lines
}
