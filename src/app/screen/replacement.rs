//! The replacement that this dsgrid carries out: how it stands, node by node, and what happened.

use jiff::Timestamp;

use super::Screen;
use crate::app::model::Model;
use crate::app::page::{LineKind, Page, Sign};
use crate::app::replace::{Listed, Replacing};
use crate::domain::age::{clock, human_duration};
use crate::domain::cell::CellState;
use crate::domain::id::{NodeName, Uid};
use crate::domain::replace::evidence::Evidence;
use crate::domain::replace::run::{Course, RunState};
use crate::domain::replace::work::{Step, Work};

/// The bar is so wide.
const BAR: usize = 30;
/// So many nodes in flight are shown before the list.
const FLYING: usize = 10;
/// So many of the last events are shown.
const EVENTS: usize = 40;

/// The lines; none where nothing was begun.
pub(super) fn page(model: &Model) -> Option<Page> {
    let replacing = model.replacement.as_ref()?;
    let run = replacing.run();
    let plan = run.plan();
    let mut page = Page::new(format!("replace {} by {}", plan.daemon_set.key, plan.revision_label));
    standing(&mut page, model, replacing);
    failures(&mut page, model, replacing);
    let in_flight: Vec<&Work> = replacing.in_flight().collect();
    if !in_flight.is_empty() {
        page.heading(format!("In flight ({})", in_flight.len()));
        for work in in_flight.iter().take(FLYING) {
            node(&mut page, model, replacing, work);
        }
        if in_flight.len() > FLYING {
            page.faint(format!("and {} more, in the list below", in_flight.len() - FLYING));
        }
    }
    nodes(&mut page, model, replacing);
    if !plan.apart.is_empty() {
        page.heading(format!("Set apart, left as they are ({})", plan.apart.len()));
        for apart in &plan.apart {
            page.fact(format!("{}: {}", apart.node, apart.why));
        }
    }
    page.heading("What happened, newest first");
    for event in replacing.events_since(0).0.into_iter().rev().take(EVENTS) {
        let at = event.at.strftime("%H:%M:%S");
        page.fact_or_problem(event.is_problem, format!("{at}Z {}", event.text));
    }
    Some(page)
}

/// The nodes in the plan's order, wave by wave.
fn nodes(page: &mut Page, model: &Model, replacing: &Replacing) {
    let (works, plan, listed) = (replacing.run().works(), replacing.run().plan(), replacing.listed());
    let more = if listed == Listed::All { String::new() } else { format!(": {}", listed.words()) };
    page.heading(format!("Nodes ({}){more}", works.len()));
    let mut wave = None;
    for work in works.iter().filter(|work| listed.has(work)) {
        if wave.replace(work.candidate.wave) != Some(work.candidate.wave) && plan.waves.len() > 1 {
            let of_it = works.iter().filter(|other| other.candidate.wave == work.candidate.wave);
            let (done, all) = of_it
                .fold((0, 0), |(done, all), other| (done + usize::from(other.step == Step::Done), all + 1));
            page.faint(format!("-- {} {done}/{all}", plan.waves[work.candidate.wave]));
        }
        node(page, model, replacing, work);
    }
}

/// The bar, the numbers and the reason.
fn standing(page: &mut Page, model: &Model, replacing: &Replacing) {
    let (run, now) = (replacing.run(), model.now);
    let course = run.course();
    let total = run.works().len();
    let state = run.state();
    let is_problem = matches!(state, RunState::Halted(_) | RunState::Outdated(_)) || state.needs_person();
    let why = state.why(now);
    // What somebody else replaced is skipped here, and needs nothing more.
    let is_all = course.skipped > 0 && *state == RunState::Finished;
    let is_all = is_all && run.left(&model.inventory).next().is_none();
    let words = match (why.as_str(), state.name()) {
        ("", name) if is_all => format!("{name}: nothing is left"),
        ("", name) => name.to_owned(),
        // `held by you` says it already.
        (why, name) if why.starts_with(name) => why.to_owned(),
        (why, name) => format!("{name}: {why}"),
    };
    page.fact_or_problem(is_problem, words);
    if !run.waits_for().is_empty() {
        page.problem(format!("waits: {}", run.waits_for()));
    }
    let share = (course.done * BAR).checked_div(total).unwrap_or(BAR);
    let (full, empty) = if model.settings.capabilities.unicode { ("█", "░") } else { ("#", ".") };
    page.fact(format!("{}{} {}", full.repeat(share), empty.repeat(BAR - share), numbers(&course, total)));
    let limit = run.plan().limit();
    page.fact(format!("in flight at most {limit}; {}", pace(&course, now)));
    if let Some(until) = run.plan().options.until {
        page.fact(format!("nothing is deleted after {}", clock(until, now)));
    }
    if let Some(why) = replacing.unclaimed().filter(|why| !why.is_empty()) {
        page.problem(format!("colleagues cannot see this on the DaemonSet: {why}"));
    }
    page.faint(keys(state, replacing));
}

