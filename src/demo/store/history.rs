//! The last changes of the store, from which watches are served.

use std::collections::VecDeque;
use std::sync::Arc;

use super::kind::Kind;
use super::object::{Header, Stored};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeType {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// One change of the store.
#[derive(Debug, Clone)]
pub struct Change {
    /// Counts up by one with each change, whatever the resource versions are.
    pub sequence: u64,
    /// The resource version of the change.
    pub resource_version: u64,
    /// What happened.
    pub change: ChangeType,
    /// The object after the change; for a deletion its last state, at the version of the deletion.
    pub object: Arc<Stored>,
    /// What selectors saw before the change: watches tell from it whether an object left their selection.
    pub before: Option<Arc<Header>>,
}

/// A bounded ring of changes.
#[derive(Debug)]
pub(super) struct History {
    changes: VecDeque<Change>,
    next_sequence: u64,
    limit: usize,
    bytes: usize,
    /// Per kind: changes at or below this version are no longer all here.
    horizon: [u64; Kind::COUNT],
}

/// Changes kept at most.
const LIMIT: usize = 20_000;
/// Bytes of objects kept for old changes at most: a large cluster must not pay for its past.
const BYTES: usize = 64 << 20;

impl History {
    pub(super) fn new() -> Self {
        Self { changes: VecDeque::new(), next_sequence: 1, limit: LIMIT, bytes: 0, horizon: [0; Kind::COUNT] }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
        self.shrink();
    }

    pub(super) fn push(
        &mut self,
        change: ChangeType,
        resource_version: u64,
        object: Arc<Stored>,
        before: Option<Arc<Header>>,
    ) {
        self.bytes += object.bytes.len();
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.changes.push_back(Change { sequence, resource_version, change, object, before });
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.changes.len() > self.limit || (self.bytes > BYTES && self.changes.len() > 1_000) {
            let Some(old) = self.changes.pop_front() else { return };
            self.bytes -= old.object.bytes.len();
            self.raise_horizon(old.object.kind, old.resource_version);
        }
    }

    /// Says that changes of a kind up to a version are not here.
    pub(super) fn raise_horizon(&mut self, kind: Kind, resource_version: u64) {
        let horizon = &mut self.horizon[kind.index()];
        *horizon = (*horizon).max(resource_version);
    }

    pub(super) fn horizon(&self, kind: Kind) -> u64 {
        self.horizon[kind.index()]
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The sequence of the first change of `kind` after a version; None if that history is gone.
    pub(super) fn sequence_after(&self, kind: Kind, resource_version: u64) -> Option<u64> {
        if resource_version < self.horizon(kind) {
            return None;
        }
        let after = |c: &&Change| c.object.kind == kind && c.resource_version > resource_version;
        // From the back: nearly every watch begins close to the present.
        let newer = self
            .changes
            .iter()
            .rev()
            .take_while(|c| c.object.kind != kind || c.resource_version > resource_version);
        Some(newer.filter(after).last().map_or(self.next_sequence, |c| c.sequence))
    }

    /// Changes from a sequence on; None if some of them are gone.
    pub(super) fn starting_at(&self, sequence: u64) -> Option<impl Iterator<Item = &Change>> {
        let oldest = self.changes.front().map_or(self.next_sequence, |c| c.sequence);
        let skip = usize::try_from(sequence.checked_sub(oldest)?).ok()?;
        Some(self.changes.range(skip.min(self.changes.len())..))
    }
}
