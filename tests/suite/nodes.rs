//! Changes of nodes from the keyboard: what is told while typing, what is sent, and above all what is not.

use dsgrid::app::{
    Action, Capabilities, Effect, Model, Msg, RelabelStage, Settings, relabel_page, unavailable, update,
};
use dsgrid::domain::command::{Command, Outcome, Ticket, Verb};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::inquiry::{Answer, Inquiry, Permission};
use dsgrid::domain::object::Node;
use dsgrid::domain::raw::RawObject;
use dsgrid::domain::text::Text;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::build::now;
use crate::support::monitor::{object, press, screen, synthetic, synthetic_events, text};

pub const NODES: usize = 40;
pub const SIZE: (u16, u16) = (120, 40);

/// A monitor with the cursor on the heading of the first node.
pub fn monitor() -> Model {
    let mut model = synthetic(NODES, Capabilities::default());
    screen(&mut model, SIZE);
    press(&mut model, "g<up>$");
    press(&mut model, &"<left>".repeat(NODES - 1));
    assert!(model.cursor().column.node().is_some());
    model
}

/// A word among the changed nodes: they were cordoned.
const CORDONED: &str = "cordoned";

/// The object as the cluster has it, in which somebody has changed a label of these nodes meanwhile.
pub fn fresh(inquiry: &Inquiry, changed: &[&str]) -> Option<Answer> {
    match inquiry {
        Inquiry::Object(reference) => {
            let mut raw = object(reference, NODES)?.value().clone();
            if changed.contains(&CORDONED) {
                raw["spec"]["unschedulable"] = json!(true);
            }
            if changed.contains(&reference.key.name.as_str()) {
                raw["metadata"]["labels"]["pool"] = json!("other");
                raw["metadata"]["managedFields"] = json!([{"manager": "kubectl-label", "time": "2026-01-02T03:00:00Z",
                    "fieldsV1": {"f:metadata": {"f:labels": {"f:pool": {}}}}}]);
            }
            Some(Answer::Object(Some(RawObject::new(raw))))
        }
        Inquiry::Access(_) => Some(Answer::Access { allowed: true, reason: Text::default() }),
        _ => None,
    }
}

/// Presses keys and answers what is asked; what is still to be done.
pub fn go_where(model: &mut Model, keys: &str, changed: &[&str]) -> Vec<Effect> {
    let (mut left, mut open) = (Vec::new(), press(model, keys));
    while let Some(effect) = open.pop() {
        match effect {
            Effect::Ask(inquiry) => {
                let Some(answer) = fresh(&inquiry, changed) else { continue };
                open.extend(update(model, Msg::Answered(inquiry, Ok(answer))));
            }
            other => left.push(other),
        }
    }
    screen(model, SIZE);
    left
}

pub fn go(model: &mut Model, keys: &str) -> Vec<Effect> {
    go_where(model, keys, &[])
}

pub fn writes(effects: &[Effect]) -> Vec<(Ticket, Command)> {
    let write = |effect: &Effect| match effect {
        Effect::Send { ticket, command, dry_run: false } => Some((*ticket, (**command).clone())),
        _ => None,
    };
    effects.iter().filter_map(write).collect()
}

pub fn sent(model: &mut Model, ticket: Ticket, outcome: Outcome) -> Vec<(Ticket, Command)> {
    writes(&update(model, Msg::Sent { ticket, outcome: Box::new(outcome) }))
}

/// The node as the write makes it.
pub fn after(command: &Command) -> RawObject {
    let mut value = object(&command.target, NODES).expect("it is there").value().clone();
    let patch: json_patch::Patch = serde_json::from_str(&command.body).expect("a JSON patch");
    json_patch::patch(&mut value, &patch).expect("it applies");
    RawObject::new(value)
}

pub fn shown(model: &mut Model) -> String {
    text(&screen(model, SIZE))
}