/// What can be pressed now.
fn keys(state: &RunState, replacing: &Replacing) -> &'static str {
    match state {
        RunState::Running => "H holds it at once; X aborts it; leaving this screen (Esc) does not stop it",
        RunState::Held(hold) if hold.needs_person() => "R goes on; X aborts it",
        RunState::Held(_) => "it goes on by itself; H holds it, X aborts it",
        RunState::Halted(_) if replacing.run().harmed().next().is_some() => {
            "A lets the neighbour pass; R goes on with the others; X aborts it"
        }
        RunState::Halted(_) => "R goes on with the others; X aborts it",
        _ if replacing.is_active() => "what is in flight is followed to its end",
        _ => "over; R plans anew what is still outdated",
    }
}

fn numbers(course: &Course, total: usize) -> String {
    let mut words = vec![format!("{}/{total} done", course.done)];
    let mut add = |count: usize, word: &str| {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    };
    add(course.in_flight, "in flight");
    add(course.failed, "FAILED");
    add(course.skipped, "skipped");
    add(course.queued, "queued");
    words.join(", ")
}

fn pace(course: &Course, now: Timestamp) -> String {
    let rate = course.per_hour.map(|rate| format!("{rate:.0} nodes an hour"));
    let left = course.left.filter(|left| !left.is_zero());
    let left = left.map(|left| {
        let end = now.checked_add(left).map(|end| format!(", done about {}", clock(end, now)));
        format!("about {} left{}", human_duration(left.as_secs()), end.unwrap_or_default())
    });
    let words: Vec<String> = rate.into_iter().chain(left).collect();
    if words.is_empty() { "no estimate while it does not go on".to_owned() } else { words.join(", ") }
}

/// What is at hand of each failed pod: its last lines and events.
fn failures(page: &mut Page, model: &Model, replacing: &Replacing) {
    for work in replacing.run().works() {
        let Step::Failed(why) = &work.step else { continue };
        let node = &work.candidate.node;
        page.heading(format!("{node} failed"));
        if !replacing.run().state().why(model.now).ends_with(why.as_str()) {
            page.problem(why);
        }
        page.fact("Enter why, L its logs; if the revision is bad: d, then U goes back to the one before");
        let daemon_set = replacing.run().plan().daemon_set.uid.clone();
        page.leading(Screen::Cell { daemon_set, node: node.clone() });
        for harmed in &work.harmed {
            page.problem(format!("neighbour: {}; A lets it pass", harmed.why));
        }
        for line in replacing.evidence(node).into_iter().flat_map(Evidence::lines) {
            page.faint(line);
        }
    }
}

fn node(page: &mut Page, model: &Model, replacing: &Replacing, work: &Work) {
    let kind = match work.step {
        Step::Failed(_) => LineKind::Problem,
        Step::Queued | Step::Skipped(_) => LineKind::Faint,
        _ => LineKind::Fact,
    };
    let name = &work.candidate.node;
    let cordoned = if work.candidate.cordoned { " (cordoned)" } else { "" };
    page.say(kind, format!("  {name}{cordoned}  {}", replacing.standing(work, model.now)));
    let daemon_set = replacing.run().plan().daemon_set.uid.clone();
    if work.step.is_in_flight() {
        page.signed(Sign::InFlight);
    } else if let Some(state) = cell(model, &daemon_set, name) {
        page.signed(state);
    }
    page.leading(Screen::Cell { daemon_set, node: name.clone() });
}

fn cell(model: &Model, daemon_set: &Uid, node: &NodeName) -> Option<CellState> {
    let row = model.inventory.row(model.inventory.row_of(daemon_set)?)?;
    Some(row.cell(model.inventory.column_of(node)?)?.state)
}
