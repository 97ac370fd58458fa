//! Events become knowledge.

use std::collections::HashSet;

use super::{Changed, Column, ColumnSlot, Inventory, Placed, Row, RowSlot};
use crate::domain::counts::Tally;
use crate::domain::event::{Change, ClusterEvent, Scope, Watch, WatchKind};
use crate::domain::id::{NodeName, Uid};
use crate::domain::object::{ControllerRevision, DaemonSet, Meta, Node, Pod};
use crate::domain::placement::Placement;

impl Inventory {
    /// Applies one event and says what it changed.
    pub fn apply(&mut self, event: ClusterEvent) -> Changed {
        match event {
            ClusterEvent::DaemonSets(change) => self.apply_daemon_sets(change),
            ClusterEvent::Nodes(change) => self.apply_nodes(change),
            ClusterEvent::Pods(change) => self.apply_pods(change),
            ClusterEvent::Revisions(change) => self.apply_revisions(change),
            ClusterEvent::Link(watch, state) => {
                let before = self.links.insert(watch.clone(), state.clone());
                self.changed.links = before.as_ref() != Some(&state);
                // Losing the right to read nodes changes what cells can say.
                if watch.kind == WatchKind::Nodes
                    && before.map(|s| std::mem::discriminant(&s)) != Some(std::mem::discriminant(&state))
                {
                    self.recompute_all();
                }
            }
            ClusterEvent::ClockRead(_) | ClusterEvent::Log(..) => {}
        }
        self.settle()
    }

    /// Notes that a list is complete; the first one makes cells known.
    fn completed(&mut self, kind: WatchKind, scope: Scope) {
        self.complete.insert(Watch { kind, scope });
        self.recompute_all();
        self.texts.sweep();
    }

    fn apply_daemon_sets(&mut self, change: Change<DaemonSet>) {
        match change {
            Change::Applied(daemon_set) => {
                let known = self.row_of.get(&daemon_set.meta.uid).map(|slot| &self.rows[slot.0].daemon_set);
                if !known.is_some_and(|known| outdated(&known.meta, &daemon_set.meta)) {
                    self.put_daemon_set(daemon_set);
                }
            }
            Change::Deleted(daemon_set) => self.drop_daemon_set(&daemon_set.meta.uid),
            Change::Replaced(scope, objects) => {
                let listed: HashSet<Uid> = objects.iter().map(|object| object.meta.uid.clone()).collect();
                let rows = self.rows.iter().map(|(_, row)| &row.daemon_set.meta);
                let gone: Vec<Uid> = rows
                    .filter(|meta| covers(&scope, meta) && !listed.contains(&meta.uid))
                    .map(|m| m.uid.clone())
                    .collect();
                for uid in &gone {
                    self.drop_daemon_set(uid);
                }
                for object in objects {
                    self.put_daemon_set(object);
                }
                self.completed(WatchKind::DaemonSets, scope);
            }
        }
    }

    fn put_daemon_set(&mut self, daemon_set: DaemonSet) {
        let uid = daemon_set.meta.uid.clone();
        if let Some(&slot) = self.row_of.get(&uid) {
            let row = &mut self.rows[slot.0];
            if row.daemon_set == daemon_set {
                return;
            }
            let old = std::mem::replace(&mut row.daemon_set, daemon_set);
            let new = &row.daemon_set;
            let same_cells = old.template == new.template
                && old.template_generation == new.template_generation
                && old.min_ready_seconds == new.min_ready_seconds
                && old.allows_surge() == new.allows_surge();
            if !same_cells {
                row.placement = Placement::new(&row.daemon_set.template);
                self.edited = Some(slot);
                self.recompute_row(slot);
                self.edited = None;
            }
            self.dirty.insert(slot);
        } else {
            let placement = Placement::new(&daemon_set.template);
            let knowledge = self.look_around(&daemon_set.meta.key.namespace);
            let slot = RowSlot(self.rows.insert(Row {
                daemon_set,
                placement,
                tally: Tally::default(),
                stale_since: None,
                current_hash: None,
                knowledge,
                cells: Vec::new(),
                occupants: std::collections::HashMap::new(),
            }));
            self.row_of.insert(uid.clone(), slot);
            self.read_current(&uid);
            let owned = |pod: &Uid| self.pods.get(pod).is_some_and(|p| owner_of(&p.pod) == Some(&uid));
            let waiting: Vec<Uid> = self.homeless.iter().filter(|pod| owned(pod)).cloned().collect();
            for pod in &waiting {
                self.house(pod);
            }
            self.recompute_row(slot);
        }
        self.changed.rows = true;
    }