#[test]
fn the_editor_tells_the_impact_while_typing() {
    let mut model = monitor();
    go(&mut model, "E");
    insta::assert_snapshot!("nodes-editor-120x40", shown(&mut model));
    go(&mut model, "+pool=gp");
    assert!(shown(&mut model).contains("Tab: pool=gpu"), "{}", shown(&mut model));
    go(&mut model, "<tab>");
    let drawn = shown(&mut model);
    assert!(drawn.contains("pool=gpu: 2 pods start"), "{drawn}");
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let drawn = text(&screen(&mut model, (width, height)));
        insta::assert_snapshot!(format!("nodes-typing-{width}x{height}"), drawn);
    }
    screen(&mut model, SIZE);
    assert_eq!(go(&mut model, "<enter>"), [], "nothing is sent by editing");
    go(&mut model, "<c-s>");
    for (width, height) in [(80, 24), (120, 40), (40, 10)] {
        let drawn = text(&screen(&mut model, (width, height)));
        insta::assert_snapshot!(format!("nodes-review-{width}x{height}"), drawn);
    }
    screen(&mut model, SIZE);
    let effects = go(&mut model, "y");
    let writes = writes(&effects);
    assert_eq!(writes.len(), 1);
    let (ticket, command) = &writes[0];
    assert_eq!(
        (command.verb, command.from.as_str(), command.to.as_str()),
        (Verb::Label, "pool=web", "pool=gpu")
    );
    assert!(command.body.contains("/metadata/uid") && command.body.contains("/metadata/labels/pool"));
    assert_eq!(go(&mut model, "y"), [], "once");
    sent(&mut model, *ticket, Outcome::Done(after(command)));
    insta::assert_snapshot!("nodes-sent-120x40", shown(&mut model));
}

#[test]
fn syntax_is_checked_as_typed() {
    let (longest, longer) = ("v".repeat(63), "v".repeat(64));
    for (typed, told) in [
        ("x=", None),
        (&*format!("x={longest}"), None),
        ("example.com/x=y", None),
        ("x-", None),
        (&*format!("{longest}=x"), None),
        (&*format!("{longer}=x"), Some("its name has 64 characters")),
        (&*format!("x={longer}"), Some("it has 64 characters")),
        ("größe=1", Some("holds 'ö'")),
        ("x y=a", Some("holds ' '")),
        ("a/b/c=d", Some("holds '/'")),
        ("x=ü", Some("holds 'ü'")),
        ("x=a b", Some("holds ' '")),
        ("x=a=b", Some("holds '='")),
        ("Example.com/x=y", Some("the part before the /")),
        ("=y", Some("its name is empty")),
        ("x", Some("write key=value")),
        ("kubernetes.io/hostname=x", Some("refused")),
    ] {
        let mut model = monitor();
        go(&mut model, "E+");
        go(&mut model, typed);
        let page = relabel_page(&model).expect("it is open");
        let below: String = page.below.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
        match told {
            Some(told) => assert!(below.contains(told), "{typed}: {below}"),
            None => assert!(!below.contains("cannot read"), "{typed}: {below}"),
        }
        go(&mut model, "<enter>");
        let RelabelStage::Editing(editor) = &model.relabel().expect("it is open").stage else { panic!() };
        assert_eq!(editor.entry.is_none(), told.is_none(), "{typed}: what is not valid is not taken");
    }
}

#[test]
fn a_label_that_is_better_left_alone_cannot_be_edited() {
    let mut model = monitor();
    go(&mut model, "E");
    for _ in 0..20 {
        if shown(&mut model).contains("kubernetes.io/hostname is refused") {
            break;
        }
        go(&mut model, "j");
    }
    go(&mut model, "<enter>");
    assert!(shown(&mut model).contains("refused: local volumes"), "{}", shown(&mut model));
    go(&mut model, "d");
    let RelabelStage::Editing(editor) = &model.relabel().expect("it is open").stage else { panic!() };
    assert!(editor.entry.is_none() && editor.change.labels.is_empty());
}

#[test]
fn many_at_once_are_four_at_a_time_and_stop_at_the_first_error() {
    for (keys, done) in [("", 3), ("<tab>", NODES - 5)] {
        let mut model = monitor();
        // All nodes; on one the label was changed meanwhile by somebody else.
        go(&mut model, "*E+x=y<enter>");
        go_where(&mut model, "<c-s>", &["node-00003"]);
        let drawn = shown(&mut model);
        assert!(
            drawn.contains(
                "left out: node-00003: conflict: label pool was \"web\" and is \"other\" (by kubectl-label"
            ),
            "{drawn}"
        );
        let mut waiting = writes(&go(&mut model, &format!("{keys}y")));
        assert_eq!(waiting.len(), 4);
        let mut order = 0;
        while let Some((ticket, command)) = waiting.pop() {
            order += 1;
            let outcome = match order {
                2 => Outcome::Denied(Text::new("nodes is forbidden")),
                5 | 6 if !keys.is_empty() => Outcome::Gone,
                7 if !keys.is_empty() => Outcome::LostRace(None),
                _ => Outcome::Done(after(&command)),
            };
            waiting.extend(sent(&mut model, ticket, outcome));
            assert!(waiting.len() <= 4);
        }
        let RelabelStage::Sent { batch, .. } = &model.relabel().expect("it is open").stage else { panic!() };
        assert!(batch.is_over(), "{}", batch.words());
        assert_eq!(batch.done().count(), done + usize::from(keys.is_empty()), "{}", batch.words());
        assert!(shown(&mut model).contains("denied: nodes is forbidden"));
        if keys.is_empty() {
            insta::assert_snapshot!("nodes-stopped-120x40", shown(&mut model));
        }
        // What takes it back is reviewed again.
        let nodes = batch_nodes(&model);
        go(&mut model, "u");
        let RelabelStage::Ready { batch, .. } = &model.relabel().expect("it is open").stage else { panic!() };
        assert_eq!(batch.items().len(), nodes);
    }
}

