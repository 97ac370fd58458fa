//! A replacement is begun, driven, held and ended.

use std::collections::BTreeSet;

use super::screen;
use crate::app::action::Action;
use crate::app::effect::{Check, Effect};
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::notice::Notice;
use crate::app::replace::{Begin, Replacing, Told};
use crate::app::screen::Screen;
use crate::domain::command::{Command, Outcome, Ticket};
use crate::domain::id::{NodeName, ObjectKey, ObjectKind, ObjectRef};
use crate::domain::inquiry::Inquiry;
use crate::domain::object::Pod;
use crate::domain::replace::check::Fresh;
use crate::domain::replace::claim::Claim;
use crate::domain::replace::evidence::{Evidence, Search};
use crate::domain::replace::liveness::stale;
use crate::domain::replace::run::{End, Order, RunState};
use crate::domain::replace::work::Work;
use crate::domain::text::Text;

/// Begins with a confirmed plan; the screen that shows it opens.
pub(super) fn begin(model: &mut Model, begin: Begin) {
    let (by, host) = (who(model), model.settings.host.clone());
    let mut replacing = Replacing::new(begin, by, host, model.now);
    let plan = replacing.run.plan();
    let words = format!(
        "replacing {} pods of {} by {}, {} in flight",
        plan.candidates.len(),
        plan.daemon_set.key,
        plan.revision_label,
        plan.limit()
    );
    replacing.say(model.now, false, words);
    model.replacement = Some(replacing);
    screen::open(model, Screen::Replacement);
}

/// As whom this dsgrid is known to colleagues.
fn who(model: &Model) -> Text {
    let user = &model.settings.user;
    if user.is_empty() { Text::new("somebody") } else { user.clone() }
}

/// Does what is due: begins what was asked for, steps, tells, and keeps the claim.
pub(super) fn pursue(model: &mut Model) -> Vec<Effect> {
    // Before everything is live for the first time nothing is held for want of it.
    let is_live = |begin: &Begin| stale(&model.inventory, &begin.plan.daemon_set.key.namespace).is_none();
    if model.is_synced()
        && model.clock_known
        && model.settings.replacement.as_ref().is_some_and(is_live)
        && let Some(wanted) = model.settings.replacement.take()
    {
        begin(model, wanted);
    }
    let Some(mut replacing) = model.replacement.take() else { return Vec::new() };
    let mut effects = Vec::new();
    look_for_successor(model, &mut replacing);
    if *replacing.run.state() != RunState::Running || replacing.claim.is_held() {
        let orders = replacing.run.step(&model.inventory);
        for order in orders {
            carry_out(model, &mut replacing, order, &mut effects);
        }
    }
    let (failed, changed) = replacing.tell(model.now);
    effects.extend(failed.into_iter().filter_map(|node| look_up(model, &mut replacing, node)));
    if let Some(command) = replacing.claim.next(&replacing.run, &model.inventory, model.leaving.is_some()) {
        let ticket = model.writes.ticket();
        replacing.claim.sent(ticket, model.now);
        effects.push(send(ticket, command));
    }
    model.replacement = Some(replacing);
    if changed {
        super::changed(model);
    }
    effects
}

/// Somebody else may be at it by now, also while it is held here.
fn look_for_successor(model: &Model, replacing: &mut Replacing) {
    if !matches!(replacing.run.state(), RunState::Running | RunState::Held(_) | RunState::Halted(_)) {
        return;
    }
    let row = model.inventory.row_of(&replacing.run.plan().daemon_set.uid);
    let row = row.and_then(|slot| model.inventory.row(slot));
    let told = row.and_then(|row| row.daemon_set.replacing.as_deref());
    if let Some(other) = replacing.claim.successor(told) {
        hand_over(replacing, &other, model.now);
    }
}

/// It is somebody else's now.
fn hand_over(replacing: &mut Replacing, other: &Claim, now: jiff::Timestamp) {
    replacing.claim.give_up();
    replacing.run.end(End::TakenOver { by: other.who(), words: other.words(now) }, now);
}

fn send(ticket: Ticket, command: Command) -> Effect {
    Effect::Send { ticket, command: Box::new(command), dry_run: false }
}