    fn drop_daemon_set(&mut self, uid: &Uid) {
        let Some(slot) = self.row_of.remove(uid) else { return };
        // Cells are taken back one by one, so that the nodes' problem counts stay right.
        for column in self.column_slots() {
            self.set_cell(slot, column, None);
        }
        let row = self.rows.remove(slot.0);
        self.falls.forget(uid);
        self.dirty.remove(&slot);
        for (column, pods) in row.occupants {
            for pod in pods {
                if let Some(placed) = self.pods.get_mut(&pod) {
                    placed.home = None;
                }
                self.homeless.insert(pod);
                self.columns[column.0].occupants -= 1;
            }
            self.drop_if_ghost(column);
        }
        self.changed.rows = true;
    }

    fn apply_nodes(&mut self, change: Change<Node>) {
        match change {
            Change::Applied(node) => {
                let column = self.column_of.get(&node.name());
                let known = column.and_then(|slot| self.columns[slot.0].node.as_ref());
                if !known.is_some_and(|known| outdated(&known.meta, &node.meta))
                    && let Some(slot) = self.put_node(node)
                {
                    self.recompute_column(slot);
                }
            }
            Change::Deleted(node) => self.drop_node(&node.name(), &node.meta.uid),
            Change::Replaced(scope, objects) => {
                let listed: HashSet<Uid> = objects.iter().map(|node| node.meta.uid.clone()).collect();
                let nodes = self.columns.iter().filter_map(|(_, column)| column.node.as_ref());
                let gone: Vec<(NodeName, Uid)> = nodes
                    .filter(|node| !listed.contains(&node.meta.uid))
                    .map(|node| (node.name(), node.meta.uid.clone()))
                    .collect();
                for (name, uid) in &gone {
                    self.drop_node(name, uid);
                }
                for node in objects {
                    self.put_node(node);
                }
                self.completed(WatchKind::Nodes, scope);
            }
        }
    }

    /// Keeps a node; its column if anything about it is new.
    fn put_node(&mut self, node: Node) -> Option<ColumnSlot> {
        let slot = self.column(&node.name());
        let column = &mut self.columns[slot.0];
        let labels_changed = match &column.node {
            Some(known) => {
                // A heartbeat changes nothing that is kept but the resourceVersion.
                let mut aged = known.clone();
                aged.meta.resource_version = node.meta.resource_version;
                if aged == node {
                    column.node = Some(node);
                    return None;
                }
                known.meta.labels != node.meta.labels
            }
            None => true,
        };
        let former = column.node.replace(node).filter(|_| labels_changed);
        self.former.extend(former.map(|node| (slot, node.meta.labels)));
        self.changed.columns |= labels_changed;
        self.changed.cells = true;
        Some(slot)
    }

    fn drop_node(&mut self, name: &NodeName, uid: &Uid) {
        let Some(&slot) = self.column_of.get(name) else { return };
        let column = &mut self.columns[slot.0];
        if column.node.as_ref().is_none_or(|node| node.meta.uid != *uid) {
            return;
        }
        column.node = None;
        self.changed.columns = true;
        if !self.drop_if_ghost(slot) {
            self.recompute_column(slot);
        }
    }

    /// The column of a name, made if there is none.
    fn column(&mut self, name: &NodeName) -> ColumnSlot {
        if let Some(slot) = self.column_of.get(name) {
            return *slot;
        }
        let column = Column { name: name.clone(), node: None, problems: 0, occupants: 0 };
        let slot = ColumnSlot(self.columns.insert(column));
        self.column_of.insert(name.clone(), slot);
        self.changed.columns = true;
        self.recompute_column(slot);
        slot
    }

