//! The real client stack on what a real control plane sent: recordings served over loopback, read by
//! the watches and by one first sync, must end in the same knowledge as the recording itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use dsgrid::cluster::{ConnectOptions, Connection, Environment, Receiver, mailbox};
use dsgrid::demo::embedded::{EmbeddedCluster, Source};
use dsgrid::demo::replay::{self, Pace, Recording};
use dsgrid::demo::scenario::Scenario;
use dsgrid::demo::server::{Options, serve};
use dsgrid::domain::cell::CellState;
use dsgrid::domain::counts::Counts;
use dsgrid::domain::event::{LinkState, Scope};
use dsgrid::domain::inventory::Inventory;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::support::embedded::connect;
use crate::support::recording;

/// What two ways to the same knowledge must agree on.
type Known = (BTreeMap<String, Option<Counts>>, BTreeMap<(String, String), CellState>);

fn known(inventory: &Inventory) -> Known {
    let rows = || inventory.rows().map(|(slot, row)| (slot, row.daemon_set.meta.key.to_string()));
    let counts = rows().map(|(slot, name)| (name, inventory.computed(slot))).collect();
    let cells = rows().flat_map(|(slot, name)| {
        inventory.columns().filter_map(move |(column, node)| {
            let state = inventory.cell(slot, column)?.state;
            Some(((name.clone(), node.name.to_string()), state))
        })
    });
    (counts, cells.collect())
}

/// The knowledge at the end of a recording, and the time then.
fn expected(path: &PathBuf) -> (Known, Timestamp) {
    let mut player = recording::Player::default();
    for line in recording::lines(path) {
        player.play(&line);
    }
    (known(&player.inventory), player.inventory.now())
}

/// Applies events until every watch is live.
async fn until_live(receiver: &mut Receiver, inventory: &mut Inventory) {
    let is_live = |inventory: &Inventory| {
        let live = inventory.links().values().filter(|state| matches!(state, LinkState::Live { .. }));
        live.count() == 4
    };
    while !is_live(inventory) {
        for event in receiver.recv().await {
            inventory.apply(event);
        }
    }
}

async fn check(path: &PathBuf) {
    let (right, end) = expected(path);
    assert!(right.0.len() > 5 && right.1.len() > 50, "the recording says something");
    let mut player = replay::Player::new(Recording::open(path).expect("opens")).expect("a recording");
    let shared = replay::share(&mut player, Pace::Fastest);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = format!("http://{}", listener.local_addr().expect("bound"));
    let serving = tokio::spawn(serve(shared.clone(), listener, Options::default()));

    let options = ConnectOptions { server: Some(server), ..ConnectOptions::default() };
    let connection = Connection::open(&options, &Environment::default()).await.expect("connects");
    let (post, mut letters) = mailbox();
    let watches = connection.start_watches(&Scope::Cluster, &post);
    let mut followed = Inventory::new(player.start());
    until_live(&mut letters, &mut followed).await;

    replay::play(player, shared, |_| {}).await;
    // The last event has no mark of its own: wait until everything is right, or nothing comes any more.
    followed.advance(end);
    while known(&followed) != right {
        let Ok(events) = tokio::time::timeout(Duration::from_secs(5), letters.recv()).await else { break };
        for event in events {
            followed.apply(event);
        }
        followed.advance(end);
    }
    let name = path.display();
    assert_eq!(known(&followed), right, "{name}: the watches");

    let sync = connection.first_sync(&Scope::Cluster).await.expect("lists");
    assert!(sync.denied.is_empty(), "{name}: {:?}", sync.denied);
    let mut listed = Inventory::new(end);
    for event in sync.events {
        listed.apply(event);
    }
    listed.advance(end);
    assert_eq!(known(&listed), right, "{name}: one first sync");
    drop(watches);
    serving.abort();
}

#[tokio::test]
async fn every_recording_is_learnt_whole_by_watching_and_by_listing() {
    for path in recording::all() {
        tokio::time::timeout(Duration::from_secs(60), check(&path)).await.expect("in time");
    }
}

async fn stuck(nodes: usize, listen: &str) -> EmbeddedCluster {
    let scenario = Scenario::named("stuck").expect("a scenario");
    let source = Source::Simulated { scenario: Box::new(scenario), nodes: Some(nodes), seed: 1 };
    EmbeddedCluster::start(source, listen).await.expect("it starts")
}

#[tokio::test]
async fn nothing_of_a_server_stays_when_another_one_comes_up_in_its_place() {
    // The later one has had no time to count as far; then one that knows of more.
    let first = stuck(14, "127.0.0.1:0").await;
    let address = first.address().to_string();
    let connection = connect(&format!("http://{address}")).await;
    let (post, mut letters) = mailbox();
    let watches = connection.start_watches(&Scope::Cluster, &post);
    let mut inventory = Inventory::new(Timestamp::now());
    until_live(&mut letters, &mut inventory).await;

    let mut running = first;
    for nodes in [6, 14] {
        drop(running);
        while inventory.links().values().any(|state| matches!(state, LinkState::Live { .. })) {
            for event in letters.recv().await {
                inventory.apply(event);
            }
        }
        running = stuck(nodes, &address).await;
        until_live(&mut letters, &mut inventory).await;
        let mut afresh = Inventory::new(Timestamp::now());
        for event in connection.first_sync(&Scope::Cluster).await.expect("lists").events {
            afresh.apply(event);
        }
        let names = |inventory: &Inventory| -> Vec<String> {
            inventory.columns().map(|(_, node)| node.name.to_string()).collect()
        };
        let (mut left, mut right) = (names(&inventory), names(&afresh));
        left.sort();
        right.sort();
        assert_eq!(left, right);
        let cells = |inventory: &Inventory| known(inventory).1.into_keys().collect::<Vec<_>>();
        assert_eq!(cells(&inventory), cells(&afresh));
    }
    drop((watches, running));
}
