//! The watches against a server that misbehaves, in virtual time.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::*;
use crate::cluster::credentials::Credentials;
use crate::cluster::error::Error;
use crate::cluster::fake::{self, Log, Reply, Step, event, list, pod};
use crate::cluster::mailbox::{Receiver, mailbox};
use crate::cluster::wire::Ask;
use crate::domain::event::{Change, ClusterEvent, LinkState, WatchKind};

const HOUR: Duration = Duration::from_secs(3600);

struct Bench {
    wire: Wire,
    watches: Watches,
    receiver: Receiver,
    log: Log,
    /// What was said about pods so far, in short words.
    said: Vec<String>,
}

impl Bench {
    fn new(script: impl Fn(&str, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let (client, log) = fake::client(script);
        let (sender, receiver) = mailbox();
        let wire = Wire::new(Credentials::new(client, None), "fake:443", None);
        let watches = Watches::start(&wire, &Scope::Cluster, &sender);
        Self { wire, watches, receiver, log, said: Vec::new() }
    }

    /// Takes events until one about pods begins with `words`.
    async fn until(&mut self, words: &str) -> Vec<String> {
        let from = self.said.len();
        let wait = async {
            loop {
                let found = self.said[from..].iter().any(|said| said.starts_with(words));
                if found {
                    return;
                }
                for event in self.receiver.recv().await {
                    self.said.extend(in_words(&event));
                }
            }
        };
        let waited = timeout(HOUR, wait).await;
        assert!(waited.is_ok(), "never said {words:?} after {:?}", &self.said);
        self.said[from..].to_vec()
    }

    /// The times at which pods were listed or watched, since the start.
    fn asked(&self, watch: bool) -> Vec<(Instant, String)> {
        let log = self.log.lock().unwrap();
        let pods = log.iter().filter(|(_, path)| path.contains("/pods?"));
        pods.filter(|(_, path)| path.contains("watch=true") == watch).cloned().collect()
    }
}

fn in_words(event: &ClusterEvent) -> Option<String> {
    Some(match event {
        ClusterEvent::Pods(Change::Replaced(_, pods)) => {
            let names: Vec<_> = pods.iter().map(|pod| pod.meta.key.name.as_str()).collect();
            format!("list {}", names.join(" "))
        }
        ClusterEvent::Pods(Change::Applied(pod)) => format!("put {}", pod.meta.key.name),
        ClusterEvent::Pods(Change::Deleted(pod)) => format!("gone {}", pod.meta.key.name),
        ClusterEvent::Link(watch, state) if watch.kind == WatchKind::Pods => match state {
            LinkState::Connecting => "connecting".to_owned(),
            LinkState::Syncing { received, expected } => format!("syncing {received} of {expected:?}"),
            LinkState::Live { .. } => "live".to_owned(),
            LinkState::Retrying { why, .. } => format!("retrying: {why}"),
            LinkState::Denied { why } => format!("denied: {why}"),
        },
        _ => return None,
    })
}

fn is_watch(path: &str) -> bool {
    path.contains("/pods?") && path.contains("watch=true")
}

fn is_list(path: &str) -> bool {
    path.contains("/pods?") && !path.contains("watch=true")
}

fn one_pod(version: &str) -> Reply {
    Reply::new(200, &list(version, "", &[pod("a", 5, "DaemonSet")]))
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_in_pages_and_is_sent_as_one_then_changes_follow() {
    let mut bench = Bench::new(|path, nth| {
        if is_watch(path) {
            let events = [
                event("ADDED", &pod("d", 11, "DaemonSet")),
                event("BOOKMARK", r#"{"metadata":{"resourceVersion":"12"}}"#),
                event("MODIFIED", &pod("x", 13, "CloneSet")),
                event("MODIFIED", &pod("a", 14, "")),
                event("DELETED", &pod("b", 15, "DaemonSet")),
            ];
            let text = events.concat();
            let (first, rest) = text.split_at(70);
            return Some(
                Reply::new(200, first)
                    .then(Step::Wait(Duration::from_secs(3)))
                    .then(Step::Send(rest.into()))
                    .then(Step::Hang),
            )
            .filter(|_| nth == 0);
        }
        is_list(path).then(|| {
            let (page, next) = if path.contains("continue=next%2Fpage") {
                (vec![pod("b", 6, "DaemonSet"), pod("c", 7, "StatefulSet")], "")
            } else {
                (vec![pod("a", 5, "DaemonSet")], "next/page")
            };
            Reply::new(200, &list("10", next, &page))
        })
    });
    let said = bench.until("live").await;
    assert!(said.contains(&"list a b".to_owned()), "{said:?}");
    let said = bench.until("gone b").await;
    assert_eq!(said, ["put d", "gone a", "gone b"]);

    let lists = bench.asked(false);
    assert!(lists[0].1.contains("limit=500"), "{lists:?}");
    let selector = "labelSelector=controller-revision-hash%2C%21statefulset.kubernetes.io%2Fpod-name";
    assert!(lists[0].1.contains(selector), "{lists:?}");
    let watch = &bench.asked(true)[0].1;
    assert!(watch.contains("resourceVersion=10") && watch.contains("allowWatchBookmarks=true"), "{watch}");
    assert!(watch.contains(selector), "{watch}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_asked_again_from_the_last_bookmark() {
    let mut bench = Bench::new(|path, nth| {
        if is_watch(path) {
            let mark = event("BOOKMARK", r#"{"metadata":{"resourceVersion":"77"}}"#);
            let put = event("ADDED", &pod("b", 78, "DaemonSet"));
            return Some(Reply::new(200, if nth == 0 { &mark } else { &put }).then(Step::Hang));
        }
        is_list(path).then(|| one_pod("10"))
    });
    bench.until("put b").await;
    let watches = bench.asked(true);
    assert!(watches[1].1.contains("resourceVersion=77"), "{watches:?}");
    assert_eq!((watches[1].0 - watches[0].0).as_secs(), 75);
    assert_eq!(bench.asked(false).len(), 1, "nothing was listed again");
    assert!(!bench.said.iter().any(|said| said.starts_with("retrying")), "{:?}", bench.said);
}

#[tokio::test(start_paused = true)]
async fn a_read_without_an_answer_ends_the_watches_belief_in_the_server() {
    let read = Ask { path: "/version".to_owned(), doing: "read".to_owned(), within: Duration::from_secs(15) };
    let mut bench = Bench::new(|path, nth| {
        let silent = path.starts_with("/version") || (is_watch(path) && nth == 1);
        silent.then(Reply::mute).or_else(|| is_list(path).then(|| one_pod("10")))
    });
    bench.until("live").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (wire, before) = (bench.wire.clone(), Instant::now());
    let (unanswered, said) = tokio::join!(wire.read(&read), bench.until("retrying"));
    assert!(matches!(unanswered, Err(Error::Timeout { .. })), "{:?}", unanswered.is_ok());
    assert_eq!(said, ["retrying: the server does not answer"]);
    // The watch is asked for again at once, and nothing is believed before the server answers.
    assert_eq!((bench.asked(true)[1].0 - before).as_secs(), 15);
    bench.until("live").await;
    let watches = bench.asked(true);
    // A read that was given up soon says nothing.
    let _ = timeout(Duration::from_secs(2), wire.read(&read)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.asked(true).len(), watches.len(), "2 s say nothing");
}

#[tokio::test(start_paused = true)]
async fn an_expired_version_is_listed_afresh_both_ways() {
    for by_event in [true, false] {
        let mut bench = Bench::new(move |path, nth| {
            if is_watch(path) && nth == 0 {
                let gone = r#"{"kind":"Status","code":410,"message":"too old"}"#;
                return Some(if by_event {
                    Reply::new(200, &event("ERROR", gone))
                } else {
                    Reply::status(410, "too old")
                });
            }
            is_list(path).then(|| one_pod(if nth == 0 { "10" } else { "90" }))
        });
        bench.until("live").await;
        while bench.asked(true).len() < 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(bench.asked(true)[1].1.contains("resourceVersion=90"));
        assert_eq!(bench.asked(false).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_the_server_has_not_reached_is_listed_afresh() {
    // A server that came back from a backup, or another one behind the same address.
    let mut bench = Bench::new(|path, nth| {
        let ahead = "Timeout: Too large resource version: 10, current: 5";
        (is_watch(path) && nth == 0).then(|| Reply::status(504, ahead))
    });
    bench.until("live").await;
    assert_eq!(bench.asked(false).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgets_every_version_is_not_hammered() {
    let mut bench = Bench::new(|path, _| is_watch(path).then(|| Reply::status(410, "too old")));
    bench.until("retrying").await;
    let before = bench.asked(true).len();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let asked = bench.asked(true).len() - before;
    assert!((5..80).contains(&asked), "asked {asked} times in two minutes");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_outlives_its_snapshot_begins_again() {
    let mut bench = Bench::new(|path, nth| {
        is_list(path).then(|| match nth {
            0 => Reply::new(200, &list("10", "t", &[pod("old", 1, "DaemonSet")])),
            1 => Reply::status(410, "continue token expired"),
            _ => one_pod("11"),
        })
    });
    let said = bench.until("live").await;
    assert!(said.contains(&"list a".to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_shown_and_asked_again_each_minute_or_at_once_on_request() {
    let mut bench = Bench::new(|path, nth| match nth {
        0 | 1 if is_list(path) => Some(Reply::status(403, "pods is forbidden")),
        _ => is_list(path).then(|| one_pod("10")),
    });
    assert_eq!(bench.until("denied").await.last().unwrap(), "denied: pods is forbidden");
    tokio::time::sleep(Duration::from_secs(61)).await;
    let asked = bench.asked(false);
    assert_eq!((asked.len(), (asked[1].0 - asked[0].0).as_secs()), (2, 60));
    bench.watches.relist();
    bench.until("live").await;
    assert!((bench.asked(false)[2].0 - asked[1].0).as_secs() < 2);
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let mut bench = Bench::new(|path, nth| match nth {
        0 if is_list(path) => Some(Reply::status(429, "too many requests").header("retry-after", "20")),
        _ => is_list(path).then(|| one_pod("10")),
    });
    let said = bench.until("live").await;
    assert!(said.iter().any(|said| said.contains("too many requests (429)")), "{said:?}");
    let asked = bench.asked(false);
    assert_eq!((asked[1].0 - asked[0].0).as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn failures_wait_longer_and_longer_and_say_why() {
    let mut bench = Bench::new(|path, nth| match nth {
        _ if !is_list(path) => None,
        0..4 => Some(Reply::status(500, "etcd is down")),
        4 => Some(Reply::new(502, "<html>bad gateway</html>").header("content-type", "text/html")),
        5 => Some(Reply::new(200, "<html>log in</html>").header("content-type", "text/html")),
        6 => Some(Reply::status(401, "Unauthorized")),
        7 => Some(Reply::new(200, "{}")),
        8 => Some(Reply::mute()),
        9 => Some(Reply::new(200, "{\"items\":[").then(Step::Break)),
        _ => Some(one_pod("10")),
    });
    let said = bench.until("live").await;
    for words in [
        "etcd is down (500)",
        "Bad Gateway, with a web page (502)",
        "does not answer like a Kubernetes API server",
        "does not accept these credentials (401)",
        "cannot be read",
        "did not answer within 30 s",
        "broke while trying to list pods",
    ] {
        assert!(said.iter().any(|said| said.contains(words)), "no {words:?} in {said:#?}");
    }
    let asked = bench.asked(false);
    assert_eq!(asked.len(), 11);
    let waits: Vec<u128> = asked.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_millis()).collect();
    assert!(waits.iter().all(|wait| *wait >= 25 && *wait <= 45_100), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_closes_at_once_does_not_spin_and_is_listed_again() {
    let mut bench = Bench::new(|path, _| {
        if is_watch(path) { Some(Reply::new(200, "")) } else { is_list(path).then(|| one_pod("10")) }
    });
    bench.until("retrying").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (watches, lists) = (bench.asked(true).len(), bench.asked(false).len());
    assert!((4..60).contains(&watches), "{watches} watches in a minute");
    assert!(lists > 1, "the version was not given up");
}

#[tokio::test(start_paused = true)]
async fn a_watch_cut_in_an_event_goes_on_after_the_last_whole_one() {
    let mut bench = Bench::new(|path, nth| {
        if is_watch(path) && nth == 0 {
            let whole = event("ADDED", &pod("b", 20, "DaemonSet"));
            let cut = &event("ADDED", &pod("c", 21, "DaemonSet"))[..40];
            return Some(Reply::new(200, &format!("{whole}{cut}")));
        }
        is_list(path).then(|| one_pod("10"))
    });
    let said = bench.until("live").await;
    assert!(said.iter().any(|said| said.contains("cut off within an event")), "{said:?}");
    assert!(bench.asked(true)[1].1.contains("resourceVersion=20"));
    assert_eq!(bench.asked(false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_drip_of_bytes_is_read_as_it_comes() {
    let mut bench = Bench::new(|path, nth| {
        if is_watch(path) && nth == 0 {
            let mut reply = Reply::new(200, "");
            for byte in event("ADDED", &pod("b", 20, "DaemonSet")).bytes() {
                reply = reply.then(Step::Wait(Duration::from_secs(60))).then(Step::Send(vec![byte]));
            }
            return Some(reply.then(Step::Hang));
        }
        is_list(path).then(|| one_pod("10"))
    });
    bench.until("live").await;
    let wait = timeout(HOUR * 24, async {
        loop {
            for event in bench.receiver.recv().await {
                if in_words(&event).is_some_and(|said| said == "put b") {
                    return;
                }
            }
        }
    });
    wait.await.unwrap();
    assert_eq!(bench.asked(true).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn garbage_in_one_object_hides_no_other() {
    let mut bench = Bench::new(|path, nth| {
        if is_watch(path) && nth == 0 {
            let bad = event("ADDED", r#"{"metadata":7}"#);
            let odd = event("SOMETHING", "{}");
            let good = event("ADDED", &pod("b", 20, "DaemonSet"));
            return Some(Reply::new(200, &format!("{bad}{odd}\n{good}")).then(Step::Hang));
        }
        let bad = r#"{"metadata":"nonsense"}"#.to_owned();
        is_list(path).then(|| Reply::new(200, &list("10", "", &[bad, pod("a", 5, "DaemonSet")])))
    });
    let said = bench.until("put b").await;
    assert!(said.contains(&"list a".to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_comes_is_given_up() {
    let mut bench = Bench::new(|path, nth| match nth {
        0 if is_watch(path) => Some(Reply::mute()),
        _ => is_list(path).then(|| one_pod("10")),
    });
    let said = bench.until("retrying").await;
    assert!(said.last().unwrap().contains("did not answer within 10 s to watch pods"), "{said:?}");
    bench.until("live").await;
}

#[tokio::test(start_paused = true)]
async fn asking_for_a_fresh_list_while_live_replaces_everything() {
    let mut bench = Bench::new(|path, nth| match is_list(path) {
        true if nth > 0 => Some(Reply::new(200, &list("50", "", &[pod("z", 50, "DaemonSet")]))),
        true => Some(one_pod("10")),
        false => None,
    });
    bench.until("live").await;
    bench.watches.relist();
    let said = bench.until("live").await;
    assert!(said.contains(&"list z".to_owned()), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn the_daemon_sets_say_how_many_pods_to_expect() {
    let daemon_set = r#"{"metadata":{"name":"d","namespace":"ns","uid":"d"},"spec":{},
        "status":{"currentNumberScheduled":40}}"#;
    let mut bench = Bench::new(move |path, _| {
        if is_list(path) {
            let mut slow = Reply::new(200, "").then(Step::Wait(Duration::from_secs(5)));
            let token = if path.contains("continue") { "" } else { "t" };
            slow.steps.extend(Reply::new(200, &list("10", token, &[pod("a", 5, "DaemonSet")])).steps);
            return Some(slow);
        }
        (path.contains("/daemonsets?") && !path.contains("watch"))
            .then(|| Reply::new(200, &list("1", "", &[daemon_set.to_owned()])))
    });
    let said = bench.until("live").await;
    assert!(said.iter().any(|said| said.contains("of Some(40)")), "{said:?}");
}

#[tokio::test]
async fn a_task_that_dies_is_noticed() {
    let mut watches = Watches { tasks: JoinSet::new(), nudge: Arc::new(watch::Sender::new(0)) };
    watches.tasks.spawn(async { panic!("a defect") });
    assert!(watches.died().await.to_string().contains("please report it"));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_ends_the_watches() {
    let bench = Bench::new(|path, _| is_list(path).then(|| Reply::status(500, "no")));
    let Bench { watches, mut receiver, log, .. } = bench;
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(watches);
    while !receiver.recv().await.is_empty() {}
    let before = log.lock().unwrap().len();
    tokio::time::sleep(HOUR).await;
    assert_eq!(log.lock().unwrap().len(), before);
}