    /// A column whose node is gone stays only while a pod targets it.
    fn drop_if_ghost(&mut self, slot: ColumnSlot) -> bool {
        let column = &self.columns[slot.0];
        if column.node.is_some() || column.occupants > 0 {
            return false;
        }
        for row in self.row_slots() {
            self.set_cell(row, slot, None);
        }
        let column = self.columns.remove(slot.0);
        self.column_of.remove(&column.name);
        self.changed.columns = true;
        true
    }

    fn apply_pods(&mut self, change: Change<Pod>) {
        match change {
            Change::Applied(pod) if self.knows_newer(&pod) => {}
            Change::Applied(pod) => {
                for (row, column) in self.put_pod(pod).into_iter().flatten() {
                    self.recompute(row, column);
                    self.drop_if_ghost(column);
                }
            }
            Change::Deleted(pod) => {
                if let Some((row, column)) = self.drop_pod(&pod.meta.uid) {
                    self.recompute(row, column);
                    self.drop_if_ghost(column);
                }
            }
            Change::Replaced(scope, objects) => {
                let listed: HashSet<Uid> = objects.iter().map(|pod| pod.meta.uid.clone()).collect();
                let known = self.pods.values().map(|placed| &placed.pod);
                let gone: Vec<Uid> = known
                    .filter(|pod| covers_pod(&scope, pod) && !listed.contains(&pod.meta.uid))
                    .map(|pod| pod.meta.uid.clone())
                    .collect();
                let mut touched: Vec<_> = gone.iter().filter_map(|uid| self.drop_pod(uid)).collect();
                // Asked for beside the watch, so that the watch may be ahead of it.
                let beside = matches!(scope, Scope::DaemonSet(_));
                for pod in objects {
                    if !(beside && self.knows_newer(&pod)) {
                        touched.extend(self.put_pod(pod).into_iter().flatten());
                    }
                }
                match scope {
                    Scope::DaemonSet(_) => {
                        for (row, column) in &touched {
                            self.recompute(*row, *column);
                        }
                    }
                    Scope::Cluster | Scope::Namespace(_) => self.completed(WatchKind::Pods, scope),
                }
                for (_, column) in touched {
                    if self.columns.contains(column.0) {
                        self.drop_if_ghost(column);
                    }
                }
            }
        }
    }

    fn knows_newer(&self, pod: &Pod) -> bool {
        self.pods.get(&pod.meta.uid).is_some_and(|known| outdated(&known.pod.meta, &pod.meta))
    }

    /// Keeps a pod; the cells it left and came to.
    fn put_pod(&mut self, mut pod: Pod) -> [Option<(RowSlot, ColumnSlot)>; 2] {
        let uid = pod.meta.uid.clone();
        let known = self.pods.get_mut(&uid);
        pod.texts_mut().for_each(|text| self.texts.share(text));
        // Most changes leave a pod where it is.
        if let Some(known) = known
            && let Some(home) = known.home
            && known.pod.meta.owner == pod.meta.owner
            && known.pod.target() == pod.target()
        {
            known.pod = pod;
            return [Some(home), None];
        }
        let left = self.drop_pod(&uid);
        self.pods.insert(uid.clone(), Placed { pod, home: None });
        let came = self.house(&uid);
        [left.filter(|left| Some(*left) != came), came]
    }

    fn drop_pod(&mut self, uid: &Uid) -> Option<(RowSlot, ColumnSlot)> {
        self.homeless.remove(uid);
        let home = self.pods.remove(uid)?.home?;
        let occupants = &mut self.rows[home.0.0].occupants;
        if let Some(pods) = occupants.get_mut(&home.1) {
            pods.retain(|pod| pod != uid);
            if pods.is_empty() {
                occupants.remove(&home.1);
            }
        }
        self.columns[home.1.0].occupants -= 1;
        Some(home)
    }

