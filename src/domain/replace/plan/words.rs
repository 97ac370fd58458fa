//! A plan in words, in time, and as a command.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Plan};
use crate::domain::age::{clock, human_duration};
use crate::domain::object::IntOrPercent;
use crate::domain::replace::run::named;
use crate::domain::text::Text;

impl Plan {
    /// How long all of it takes if every node takes the usual time, waves one after another.
    #[must_use]
    pub fn estimate(&self) -> SignedDuration {
        self.estimate_of(self.candidates.iter().map(|candidate| candidate.wave), self.usual)
    }

    /// How long nodes of these waves take if each takes so long, with the room that those leave that are down anyway.
    pub(in crate::domain::replace) fn estimate_of(
        &self,
        waves: impl Iterator<Item = usize>,
        each: SignedDuration,
    ) -> SignedDuration {
        let mut sizes: BTreeMap<usize, u32> = BTreeMap::new();
        for wave in waves {
            *sizes.entry(wave).or_default() += 1;
        }
        let down = u32::try_from(self.down.len()).unwrap_or(u32::MAX);
        let room = self.budget.saturating_sub(down).max(1);
        let rounds: u32 = sizes.values().map(|size| size.div_ceil(room)).sum();
        let pauses = i32::try_from(sizes.len().saturating_sub(1)).unwrap_or(i32::MAX);
        let rounds = i32::try_from(rounds).unwrap_or(i32::MAX);
        each.saturating_mul(rounds).saturating_add(self.options.bake().saturating_mul(pauses))
    }

    /// The limit in nodes, like `10% = 6 of 60 nodes (rounded up)`.
    #[must_use]
    pub fn limit(&self) -> String {
        let nodes = |count: u32| if count == 1 { "node" } else { "nodes" };
        match self.options.max_in_flight {
            IntOrPercent::Percent(percent) => {
                format!(
                    "{percent}% = {} of {} {} (rounded up)",
                    self.budget,
                    self.desired,
                    nodes(self.desired)
                )
            }
            _ => format!("{} of {} {}", self.budget, self.desired, nodes(self.desired)),
        }
    }

    /// The plan for people: what, in which order, how fast, what halts it, what is left out.
    #[must_use]
    pub fn lines(&self, now: Timestamp) -> Vec<String> {
        let (options, count) = (&self.options, self.candidates.len());
        let pods = |count: usize| if count == 1 { "pod" } else { "pods" };
        let mut lines = vec![format!("{count} outdated {} go to {}", pods(count), self.revision_label)];
        lines.extend(self.order());
        lines.push(format!("at most {} without an available pod, whoever caused it", self.limit()));
        if !self.down.is_empty() {
            let names: Vec<String> = self.down.iter().map(ToString::to_string).collect();
            let used = if self.down.len() >= usize::try_from(self.budget).unwrap_or(usize::MAX) {
                "so NOTHING BEGINS before that changes or the limit is higher"
            } else {
                "which uses the limit up by as many"
            };
            lines.push(format!("already without an available pod: {}, {used}", named(&names)));
        }
        let soak = human_duration(self.soak.as_secs());
        let neighbours = if options.without_neighbours {
            "the other pods of the node are NOT looked after"
        } else {
            "no other pod of the node may be worse off then"
        };
        lines.push(format!(
            "each new pod has to be available within {} and stay so for {soak}; {neighbours}",
            human_duration(self.ready_timeout.as_secs())
        ));
        lines.push(match options.max_failures {
            0 | 1 => "it halts at the first failure".to_owned(),
            many => format!("it halts after {many} failures"),
        });
        lines.push(self.ending(now));
        let cordoned: Vec<&str> = self.cordoned().map(|one| one.node.as_str()).collect();
        if !cordoned.is_empty() {
            let names = cordoned.join(", ");
            lines.push(format!("cordoned, which daemon pods tolerate, so ordinary candidates: {names}"));
        }
        for apart in &self.apart {
            lines.push(format!("left out: {}: {}", apart.node, apart.why));
        }
        lines
    }

    /// The command that does the same, where it cannot be continued from the annotation.
    #[must_use]
    pub fn command(&self, context: &Text) -> String {
        let key = &self.daemon_set.key;
        let (context, set) = (format!("--context={context}"), format!("ds/{}", key.name));
        let words = ["dsgrid", context.as_str(), "replace", "-n", key.namespace.as_str(), set.as_str()];
        let words = words.into_iter().map(str::to_owned).chain(self.options.flags());
        words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
    }

    fn cordoned(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|candidate| candidate.cordoned)
    }

    /// The waves, and who comes first in them.
    fn order(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (at, wave) in self.waves.iter().enumerate() {
            let nodes: Vec<&str> =
                self.candidates.iter().filter(|one| one.wave == at).map(|one| one.node.as_str()).collect();
            let first = nodes.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let more = nodes.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            words.push(format!("{}. {wave}: {} ({first}{more})", at + 1, nodes.len()));
        }
        let down = self.candidates.iter().filter(|one| !one.available).count();
        if down > 0 {
            words
                .push(format!("{down} of them unavailable already: first of their group, in their own slot"));
        }
        if self.options.hold_between_groups {
            words.push("it holds after each of these until a person goes on".to_owned());
        }
        if self.options.bake_seconds > 0 {
            let bake = human_duration(self.options.bake().as_secs());
            words.push(format!("it waits {bake} after each of these"));
        }
        words
    }

    /// When it is over if nothing halts it.
    #[must_use]
    pub fn ending(&self, now: Timestamp) -> String {
        let takes = self.estimate();
        let end = now.checked_add(takes).map_or_else(|_| "later".to_owned(), |end| clock(end, now));
        // A time of day is typed in the zone of who types it: how far off it is cannot be misread.
        let until = self.options.until.map(|until| {
            let off = human_duration(until.duration_since(now).as_secs().max(0));
            format!("; nothing is deleted after {}, in {off}", clock(until, now))
        });
        format!(
            "about {} if nothing halts it (a node {} about {}), so until about {end}{}",
            human_duration(takes.as_secs()),
            if self.is_measured { "takes" } else { "is assumed to take" },
            human_duration(self.usual.as_secs()),
            until.unwrap_or_default()
        )
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,%@+".contains(letter);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