/// How many nodes were written to.
fn batch_nodes(model: &Model) -> usize {
    match &model.relabel().expect("it is open").stage {
        RelabelStage::Sent { batch, .. } => batch.done().count(),
        _ => 0,
    }
}

/// Somebody is quicker than the person who confirms: nothing is written there, and who it was is told.
#[test]
fn a_conflict_after_the_review_says_who_changed_what() {
    let mut model = monitor();
    go(&mut model, "*E+x=y<enter><c-s>");
    let mut waiting = writes(&go(&mut model, "<tab>y"));
    while let Some((ticket, command)) = waiting.pop() {
        let is_raced = command.target.key.name == "node-00003";
        let outcome = if is_raced {
            let asked = Inquiry::Object(command.target.clone());
            let Some(Answer::Object(now)) = fresh(&asked, &["node-00003"]) else { panic!("a node") };
            Outcome::LostRace(now)
        } else {
            Outcome::Done(after(&command))
        };
        waiting.extend(sent(&mut model, ticket, outcome));
    }
    let drawn = shown(&mut model);
    let told = "node-00003  conflict: label pool was \"web\" and is \"other\" (by kubectl-label at 2026-01-02T03:00:00Z);";
    assert!(drawn.contains(told) && drawn.contains("39 done, 1 conflict"), "{drawn}");
    // What takes it back leaves that node alone.
    go(&mut model, "u");
    let RelabelStage::Ready { batch, .. } = &model.relabel().expect("it is open").stage else { panic!() };
    assert!(
        batch.items().len() == 39 && batch.items().iter().all(|item| item.node().as_str() != "node-00003")
    );
}

#[test]
fn what_stops_pods_wants_the_word() {
    let mut model = monitor();
    go(&mut model, "Etx=y:NoExecute<enter><c-s>");
    let drawn = shown(&mut model);
    assert!(drawn.contains("a word has to be typed") && drawn.contains("evicts every pod"), "{drawn}");
    insta::assert_snapshot!("nodes-taint-review-120x40", drawn);
    assert_eq!(go(&mut model, "y<enter>"), []);
    go(&mut model, "<c-u>");
    assert_eq!(writes(&go(&mut model, "node-00000<enter>")).len(), 1);
}

#[test]
fn nothing_can_be_confirmed_that_was_not_drawn() {
    let mut model = monitor();
    go(&mut model, "E+x=y<enter>");
    let mut open = press(&mut model, "<c-s>y");
    while let Some(Effect::Ask(inquiry)) = open.pop() {
        if let Some(answer) = fresh(&inquiry, &[]) {
            open.extend(update(&mut model, Msg::Answered(inquiry, Ok(answer))));
        }
    }
    assert_eq!(writes(&press(&mut model, "yy")), [], "read meanwhile, but not drawn");
    screen(&mut model, (30, 8));
    assert_eq!(writes(&press(&mut model, "y")), [], "a screen too small shows nothing");
    screen(&mut model, SIZE);
    assert_eq!(writes(&press(&mut model, "y")).len(), 1);
}

#[test]
fn cordon_says_what_it_does_not_do() {
    let mut model = monitor();
    go(&mut model, "C");
    let drawn = shown(&mut model);
    assert!(drawn.contains("no daemon pod stops or stays away"), "{drawn}");
    insta::assert_snapshot!("nodes-cordon-80x24", text(&screen(&mut model, (80, 24))));
    screen(&mut model, SIZE);
    let writes = writes(&go(&mut model, "y"));
    assert_eq!((writes.len(), writes[0].1.verb), (1, Verb::Cordon));
}

