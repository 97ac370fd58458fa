//! A pod's STATUS, READY and RESTARTS as kubectl prints them (`printers.go`, `printPod`).

use jiff::{SignedDuration, Timestamp};

use super::age::age;
use super::object::{Container, ContainerState, Phase, Pod, Termination};

/// The three cells of a pod's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodStatus {
    /// STATUS.
    pub word: String,
    /// READY, ready of all.
    pub ready: (usize, usize),
    /// How often containers were started again.
    pub restarts: u32,
    /// When a container ended last.
    pub last_restart: Option<Timestamp>,
}

impl PodStatus {
    /// Reads a pod.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        let mut status = start(pod);
        let sidecars = init_pass(pod, &mut status);
        if let Initialization::Finished(totals) = sidecars.or_initialized(pod) {
            main_pass(pod, &mut status, totals);
        }
        if pod.is_deleting() && pod.reason == "NodeLost" {
            "Unknown".clone_into(&mut status.word);
        } else if pod.is_deleting() && !pod.phase.is_terminal() {
            "Terminating".clone_into(&mut status.word);
        }
        status
    }

    /// READY as printed.
    #[must_use]
    pub fn ready_text(&self) -> String {
        format!("{}/{}", self.ready.0, self.ready.1)
    }

    /// RESTARTS as printed, like `5 (3m20s ago)`.
    #[must_use]
    pub fn restarts_text(&self, now: Timestamp) -> String {
        match self.last_restart {
            Some(last) if self.restarts > 0 => format!("{} ({} ago)", self.restarts, age(Some(last), now)),
            _ => self.restarts.to_string(),
        }
    }
}

/// Restarts of one container from which on its pod is in a loop, and not at its first stumbles.
const LOOP: u32 = 3;
/// The kubelet's shortest back-off: what changed that long before a run ended was not changed by its end.
const SHORTEST_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);

/// Since when a pod that is not ready is not well.
///
/// That is when its condition Ready changed, if that outlived a restart. A container in a loop that becomes ready for a
/// moment flips the condition at each restart; the last flip would make an old incident look brand-new. Then the pod's
/// creation is told: nothing says that it ever stayed ready, and it is the only time that does not move.
#[must_use]
pub fn unwell_since(pod: &Pod) -> Option<Timestamp> {
    let loops =
        |container: &&Container| container.restarts > LOOP && !container.ready && container.last.is_some();
    let ended = pod.init_containers.iter().chain(&pod.containers).filter(loops);
    let last = ended.filter_map(|container| container.last.as_ref()?.finished).max();
    match (pod.ready_since, last) {
        (Some(changed), Some(last)) if changed + SHORTEST_BACK_OFF >= last => {
            pod.meta.created.or(Some(changed))
        }
        (changed, _) => changed.or(pod.meta.created),
    }
}

/// Restarts so far and the last of them.
#[derive(Clone, Copy, Default)]
struct Totals {
    restarts: u32,
    last: Option<Timestamp>,
}

impl Totals {
    fn add(&mut self, container: &Container) {
        self.restarts = self.restarts.saturating_add(container.restarts);
        self.last = self.last.max(container.last.as_ref().and_then(|end| end.finished));
    }
}

enum Initialization {
    /// An init container has not finished; the sidecars' totals so far.
    Unfinished(Totals),
    Finished(Totals),
}

impl Initialization {
    /// A pod that was initialised once goes on to its main containers, whatever a sidecar does.
    fn or_initialized(self, pod: &Pod) -> Self {
        match self {
            Self::Unfinished(totals) if pod.initialized => Self::Finished(totals),
            other => other,
        }
    }
}

fn start(pod: &Pod) -> PodStatus {
    let gated = pod.scheduling.as_ref().is_some_and(|s| s.reason == "SchedulingGated");
    let word = match pod.reason.as_str() {
        _ if gated => "SchedulingGated",
        "" => pod.phase.as_str(),
        reason => reason,
    };
    let sidecars = pod.init.iter().filter(|init| init.sidecar).count();
    PodStatus {
        word: word.to_owned(),
        ready: (0, pod.container_count + sidecars),
        restarts: 0,
        last_restart: None,
    }
}

fn init_pass(pod: &Pod, status: &mut PodStatus) -> Initialization {
    let (mut all, mut sidecars) = (Totals::default(), Totals::default());
    let mut unfinished = false;
    for (at, container) in pod.init_containers.iter().enumerate() {
        let sidecar = pod.init.iter().any(|init| init.name == container.name && init.sidecar);
        all.add(container);
        if sidecar {
            sidecars.add(container);
        }
        let word = match &container.state {
            ContainerState::Terminated(end) if end.exit_code == 0 => continue,
            _ if sidecar && container.started => {
                status.ready.0 += usize::from(container.ready);
                continue;
            }
            ContainerState::Terminated(end) => ended_word(end),
            ContainerState::Waiting { reason, .. } if !reason.is_empty() && reason != "PodInitializing" => {
                reason.to_string()
            }
            _ => format!("{at}/{}", pod.init.len()),
        };
        status.word = format!("Init:{word}");
        unfinished = true;
        break;
    }
    (status.restarts, status.last_restart) = (all.restarts, all.last);
    if unfinished { Initialization::Unfinished(sidecars) } else { Initialization::Finished(sidecars) }
}

/// From last to first, so that the first container has the last word.
fn main_pass(pod: &Pod, status: &mut PodStatus, mut totals: Totals) {
    let mut running = false;
    let mut error = None;
    for container in pod.containers.iter().rev() {
        totals.add(container);
        match &container.state {
            ContainerState::Waiting { reason, .. } if !reason.is_empty() => status.word = reason.to_string(),
            ContainerState::Terminated(end) => {
                status.word = ended_word(end);
                if end.exit_code != 0 {
                    error = Some(status.word.clone());
                }
            }
            ContainerState::Running { .. } if container.ready => {
                running = true;
                status.ready.0 += 1;
            }
            ContainerState::Waiting { .. } | ContainerState::Running { .. } => {}
        }
    }
    (status.restarts, status.last_restart) = (totals.restarts, totals.last);
    if status.word == "Completed" {
        status.word = match error {
            _ if running && pod.ready => Phase::Running.as_str().to_owned(),
            Some(error) => error,
            None if running => "NotReady".to_owned(),
            None => "Completed".to_owned(),
        };
    }
}

/// The kubelet's message beside the reason for which a container waits, in parentheses. For a crash loop it repeats the
/// names of container and pod after what matters.
#[must_use]
pub fn waiting_detail(reason: &str, message: &str) -> String {
    let told = match message.split_once(" restarting failed container") {
        Some((delay, _)) if reason == "CrashLoopBackOff" => delay,
        _ => message,
    };
    if told.is_empty() { String::new() } else { format!(" ({told})") }
}

/// The word for a container that ended.
#[must_use]
pub fn ended_word(end: &Termination) -> String {
    if !end.reason.is_empty() {
        end.reason.to_string()
    } else if end.signal != 0 {
        format!("Signal:{}", end.signal)
    } else {
        format!("ExitCode:{}", end.exit_code)
    }
}
