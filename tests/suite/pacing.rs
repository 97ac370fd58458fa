//! The loop under a flood, under keys and at rest, on a paused clock.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent};
use dsgrid::app::{Capabilities, Effect, Model, Msg};
use dsgrid::domain::event::{Change, ClusterEvent};
use dsgrid::domain::object::Pod;
use dsgrid::shell::event_loop::{Ends, Execute, ExitReason, Interruption, Screen, run};
use dsgrid::shell::frame::FrameLimiter;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::support::build::{now, read};
use crate::support::monitor::{pod, silent, synthetic_events};

/// A screen that only notes when it was drawn and what it was asked.
#[derive(Clone, Default)]
struct Paper {
    frames: Rc<RefCell<Vec<Instant>>>,
    copied: Rc<RefCell<Vec<String>>>,
    suspended: Rc<Cell<u32>>,
}

impl Screen for Paper {
    fn draw(&mut self, _: &Model) -> io::Result<()> {
        self.frames.borrow_mut().push(Instant::now());
        Ok(())
    }
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.borrow_mut().push(text.to_owned());
        Ok(())
    }
    fn suspend(&mut self) -> io::Result<(u16, u16)> {
        self.suspended.set(self.suspended.get() + 1);
        Ok((80, 24))
    }
    fn resume(&mut self) -> io::Result<(u16, u16)> {
        Ok((80, 24))
    }
}

/// Notes what it is asked to do; fails when asked to relist.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<Effect>>>);

impl Execute for Notes {
    fn execute(&mut self, effect: Effect, replies: &mpsc::UnboundedSender<Msg>) {
        self.0.borrow_mut().push(effect);
        replies.send(Msg::WorkFailed("refused".to_owned())).expect("the loop listens");
    }
}

type Keys = mpsc::UnboundedSender<io::Result<Event>>;
type News = mpsc::UnboundedSender<Vec<ClusterEvent>>;

/// Runs the loop while `play` plays; what was drawn and done.
async fn play<F: Future<Output = ()>>(
    model: &mut Model,
    rate: u32,
    play: impl FnOnce(Keys, News, mpsc::UnboundedSender<Interruption>) -> F,
) -> (ExitReason, Paper, Notes) {
    let (keys, mut key_source) = mpsc::unbounded_channel();
    let (news, source) = mpsc::unbounded_channel();
    let (interrupt, mut interruption_source) = mpsc::unbounded_channel();
    let (paper, notes) = (Paper::default(), Notes::default());
    let start = Instant::now();
    let mut ends = Ends {
        keys: futures::stream::poll_fn(move |context| key_source.poll_recv(context)),
        source,
        executor: notes.clone(),
        screen: paper.clone(),
        interruptions: futures::stream::poll_fn(move |context| interruption_source.poll_recv(context)),
        clock: move || -> Timestamp {
            now() + SignedDuration::try_from(start.elapsed()).expect("a short time")
        },
    };
    let (reason, ()) =
        tokio::join!(run(model, &mut ends, FrameLimiter::new(rate)), play(keys, news, interrupt));
    (reason.expect("paper does not fail"), paper, notes)
}

fn key(character: char) -> Event {
    Event::Key(KeyEvent::from(KeyCode::Char(character)))
}

/// A pod that is not ready, and is.
static STATES: LazyLock<[Pod; 2]> = LazyLock::new(|| {
    ["False", "True"].map(|ready| {
        let mut object = pod(2, 0);
        object["status"]["conditions"][0]["status"] = ready.into();
        read(object)
    })
});

