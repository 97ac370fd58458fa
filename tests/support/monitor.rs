//! Monitors to look at: fed from a recording or made up, driven by keys, drawn as text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use dsgrid::app::{Capabilities, Effect, Model, Msg, Settings, update};
use dsgrid::domain::event::{Change, ClusterEvent, LinkState, Scope, Watch, WatchKind};
use dsgrid::domain::id::{ObjectKind, ObjectRef};
use dsgrid::domain::inquiry::{Answer, Inquiry};
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use dsgrid::ui::{Theme, draw};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use serde_json::{Value, json};

use crate::support::build::{ago, now, read};
use crate::support::recording;

/// A monitor that has heard nothing.
pub fn silent(capabilities: Capabilities) -> Model {
    let settings = Settings { context: Text::new("prod-eu-1"), capabilities, ..Settings::default() };
    Model::new(settings, now())
}

/// All four watches are in this state.
pub fn links(state: &LinkState) -> Vec<ClusterEvent> {
    let watch = |kind| Watch { kind, scope: Scope::Cluster };
    WatchKind::ALL.into_iter().map(|kind| ClusterEvent::Link(watch(kind), state.clone())).collect()
}

/// A monitor that has seen a recording up to its mark of this name, before everything was counted again.
pub fn recorded(file: &str, mark: &str, capabilities: Capabilities) -> Model {
    let mut model = silent(capabilities);
    let path = recording::all()
        .into_iter()
        .find(|path| path.to_string_lossy().contains(file))
        .expect("a recording of that name");
    let mut start = Timestamp::UNIX_EPOCH;
    for line in recording::lines(&path) {
        if line.kind == "START" {
            start = serde_json::from_str::<String>(line.object.get()).expect("text").parse().expect("a time");
        }
        let at = start + SignedDuration::from_secs_f64(line.at);
        let effects = update(&mut model, Msg::Ticked(at));
        grant(&mut model, effects);
        if line.kind == "MARK" && line.object.get().contains(&format!("\"name\":\"{mark}\"")) {
            break;
        }
        let effects = update(&mut model, Msg::Cluster(recording::event(&line).into_iter().collect()));
        grant(&mut model, effects);
    }
    update(&mut model, Msg::Cluster(links(&LinkState::Live { since: start })));
    model
}

/// Every right that is asked for is there.
fn grant(model: &mut Model, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Ask(inquiry @ Inquiry::Access(_)) = effect {
            let granted = Answer::Access { allowed: true, reason: Text::default() };
            update(model, Msg::Answered(inquiry, Ok(granted)));
        }
    }
}

fn zone(at: usize) -> &'static str {
    ["eu-1a", "eu-1b", "eu-1c"][at % 3]
}

fn nodes(count: usize) -> Vec<Value> {
    let node = |at: usize| {
        let name = format!("node-{at:05}");
        let ready = if at == 112 { "False" } else { "True" };
        let pool = if at % 10 == 9 { "gpu" } else { "web" };
        let taints = match (at % 10, at) {
            (9, _) => json!([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]),
            (_, 112) => json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]),
            _ => json!([]),
        };
        json!({"metadata": {"name": name, "uid": name, "creationTimestamp": ago(86_400 * 9),
                "labels": {"topology.kubernetes.io/zone": zone(at), "pool": pool, "kubernetes.io/hostname": name,
                           "node.kubernetes.io/instance-type": "m5.large"}},
            "spec": {"taints": taints},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "KubeletNotReady",
                "message": "container runtime is down", "lastTransitionTime": ago(1_320)}]}})
    };
    (0..count).map(node).collect()
}

const SETS: [(&str, &str); 12] = [
    ("kube-system", "kube-proxy"),
    ("kube-system", "cni"),
    ("logging", "fluent-bit"),
    ("logging", "audit-tail"),
    ("monitoring", "node-exporter"),
    ("monitoring", "smartctl-exporter"),
    ("storage", "csi-node"),
    ("storage", "broken-agent"),
    ("security", "falco"),
    ("gpu", "dcgm-exporter"),
    ("gpu", "device-plugin"),
    ("net", "node-local-dns-with-a-rather-long-name"),
];

