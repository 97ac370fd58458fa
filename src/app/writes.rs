//! Writes that were sent and whose outcome is not known yet: they stay on screen until it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::command::{Command, Ticket};
use crate::domain::inquiry::Inquiry;
use crate::domain::text::Text;

/// A request without an answer is given up after 30 s by the client; the server can hardly begin it later. Until then
/// an object without the change proves nothing.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(35);

/// One write that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// What was sent.
    pub command: Command,
    /// When; server time.
    pub sent: Timestamp,
    /// Why its answer is lost; none while it is waited for.
    pub lost: Option<Text>,
}

impl Write {
    /// Whether it can still arrive at the server.
    #[must_use]
    pub fn may_arrive(&self, read: Timestamp) -> bool {
        read.duration_since(self.sent) < IN_FLIGHT
    }
}

/// The writes whose outcome is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Writes {
    last: u64,
    open: BTreeMap<Ticket, Write>,
}

impl Writes {
    /// A ticket that was never given out.
    pub(super) fn ticket(&mut self) -> Ticket {
        self.last += 1;
        Ticket(self.last)
    }

    /// It was sent.
    pub(super) fn sent(&mut self, ticket: Ticket, command: Command, now: Timestamp) {
        self.open.insert(ticket, Write { command, sent: now, lost: None });
    }

    /// No answer will come.
    pub(super) fn lost(&mut self, ticket: Ticket, why: Text) {
        if let Some(write) = self.open.get_mut(&ticket) {
            write.lost = Some(why);
        }
    }

    /// Its outcome is known.
    pub(super) fn settle(&mut self, ticket: Ticket) -> Option<Write> {
        self.open.remove(&ticket)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, ticket: Ticket) -> Option<&Write> {
        self.open.get(&ticket)
    }

    /// All of them, the first sent first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Ticket, &Write)> {
        self.open.iter().map(|(ticket, write)| (*ticket, write))
    }

    /// What has to be read back.
    pub(super) fn inquiries(&self) -> impl Iterator<Item = Inquiry> {
        let lost = self.open.values().filter(|write| write.lost.is_some());
        lost.map(|write| Inquiry::Object(write.command.target.clone()))
    }
}