/// A pod that goes to and fro between two states.
fn flapping(turn: u64) -> ClusterEvent {
    let mut pod = STATES[usize::from(turn.is_multiple_of(2))].clone();
    pod.meta.resource_version = Some(turn + 1);
    ClusterEvent::Pods(Change::Applied(pod))
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_news_draws_thirty_frames_and_keys_are_answered_at_once() {
    let mut model = silent(Capabilities::default());
    let pressed = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&pressed);
    let (reason, paper, _) = play(&mut model, 30, |keys, news, _| async move {
        news.send(synthetic_events(12)).unwrap();
        for turn in 0..1_000 {
            for part in 0..50 {
                news.send(vec![flapping(turn * 50 + part)]).unwrap();
            }
            if turn % 100 == 37 {
                noted.borrow_mut().push(Instant::now());
                keys.send(Ok(key('j'))).unwrap();
            }
            sleep(Duration::from_millis(1)).await;
        }
        keys.send(Ok(key('q'))).unwrap();
    })
    .await;
    assert_eq!(reason, ExitReason::Quit);
    let frames = paper.frames.borrow();
    // Ten keys may add a frame each.
    assert!((25..=33 + 10).contains(&frames.len()), "{} frames", frames.len());
    for pressed in pressed.borrow().iter() {
        let answer = frames.iter().find(|frame| *frame >= pressed).expect("an answer");
        assert!(*answer - *pressed <= Duration::from_millis(11), "{:?}", *answer - *pressed);
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_a_flood_stays_within_the_rate() {
    let mut model = silent(Capabilities::default());
    let (_, paper, _) = play(&mut model, 30, |keys, news, _| async move {
        news.send(synthetic_events(12)).unwrap();
        for turn in 0..1_000 {
            (0..50).for_each(|part| news.send(vec![flapping(turn * 50 + part)]).unwrap());
            sleep(Duration::from_millis(1)).await;
        }
        keys.send(Ok(key('q'))).unwrap();
    })
    .await;
    let frames = paper.frames.borrow().len();
    assert!((25..=33).contains(&frames), "{frames} frames");
}

#[tokio::test(start_paused = true)]
async fn at_rest_nothing_is_drawn_and_an_age_is_drawn_when_it_changes() {
    let mut model = silent(Capabilities::default());
    let (_, paper, _) = play(&mut model, 30, |keys, news, _| async move {
        let quiet = synthetic_events(3).into_iter().filter(|event| !matches!(event, ClusterEvent::Pods(_)));
        // Without DaemonSets there is nothing that ages.
        news.send(quiet.filter(|event| !matches!(event, ClusterEvent::DaemonSets(_))).collect()).unwrap();
        sleep(Duration::from_secs(3600)).await;
        keys.send(Ok(key('q'))).unwrap();
    })
    .await;
    let frames = paper.frames.borrow().len();
    assert!(frames <= 2, "{frames} frames in an hour of rest");

    let mut model = silent(Capabilities::default());
    let (_, paper, _) = play(&mut model, 30, |keys, news, _| async move {
        news.send(synthetic_events(12)).unwrap();
        sleep(Duration::from_secs(60)).await;
        keys.send(Ok(key('q'))).unwrap();
    })
    .await;
    let frames = paper.frames.borrow().len();
    assert!((2..=70).contains(&frames), "{frames} frames in a minute with ages");
}

#[tokio::test(start_paused = true)]
async fn effects_reach_those_who_carry_them_out() {
    let mut model = silent(Capabilities::default());
    let (reason, paper, notes) = play(&mut model, 30, |keys, news, interrupt| async move {
        news.send(synthetic_events(12)).unwrap();
        sleep(Duration::from_millis(100)).await;
        keys.send(Ok(key('c'))).unwrap();
        keys.send(Ok(key('r'))).unwrap();
        sleep(Duration::from_millis(100)).await;
        keys.send(Ok(Event::Key(KeyEvent::new(KeyCode::Char('z'), crossterm::event::KeyModifiers::CONTROL))))
            .unwrap();
        interrupt.send(Interruption::Continued).unwrap();
        sleep(Duration::from_millis(100)).await;
        interrupt.send(Interruption::End(ExitReason::Terminated)).unwrap();
    })
    .await;
    assert_eq!(reason, ExitReason::Terminated);
    // What is asked of itself depends on what is selected; here it is about what the keys did.
    let asked_for = |effect: &&Effect| !matches!(effect, Effect::Ask(_) | Effect::RememberDesired(_));
    assert_eq!(notes.0.borrow().iter().filter(asked_for).collect::<Vec<_>>(), [&Effect::Relist]);
    assert_eq!(*paper.copied.borrow(), ["logging/fluent-bit"]);
    assert_eq!(paper.suspended.get(), 1);
    assert_eq!(model.notice().map(|notice| notice.text.as_str()), Some("refused"));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_is_gone_ends_the_loop() {
    let mut model = silent(Capabilities::default());
    let (reason, ..) = play(&mut model, 30, |keys, _news, _interrupt| async move { drop(keys) }).await;
    assert_eq!(reason, ExitReason::HungUp);
}