fn daemon_set(at: usize, nodes: usize) -> Value {
    let (namespace, name) = SETS[at];
    let (strategy, annotations) = match name {
        "cni" => (
            json!({"type": "OnDelete"}),
            json!({"dsgrid.dev/paused":
            r#"{"updateStrategy":{"type":"RollingUpdate"},"by":"oncall","at":"2026-01-02T00:00:00Z","reason":"INC-4711"}"#}),
        ),
        "audit-tail" => (json!({"type": "OnDelete"}), json!({})),
        _ => (
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}),
            json!({}),
        ),
    };
    let selector = if namespace == "gpu" { json!({"pool": "gpu"}) } else { json!({}) };
    let tolerations = if namespace == "logging" { json!([]) } else { json!([{"operator": "Exists"}]) };
    let wanted = (0..nodes).filter(|node| wants(at, *node)).count();
    json!({"metadata": {"name": name, "namespace": namespace, "uid": name, "generation": 2,
            "creationTimestamp": ago(86_400 * 30), "annotations": annotations, "labels": {"team": namespace}},
        "spec": {"selector": {"matchLabels": {"app": name}}, "updateStrategy": strategy,
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"nodeSelector": selector,
                "tolerations": tolerations, "containers": [{"name": "main", "image": format!("r.example/{name}:3.2.0")}]}}},
        "status": {"observedGeneration": 2, "desiredNumberScheduled": wanted, "currentNumberScheduled": wanted,
            "numberReady": wanted, "updatedNumberScheduled": wanted, "numberAvailable": wanted}})
}

fn wants(set: usize, node: usize) -> bool {
    let is_gpu = node % 10 == 9;
    match SETS[set].0 {
        "gpu" => is_gpu,
        "logging" => !is_gpu,
        _ => true,
    }
}

fn revisions(at: usize) -> Vec<Value> {
    let (namespace, name) = SETS[at];
    let revision = |number: i64, tag: &str| {
        json!({"metadata": {"name": format!("{name}-{number}"), "namespace": namespace, "uid": format!("{name}-{number}"),
                "labels": {"controller-revision-hash": format!("{name}-r{number}")},
                "ownerReferences": [{"kind": "DaemonSet", "name": name, "uid": name, "controller": true}]},
            "revision": number, "data": {"spec": {"template": {"spec": {"containers":
                [{"name": "main", "image": format!("r.example/{name}:{tag}")}]}}}}})
    };
    vec![revision(2, "3.1.4"), revision(3, "3.2.0")]
}

/// The place of the `OnDelete` set with stale pods among the made-up ones.
pub const AUDIT_TAIL: usize = 3;

/// A pod of a made-up DaemonSet.
pub fn pod(at: usize, node: usize) -> Value {
    let (namespace, name) = SETS[at];
    let is_old = match name {
        "fluent-bit" => node % 16 != 1,
        "cni" => node > 1,
        "audit-tail" => node.is_multiple_of(5),
        _ => false,
    };
    let is_crashing = name == "broken-agent" && node % 4 == 1;
    let is_waiting = name == "csi-node" && node == 7;
    let ready = !(is_crashing || is_waiting || node == 112);
    let state = if is_crashing {
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}})
    } else if is_waiting {
        json!({"waiting": {"reason": "ContainerCreating"}})
    } else {
        json!({"running": {"startedAt": ago(7_200)}})
    };
    let last = if is_crashing {
        json!({"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(95)}})
    } else {
        json!({})
    };
    let pod = format!("{name}-{node:05}");
    json!({"metadata": {"name": pod, "namespace": namespace, "uid": pod, "creationTimestamp": ago(if is_waiting { 12 } else { 7_230 }),
            "labels": {"controller-revision-hash": format!("{name}-r{}", if is_old { 2 } else { 3 })},
            "ownerReferences": [{"kind": "DaemonSet", "name": name, "uid": name, "controller": true}]},
        "spec": {"nodeName": format!("node-{node:05}"), "containers": [{"name": "main"}]},
        "status": {"phase": if is_waiting { "Pending" } else { "Running" },
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }, "lastTransitionTime": ago(7_000)},
                           {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": "main", "ready": ready, "started": true, "restartCount": if is_crashing { 31 } else { 0 },
                "state": state, "lastState": last}]}})
}

/// A made-up cluster: a stuck rollout, a crashing agent, a paused set, one with stale pods, a node that is not ready.
pub fn synthetic_events(count: usize) -> Vec<ClusterEvent> {
    let sets = 0..SETS.len();
    let pods = sets
        .clone()
        .flat_map(|set| (0..count).filter(move |node| wants(set, *node)).map(move |node| pod(set, node)));
    let scope = || Scope::Cluster;
    let mut events = vec![
        ClusterEvent::DaemonSets(Change::Replaced(
            scope(),
            sets.clone().map(|set| read(daemon_set(set, count))).collect(),
        )),
        ClusterEvent::Revisions(Change::Replaced(
            scope(),
            sets.clone().flat_map(revisions).map(read).collect(),
        )),
        ClusterEvent::Nodes(Change::Replaced(scope(), nodes(count).into_iter().map(read).collect())),
        ClusterEvent::Pods(Change::Replaced(scope(), pods.map(read).collect())),
    ];
    events.extend(links(&LinkState::Live { since: now() }));
    events
}