fn carry_out(model: &mut Model, replacing: &mut Replacing, order: Order, effects: &mut Vec<Effect>) {
    match order {
        Order::Check { node, node_uid, pod, with_pods } => {
            let key = ObjectKey { namespace: Text::default(), name: node.0.clone() };
            let node_object = node_uid.map(|uid| ObjectRef { kind: ObjectKind::Node, key, uid });
            let daemon_set = replacing.run.plan().daemon_set.clone();
            let check = Check { daemon_set, node, node_object, pod, with_pods };
            effects.push(Effect::CheckReplacement(Box::new(check)));
        }
        Order::Send { node, command } => {
            let ticket = model.writes.ticket();
            replacing.tickets.insert(ticket, node);
            effects.push(send(ticket, *command));
        }
        Order::ReadPods(node) => effects.push(Effect::ReadNeighbours(node)),
    }
}

/// Looks up what is at hand of a node that failed.
fn look_up(model: &Model, replacing: &mut Replacing, node: NodeName) -> Option<Effect> {
    let work = replacing.run.works().iter().find(|work| work.candidate.node == node)?;
    let slot = model.inventory.row_of(&replacing.run.plan().daemon_set.uid);
    let view = slot.zip(model.inventory.column_of(&node));
    let view = view.and_then(|(slot, column)| model.inventory.view(slot, column));
    let search = Box::new(Search::of(replacing.run.plan(), work, view.as_ref()));
    replacing.searched.insert(node.clone());
    Some(Effect::ReadEvidence { node, search })
}

/// What a deletion depends on was read.
fn checked(model: &mut Model, node: &NodeName, fresh: Result<Fresh, String>) -> Vec<Effect> {
    let Some(mut replacing) = model.replacement.take() else { return Vec::new() };
    let mut effects = Vec::new();
    let claim = fresh.as_ref().ok().and_then(|fresh| fresh.claim.as_ref());
    if let Some(other) = replacing.claim.other(claim, model.now) {
        hand_over(&mut replacing, &other, model.now);
    }
    if let Some(order) = replacing.run.checked(node, fresh, &model.inventory) {
        carry_out(model, &mut replacing, order, &mut effects);
    }
    model.replacement = Some(replacing);
    effects
}

