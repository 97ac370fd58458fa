//! A replacement in words: its title, its row, a node of it, and what is left of it after the program has ended.

use jiff::Timestamp;

use super::Replacing;
use crate::domain::age::{age, human_duration};
use crate::domain::inventory::{Inventory, RowSlot};
use crate::domain::replace::run::{End, RunState};
use crate::domain::replace::work::{Step, Work};
use crate::domain::rollout::standing;
use crate::domain::text::Text;

impl Replacing {
    /// What is to be known after the program has ended; none where nothing is left.
    #[must_use]
    pub fn last_words(&self, inventory: &Inventory, context: &Text) -> Option<String> {
        let (run, key) = (&self.run, &self.run.plan().daemon_set.key);
        let left = self.remaining().len();
        if left == 0 {
            return None;
        }
        let in_flight: Vec<&str> = self.in_flight().map(|work| work.candidate.node.as_str()).collect();
        let in_flight = match in_flight.as_slice() {
            [] => String::new(),
            nodes => format!("; in flight, and coming up by itself: {}", nodes.join(", ")),
        };
        let course = run.course();
        let failed = if course.failed == 0 { String::new() } else { format!(", {} failed", course.failed) };
        let far = format!("{}/{} done{failed}", course.done, run.works().len());
        let slot = inventory.row_of(&run.plan().daemon_set.uid);
        let standing = slot.and_then(|slot| standing(inventory, slot));
        let now = match (run.state(), standing) {
            // Of a plan that does not hold, what is left says nothing.
            (RunState::Outdated(End::Changed(_)), Some(standing)) => {
                format!("; {} of {} are outdated now", standing.desired - standing.updated, standing.desired)
            }
            _ => format!(", {left} left"),
        };
        let why = match run.state() {
            RunState::Outdated(end) => format!("has ended: {}", end.words()),
            RunState::Aborted => "was aborted by you".to_owned(),
            RunState::Halted(why) => format!("is HALTED, and does not go on, since dsgrid ended: {why}"),
            _ => "does not go on, since dsgrid ended".to_owned(),
        };
        let again = self.again(context).map(|again| format!(". To go on: R in dsgrid, or `{again}`"));
        Some(format!("the replacement of {key} {why}: {far}{now}{in_flight}{}", again.unwrap_or_default()))
    }

    /// The command that goes on with it; none where somebody else does.
    #[must_use]
    pub fn again(&self, context: &Text) -> Option<String> {
        let (plan, key) = (self.run.plan(), &self.run.plan().daemon_set.key);
        let more = match self.run.state() {
            RunState::Outdated(End::TakenOver { .. } | End::DoneByOthers(_)) => return None,
            // What was begun would go on with what nobody has looked at yet: it is planned anew, by the same options.
            RunState::Outdated(End::Changed(_)) => return Some(plan.command(context)),
            RunState::Outdated(End::TimeUp(_)) => " --until=HH:MM",
            _ => "",
        };
        Some(if self.is_kept() {
            format!(
                "dsgrid --context={context} replace -n {} ds/{} --continue{more}",
                key.namespace, key.name
            )
        } else {
            plan.command(context)
        })
    }

    /// For the terminal's title: `HALTED: replace logging/agent 3/60`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {} {}", self.word(), self.run.plan().daemon_set.key, self.far())
    }

    /// The same where there is little room: `HALTED: replace 3/60`.
    #[must_use]
    pub fn short_title(&self) -> String {
        format!("{} {}", self.word(), self.far())
    }

    fn word(&self) -> &'static str {
        match self.run.state() {
            RunState::Running if !self.run.waits_for().is_empty() => "waiting: replace",
            RunState::Running => "replacing",
            RunState::Held(_) => "held: replace",
            RunState::Halted(_) => "HALTED: replace",
            RunState::Finished => "done: replace",
            RunState::Aborted | RunState::Outdated(_) => "ended: replace",
        }
    }

    /// How many nodes are done of how many.
    fn far(&self) -> String {
        format!("{}/{}", self.run.course().done, self.run.works().len())
    }

    /// What the row of its DaemonSet says while it goes on: as it is now, where colleagues see the last heartbeat.
    pub(in crate::app) fn row_words(&self, inventory: &Inventory, slot: RowSlot) -> Option<String> {
        let row = inventory.row(slot)?;
        if !self.is_active() || row.daemon_set.meta.uid != self.run.plan().daemon_set.uid {
            return None;
        }
        let now = inventory.now();
        let (course, far) = (self.run.course(), self.far());
        let in_flight = self.run.works().iter().find(|work| work.step.is_in_flight());
        let on = in_flight.map(|work| match course.in_flight {
            1 => format!(", {}", work.candidate.node),
            many => format!(", {} and {} more", work.candidate.node, many - 1),
        });
        let on = on.unwrap_or_default();
        Some(match self.run.state() {
            RunState::Running if !self.run.waits_for().is_empty() => {
                format!("replacing {far}, waits: {}", self.run.waits_for())
            }
            RunState::Running => format!("replacing {far}{on}"),
            RunState::Halted(why) => format!("HALTED {far}: {why}"),
            RunState::Held(hold) => format!("held {far}: {}", hold.words(now)),
            ended @ (RunState::Finished | RunState::Aborted | RunState::Outdated(_)) => {
                format!("{} {far}{on}", ended.name())
            }
        })
    }

    /// How a node stands, in words: `soaking 12s`, or `unknown for 40s` while nothing is known.
    #[must_use]
    pub fn standing(&self, work: &Work, now: Timestamp) -> String {
        match (&work.step, self.run.stale()) {
            (step, Some(stale)) if step.is_in_flight() => {
                let since = stale.since.map(|since| format!(" for {}", age(Some(since), now)));
                format!("unknown{}, was {}", since.unwrap_or_default(), step.name())
            }
            (Step::Queued, _) => "queued".to_owned(),
            (Step::Done, _) => {
                let took = work.took().map(|took| format!(" in {}", human_duration(took.as_secs())));
                format!("done{} at {}Z", took.unwrap_or_default(), work.since.strftime("%H:%M:%S"))
            }
            (Step::Failed(why), _) => format!("FAILED: {why}"),
            (Step::Skipped(why), _) => format!("skipped: {why}"),
            (Step::Soaking { until }, _) => {
                let left = until.duration_since(now).as_secs().max(0);
                format!("soaking, {} left", human_duration(left))
            }
            // It has soaked: only its neighbours are looked at, as often as that takes.
            (Step::Judging, _) => "soaked; the node's other pods are looked at".to_owned(),
            (Step::Watching { until }, _) => {
                let left = until.duration_since(now).as_secs().max(0);
                format!("soaked; the node's other pods are looked at again in {}", human_duration(left))
            }
            (step, _) => {
                let since = age(Some(work.since), now);
                let waits =
                    if work.waits_for.is_empty() { String::new() } else { format!(": {}", work.waits_for) };
                format!("{} {since}{waits}", step.name())
            }
        }
    }
}
