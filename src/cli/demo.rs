//! `dsgrid demo`: the embedded cluster, with the monitor on it or served for other programs.

use tokio::signal::unix::{SignalKind, signal};

use super::args::{DemoArgs, Global};
use super::failure::{Failure, Outcome};
use super::settings::Settings;
use super::{monitor, print};
use crate::cluster::ConnectOptions;
use crate::demo::embedded::{EmbeddedCluster, Source};
use crate::demo::replay::Pace;
use crate::demo::scenario::Scenario;
use crate::demo::server::Options;
use crate::demo::server::access::Access;

/// The address of a cluster that nobody else needs to know.
const PRIVATE: &str = "127.0.0.1:0";

/// Starts the cluster, and serves it or opens the monitor on it.
pub(super) async fn run(global: &Global, settings: &Settings, args: &DemoArgs) -> Result<Outcome, Failure> {
    let mut cluster = start(args).await?;
    if args.serve.is_some() {
        return serve(&mut cluster).await;
    }
    // Whatever else is asked for, a demo never touches another cluster.
    let connect =
        ConnectOptions { kubeconfig: Some(cluster.kubeconfig().to_owned()), ..ConnectOptions::default() };
    let monitor = monitor::run(global, settings, &connect, monitor::Start::default());
    tokio::select! {
        outcome = monitor => outcome,
        why = cluster.died() => Err(died(&why)),
    }
}

/// Starts the cluster that the flags describe.
async fn start(args: &DemoArgs) -> Result<EmbeddedCluster, Failure> {
    let pace = if args.fast { Pace::Fastest } else { Pace::Times(1.0) };
    let source = match &args.replay {
        Some(file) => Source::Recorded { file: file.clone(), pace },
        None => Source::Simulated {
            scenario: Box::new(
                Scenario::named(&args.scenario).map_err(|error| Failure::Usage(error.to_string()))?,
            ),
            nodes: args.nodes.and_then(|nodes| usize::try_from(nodes).ok()),
            seed: args.seed,
        },
    };
    let listen = args.serve.as_deref().unwrap_or(PRIVATE);
    let access = Access { denials: args.deny.clone(), ..Access::default() };
    let options = Options { access, ..Options::default() };
    EmbeddedCluster::start_with(source, listen, options)
        .await
        .map_err(|error| Failure::Usage(error.to_string()))
}

/// Serves without a screen until a signal ends it.
async fn serve(cluster: &mut EmbeddedCluster) -> Result<Outcome, Failure> {
    print::data(&format!("{}\n", cluster.kubeconfig().display()))?;
    print::note(&format!("serving on http://{}; Ctrl-c ends it", cluster.address()));
    tokio::select! {
        why = cluster.died() => Err(died(&why)),
        ended = ended() => ended.map(|()| Outcome::Done),
    }
}

fn died(why: &str) -> Failure {
    Failure::Broken(format!("the embedded cluster died: {why}"))
}

/// Waits for Ctrl-c or a polite request to end.
async fn ended() -> Result<(), Failure> {
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}