/// An object of the made-up cluster of so many nodes, whole, as a server would give it.
pub fn object(reference: &ObjectRef, count: usize) -> Option<RawObject> {
    let (kind, uid) = (reference.kind, reference.uid.to_string());
    let all: Vec<Value> = match kind {
        ObjectKind::DaemonSet => (0..SETS.len()).map(|set| daemon_set(set, count)).collect(),
        ObjectKind::ControllerRevision => (0..SETS.len()).flat_map(revisions).collect(),
        ObjectKind::Node => nodes(count),
        ObjectKind::Pod => {
            let of = |set| (0..count).map(move |node| pod(set, node));
            (0..SETS.len()).flat_map(of).collect()
        }
    };
    all.into_iter().find(|object| object["metadata"]["uid"] == uid.as_str()).map(RawObject::new)
}

/// A monitor on the made-up cluster.
pub fn synthetic(count: usize, capabilities: Capabilities) -> Model {
    let mut model = silent(capabilities);
    update(&mut model, Msg::Cluster(synthetic_events(count)));
    model
}

/// Presses keys: each character is one, `<enter>`, `<c-n>` and the like by name.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let name = rest.strip_prefix('<').and_then(|tail| tail.split_once('>'));
        let (event, tail) = match name {
            Some((name, tail)) => (named(name), tail),
            None => (KeyEvent::from(KeyCode::Char(first)), &rest[first.len_utf8()..]),
        };
        effects.extend(update(model, Msg::Key(event)));
        rest = tail;
    }
    effects
}

fn named(name: &str) -> KeyEvent {
    if let Some(character) = name.strip_prefix("c-") {
        return KeyEvent::new(
            KeyCode::Char(character.chars().next().expect("a letter")),
            KeyModifiers::CONTROL,
        );
    }
    if let Some(shifted) = name.strip_prefix("s-") {
        return KeyEvent::new(named(shifted).code, KeyModifiers::SHIFT);
    }
    KeyEvent::from(match name {
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "backspace" => KeyCode::Backspace,
        other => panic!("no key {other}"),
    })
}

/// Draws the model at a size.
pub fn screen(model: &mut Model, (width, height): (u16, u16)) -> Buffer {
    update(model, Msg::Resized(width, height));
    update(model, Msg::FrameCame);
    let mut terminal =
        Terminal::new(TestBackend::new(width, height)).expect("a screen in memory does not fail");
    let theme = Theme::new(model.capabilities());
    terminal.draw(|frame| draw(frame, model, &theme)).expect("a screen in memory does not fail");
    update(model, Msg::FrameDrawn);
    terminal.backend().buffer().clone()
}

/// The characters of a screen.
pub fn text(buffer: &Buffer) -> String {
    plane(buffer, |cell| cell.symbol().to_owned())
}

/// The styles of a screen, a letter each: the colour's first (capital where bold), `#` reversed, `_` underlined,
/// `b` bold, `,` dim, blank plain.
pub fn styles(buffer: &Buffer) -> String {
    plane(buffer, |cell| {
        let letter = match cell.fg {
            Color::Reset => ' ',
            Color::Red => 'r',
            Color::Green => 'g',
            Color::Yellow => 'y',
            Color::Blue => 'l',
            Color::Magenta => 'm',
            Color::Cyan => 'c',
            _ => '$',
        };
        let has = |modifier| cell.modifier.contains(modifier);
        let letter = match letter {
            _ if has(Modifier::REVERSED) => '#',
            _ if has(Modifier::UNDERLINED) => '_',
            ' ' if has(Modifier::BOLD) => 'b',
            ' ' if has(Modifier::DIM) => ',',
            letter if has(Modifier::BOLD) => letter.to_ascii_uppercase(),
            letter => letter,
        };
        letter.to_string()
    })
}

fn plane(buffer: &Buffer, of: impl Fn(&ratatui::buffer::Cell) -> String) -> String {
    let area = buffer.area;
    let line = |y| (0..area.width).map(|x| of(&buffer[(x, y)])).collect::<String>().trim_end().to_owned();
    (0..area.height).map(line).collect::<Vec<_>>().join("\n")
}

/// Answers every question that is asked, and those that the answers lead to; what is not known is refused.
pub fn answer(model: &mut Model, effects: Vec<Effect>, known: impl Fn(&Inquiry) -> Option<Answer>) {
    let mut waiting = effects;
    while let Some(effect) = waiting.pop() {
        if let Effect::Ask(inquiry) = effect {
            let reply = known(&inquiry).ok_or_else(|| "forbidden: ask for get and list".to_owned());
            waiting.extend(update(model, Msg::Answered(inquiry, reply)));
        }
    }
    update(model, Msg::FrameCame);
}