/// Uncordon is in the menu and the palette only: `C` never takes back what somebody else has just done.
#[test]
fn uncordon_is_in_the_menu_and_the_palette() {
    let mut model = monitor();
    let why = unavailable(&model, Action::UncordonNodes).expect("it is not cordoned");
    assert_eq!(why, "not cordoned");
    let mut node: Node = node_of(&model);
    node.unschedulable = true;
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Nodes(Change::Applied(node))]));
    go(&mut model, "C");
    assert!(model.relabel().is_none());
    assert!(shown(&mut model).contains("cordoned already; uncordon is in the menu (a)"));
    for keys in ["auncordon<enter>", ":uncordon<enter>"] {
        go_where(&mut model, keys, &[CORDONED]);
        let drawn = shown(&mut model);
        assert!(drawn.contains("no daemon pod starts by it"), "{drawn}");
        go(&mut model, "<esc>");
    }
    go_where(&mut model, ":uncordon<enter>", &[CORDONED]);
    let (_, command) = writes(&go(&mut model, "y")).remove(0);
    assert_eq!((command.verb, command.to.as_str()), (Verb::Uncordon, "schedulable"));
    assert!(command.body.contains(r#"{"op":"remove","path":"/spec/unschedulable"}"#), "{}", command.body);
}

/// The selected node.
fn node_of(model: &Model) -> Node {
    let slot = model.selected_column().expect("a node is selected");
    model.inventory().column_at(slot).and_then(|column| column.node.clone()).expect("a node")
}

/// The prediction is drawn until it is true, and said where it does not come true.
#[test]
fn what_was_foretold_is_expected_until_it_is_true() {
    let mut model = monitor();
    go(&mut model, "E+pool=gpu<enter><c-s>");
    let (ticket, command) = writes(&go(&mut model, "y")).remove(0);
    sent(&mut model, ticket, Outcome::Done(after(&command)));
    go(&mut model, "<esc>");
    let drawn = shown(&mut model);
    assert!(drawn.contains("2 EXPECTED") && drawn.contains('›'), "{drawn}");
    insta::assert_snapshot!("nodes-expected-120x40", drawn);
    let node: Node = after(&command).decode().expect("a node");
    update(&mut model, Msg::Cluster(vec![ClusterEvent::Nodes(Change::Applied(node))]));
    update(&mut model, Msg::Ticked(now() + SignedDuration::from_secs(61)));
    let drawn = shown(&mut model);
    assert!(drawn.contains("2 NOT AS FORETOLD") && !drawn.contains('›'), "{drawn}");
    assert!(drawn.contains("no pod started within a minute"), "{drawn}");
    assert_eq!(model.otherwise().len(), 2);
    go(&mut model, "<esc>!");
    assert!(shown(&mut model).contains("Not as foretold"), "{}", shown(&mut model));
    go(&mut model, "i");
    assert!(model.otherwise().is_empty());
}

#[test]
fn without_an_answer_it_is_read_back() {
    let mut model = monitor();
    go(&mut model, "E+x=y<enter><c-s>");
    let (ticket, command) = writes(&go(&mut model, "y")).remove(0);
    let lost = Outcome::Unknown(Text::new("the connection broke"));
    let effects = update(&mut model, Msg::Sent { ticket, outcome: Box::new(lost) });
    assert!(shown(&mut model).contains("unknown"), "{}", shown(&mut model));
    let asked = Inquiry::Object(command.target.clone());
    assert!(effects.contains(&Effect::Ask(asked.clone())), "{effects:?}");
    update(&mut model, Msg::Answered(asked, Ok(Answer::Object(Some(after(&command))))));
    assert!(shown(&mut model).contains("1 done"), "{}", shown(&mut model));
}

#[test]
fn without_the_right_it_is_greyed_out_with_the_reason() {
    let actions = [Action::EditNodes, Action::CordonNodes];
    let mut model = monitor();
    for action in actions {
        assert_eq!(unavailable(&model, action), None);
    }
    let right = Permission {
        verb: "patch",
        group: "",
        resource: "nodes",
        subresource: "",
        namespace: Text::default(),
    };
    let denied = Answer::Access { allowed: false, reason: Text::new("no role binding") };
    update(&mut model, Msg::Answered(Inquiry::Access(right), Ok(denied)));
    for action in actions {
        let why = unavailable(&model, action).expect("it is refused");
        assert_eq!(why, "you may not patch nodes: no role binding");
    }
    go(&mut model, "E");
    assert!(model.relabel().is_none());
    let settings = Settings { read_only: true, ..Settings::default() };
    let mut model = Model::new(settings, now());
    update(&mut model, Msg::Cluster(synthetic_events(NODES)));
    screen(&mut model, SIZE);
    press(&mut model, "<up>$EC");
    assert!(model.relabel().is_none());
    assert!(unavailable(&model, Action::EditNodes).expect("read-only").contains("read-only"));
}