/// What a replacement asked for was read; everything else is none of its business.
pub(super) fn read(model: &mut Model, read: Msg) -> Vec<Effect> {
    match read {
        Msg::ReplacementChecked { node, fresh } => checked(model, &node, *fresh),
        Msg::NeighboursRead { node, pods } => {
            neighbours(model, &node, pods.as_deref().map_err(Clone::clone));
            Vec::new()
        }
        Msg::EvidenceRead { node, evidence } => {
            evidence_read(model, node, evidence);
            model.version += 1;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The pods of a node were read.
fn neighbours(model: &mut Model, node: &NodeName, pods: Result<&[Pod], String>) {
    if let Some(replacing) = &mut model.replacement {
        replacing.run.pods_read(node, pods, model.now);
    }
}

/// What is at hand of a failed node was read.
fn evidence_read(model: &mut Model, node: NodeName, evidence: Evidence) {
    let Some(replacing) = &mut model.replacement else { return };
    for line in evidence.lines() {
        replacing.say(model.now, true, format!("{node}:   {line}"));
    }
    replacing.searched.remove(&node);
    replacing.evidence.insert(node, evidence);
}

/// A write was answered; whether it was one of the replacement's.
pub(super) fn sent(model: &mut Model, ticket: Ticket, outcome: &Outcome) -> bool {
    let Some(replacing) = &mut model.replacement else { return false };
    if let Some(node) = replacing.tickets.remove(&ticket) {
        replacing.run.sent(&node, outcome, model.now);
        return true;
    }
    if !replacing.claim.waits_for(ticket) {
        return false;
    }
    match replacing.claim.answered(outcome, model.now) {
        Told::TakenOver(other) => hand_over(replacing, &other, model.now),
        Told::Refused(why) if replacing.is_active() => {
            let command = replacing.run.plan().command(&model.settings.context);
            let words = format!(
                "colleagues cannot see this on the DaemonSet ({why}), and --continue will not know it; the same again: \
                 {command}"
            );
            replacing.say(model.now, true, words);
        }
        Told::Unanswered(why) if replacing.is_active() => {
            let words = format!("no answer to telling colleagues on the DaemonSet, tried again: {why}");
            replacing.say(model.now, true, words);
        }
        Told::Unanswered(_) | Told::Refused(_) | Told::Nothing => {}
    }
    true
}

/// A person does something with it.
pub(super) fn act(model: &mut Model, action: Action) {
    let now = model.now;
    let Some(replacing) = &mut model.replacement else {
        let words = "no replacement is going on here; R on a DaemonSet plans one";
        model.notice = Some(Notice::said(words, now));
        return;
    };
    match action {
        Action::Hold => {
            model.notice = Some(hold(replacing, now));
        }
        Action::GoOn => match replacing.run.doubt() {
            Some(doubt) if !replacing.means_it(action, now) => {
                let words = format!("{doubt}; go on all the same? Press R again");
                model.notice = Some(Notice::failed(words, now));
            }
            _ => replacing.run.go_on(),
        },
        Action::LetPass => {
            let next = replacing.run.harmed().map(|(_, harmed)| harmed.clone()).next();
            model.notice = Some(match next {
                Some(harmed) => {
                    replacing.run.let_pass(&harmed.uid, now);
                    replacing.say(now, false, format!("let pass by you: {}", harmed.why));
                    Notice::said(format!("let pass: {}", harmed.why), now)
                }
                None => Notice::said("no neighbour is worse off", now),
            });
        }
        Action::Abort if !replacing.is_active() => {
            model.notice = Some(Notice::said("it is over already", now));
        }
        Action::Abort => {
            if replacing.means_it(action, now) {
                replacing.run.abort();
            } else {
                let words =
                    "abort? Nothing more is deleted, and what is in flight comes up by itself: press X again";
                model.notice = Some(Notice::failed(words, now));
            }
        }
        _ => {}
    }
}

/// Whether there is one that is not over.
pub(super) fn goes_on(model: &Model) -> bool {
    model.replacement.as_ref().is_some_and(Replacing::is_active)
}

/// While it goes on the server is asked for the DaemonSet again and again: a watch is silent where nothing happens and
/// where nobody is there any more, and only an answer tells.
pub(super) fn needed(model: &Model, needed: &mut BTreeSet<Inquiry>) {
    let active = model.replacement.as_ref().filter(|replacing| replacing.is_active());
    needed.extend(active.map(|replacing| Inquiry::Object(replacing.run.plan().daemon_set.clone())));
}

/// Lists other nodes on its screen.
pub(super) fn list_next(model: &mut Model) {
    if let Some(replacing) = &mut model.replacement {
        let words = format!("listed: {}", replacing.list_next());
        model.notice = Some(Notice::said(words, model.now));
        screen::refresh(model);
    }
}

/// Holds it, with what is in flight in words.
fn hold(replacing: &mut Replacing, now: jiff::Timestamp) -> Notice {
    if !replacing.is_active() {
        return Notice::said("nothing is going on any more that could be held", now);
    }
    replacing.run.hold();
    Notice::said(format!("held: nothing more is deleted; {}", in_flight(replacing)), now)
}

fn in_flight(replacing: &Replacing) -> String {
    let nodes: Vec<&str> = replacing.in_flight().map(|work: &Work| work.candidate.node.as_str()).collect();
    if nodes.is_empty() {
        "nothing is in flight".to_owned()
    } else {
        format!("in flight: {}", nodes.join(", "))
    }
}

/// Somebody wants to leave: what goes on is held first. Whether it was.
pub(super) fn holds_first(model: &mut Model) -> bool {
    let now = model.now;
    let Some(replacing) = model.replacement.as_mut().filter(|replacing| replacing.is_active()) else {
        return false;
    };
    // What waits for a person anyway is left at once.
    if replacing.run.state().needs_person()
        || matches!(replacing.run.state(), RunState::Aborted | RunState::Outdated(_) | RunState::Finished)
    {
        return false;
    }
    replacing.run.hold();
    let words = format!("held, nothing more is deleted; {}; once more to leave", in_flight(replacing));
    model.notice = Some(Notice::failed(words, now));
    true
}
