//! Answers to what was asked once, kept under their questions while somebody looks at them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::inquiry::{Answer, Inquiry};

/// An answer that is looked at is asked for again after so long.
const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// Rights change seldom.
const RIGHTS_FRESH: SignedDuration = SignedDuration::from_secs(60);

/// What is known of one question.
#[derive(Clone, Debug)]
struct Asked {
    /// When it was asked last; none once it has been answered.
    waiting_since: Option<Timestamp>,
    /// When it was answered last.
    at: Option<Timestamp>,
    /// The last good answer.
    answer: Option<Answer>,
    /// Why the last try failed.
    failure: Option<String>,
}

/// The questions that somebody looks at.
#[derive(Clone, Debug, Default)]
pub struct Answers(BTreeMap<Inquiry, Asked>);

impl Answers {
    /// The last good answer.
    #[must_use]
    pub fn get(&self, inquiry: &Inquiry) -> Option<&Answer> {
        self.0.get(inquiry)?.answer.as_ref()
    }

    /// Why the last try failed, if it did.
    #[must_use]
    pub fn failure(&self, inquiry: &Inquiry) -> Option<&str> {
        self.0.get(inquiry)?.failure.as_deref()
    }

    /// When it was answered last; server time.
    #[must_use]
    pub fn answered_at(&self, inquiry: &Inquiry) -> Option<Timestamp> {
        self.0.get(inquiry)?.at
    }

    /// Keeps what is looked at and forgets the rest; what has to be asked now, each of it once.
    pub(super) fn pursue(&mut self, needed: &BTreeSet<Inquiry>, now: Timestamp) -> Vec<Inquiry> {
        // Rights are asked seldom: they are kept though nobody looks just now.
        let kept = |inquiry: &Inquiry, asked: &Asked| {
            matches!(inquiry, Inquiry::Access(_)) && asked.at.is_some_and(|at| now < at + RIGHTS_FRESH)
        };
        self.0.retain(|inquiry, asked| needed.contains(inquiry) || kept(inquiry, asked));
        let mut due = Vec::new();
        for inquiry in needed {
            let asked = self.0.entry(inquiry.clone()).or_insert(Asked {
                waiting_since: None,
                at: None,
                answer: None,
                failure: None,
            });
            let fresh = asked.at.is_some_and(|at| now.duration_since(at) < freshness(inquiry));
            if asked.waiting_since.is_none() && !fresh {
                asked.waiting_since = Some(now);
                due.push(inquiry.clone());
            }
        }
        due
    }

    /// Asks anew, whatever is known.
    pub(super) fn forget(&mut self, inquiry: &Inquiry) {
        self.0.remove(inquiry);
    }

    /// Takes an answer in; one that nobody waits for any more is dropped.
    pub(super) fn take(&mut self, inquiry: &Inquiry, answer: Result<Answer, String>, now: Timestamp) {
        let Some(asked) = self.0.get_mut(inquiry) else { return };
        asked.waiting_since = None;
        asked.at = Some(now);
        match answer {
            Ok(answer) => (asked.answer, asked.failure) = (Some(answer), None),
            Err(words) => asked.failure = Some(words),
        }
    }

    /// Since when the question that waits longest has had no answer.
    pub(super) fn unanswered_since(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|asked| asked.waiting_since).min()
    }

    /// When the first of them has to be asked again.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        let due = self.0.iter().filter(|(_, asked)| asked.waiting_since.is_none());
        due.filter_map(|(inquiry, asked)| Some(asked.at? + freshness(inquiry))).min()
    }
}

fn freshness(inquiry: &Inquiry) -> SignedDuration {
    match inquiry {
        Inquiry::Access(_) => RIGHTS_FRESH,
        Inquiry::Events(_)
        | Inquiry::Budgets(_)
        | Inquiry::Object(_)
        | Inquiry::PodsOnNode(_)
        | Inquiry::Journal => FRESH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Text;

    #[test]
    fn a_question_is_asked_once_and_again_when_its_answer_is_old() {
        let mut answers = Answers::default();
        let needed = BTreeSet::from([Inquiry::Budgets(Text::new("logging"))]);
        let inquiry = needed.first().expect("there is one").clone();
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(answers.pursue(&needed, start).len(), 1);
        assert!(answers.pursue(&needed, start + FRESH + FRESH).is_empty(), "it waits for the first answer");
        assert_eq!(answers.unanswered_since(), Some(start));
        answers.take(&inquiry, Ok(Answer::Budgets(Vec::new())), start);
        assert_eq!((answers.next_wake(), answers.unanswered_since()), (Some(start + FRESH), None));
        assert!(answers.pursue(&needed, start + SignedDuration::from_secs(9)).is_empty());
        assert_eq!(answers.pursue(&needed, start + FRESH).len(), 1);
        answers.take(&inquiry, Err("no".to_owned()), start + FRESH);
        assert!(answers.get(&inquiry).is_some(), "a failure does not hide what was known");
        assert_eq!(answers.failure(&inquiry), Some("no"));
        assert!(answers.pursue(&BTreeSet::new(), start + FRESH).is_empty());
        assert!(answers.get(&inquiry).is_none());
    }
}