    /// Puts a known pod into the cell where its owner meets its target; without both it waits.
    fn house(&mut self, uid: &Uid) -> Option<(RowSlot, ColumnSlot)> {
        let pod = &self.pods.get(uid)?.pod;
        let row = owner_of(pod).and_then(|owner| self.row_of.get(owner)).copied();
        let (Some(row), Some(target)) = (row, pod.target().cloned()) else {
            self.homeless.insert(uid.clone());
            return None;
        };
        let column = self.column(&target);
        self.homeless.remove(uid);
        self.rows[row.0].occupants.entry(column).or_default().push(uid.clone());
        self.columns[column.0].occupants += 1;
        if let Some(placed) = self.pods.get_mut(uid) {
            placed.home = Some((row, column));
        }
        Some((row, column))
    }

    fn apply_revisions(&mut self, change: Change<ControllerRevision>) {
        let mut touched: HashSet<Uid> = HashSet::new();
        match change {
            Change::Applied(revision) => self.put_revision(revision, &mut touched),
            Change::Deleted(revision) => {
                self.forget_revisions(&mut touched, |known| known.meta.uid == revision.meta.uid);
            }
            Change::Replaced(scope, objects) => {
                self.forget_revisions(&mut touched, |known| covers(&scope, &known.meta));
                for revision in objects {
                    self.put_revision(revision, &mut touched);
                }
                self.complete.insert(Watch { kind: WatchKind::Revisions, scope });
            }
        }
        for owner in touched {
            self.read_current(&owner);
        }
    }

    fn put_revision(&mut self, revision: ControllerRevision, touched: &mut HashSet<Uid>) {
        self.forget_revisions(touched, |known| known.meta.uid == revision.meta.uid);
        let Some(owner) = revision.meta.owner.as_ref().filter(|owner| owner.kind == "DaemonSet") else {
            return;
        };
        let owner = owner.uid.clone();
        self.revisions.entry(owner.clone()).or_default().push(revision);
        touched.insert(owner);
    }

    fn forget_revisions(&mut self, touched: &mut HashSet<Uid>, gone: impl Fn(&ControllerRevision) -> bool) {
        self.revisions.retain(|owner, revisions| {
            let before = revisions.len();
            revisions.retain(|revision| !gone(revision));
            if revisions.len() != before {
                touched.insert(owner.clone());
            }
            !revisions.is_empty()
        });
    }

    /// The current revision is the highest number; two of one number are told apart only until the controller has
    /// renumbered them.
    fn read_current(&mut self, owner: &Uid) {
        let Some(&slot) = self.row_of.get(owner) else { return };
        let revisions = self.revisions.get(owner).map_or(&[][..], Vec::as_slice);
        let hash = revisions.iter().max_by_key(|r| (r.revision, &r.meta.key.name)).map(|r| r.hash.clone());
        if self.rows[slot.0].current_hash != hash {
            self.rows[slot.0].current_hash = hash;
            self.recompute_row(slot);
        }
        self.changed.rows = true;
    }
}

/// The DaemonSet that owns a pod.
fn owner_of(pod: &Pod) -> Option<&Uid> {
    pod.meta.owner.as_ref().filter(|owner| owner.kind == "DaemonSet").map(|owner| &owner.uid)
}

fn covers(scope: &Scope, meta: &Meta) -> bool {
    match scope {
        Scope::Cluster => true,
        Scope::Namespace(namespace) => meta.key.namespace == *namespace,
        Scope::DaemonSet(uid) => meta.owner.as_ref().is_some_and(|owner| owner.uid == *uid),
    }
}

/// Adopted pods carry no hash label, so a list by that label says nothing about them: they are kept until a list
/// by their DaemonSet's own selector, or their deletion, says otherwise.
fn covers_pod(scope: &Scope, pod: &Pod) -> bool {
    covers(scope, &pod.meta) && (pod.revision.is_some() || matches!(scope, Scope::DaemonSet(_)))
}

/// Whether `new` is older than what is known of the same object. Unreadable versions are believed.
///
/// It holds between the events of one watch only. A watch's own list is believed whatever its versions are: a server
/// that came back from a backup, or another one behind the same address, counts them anew.
fn outdated(known: &Meta, new: &Meta) -> bool {
    match (known.resource_version, new.resource_version) {
        (Some(before), Some(now)) => known.uid == new.uid && now < before,
        _ => false,
    }
}
