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
use crate::shell::monitor::Opened;

/// The address of a cluster that nobody else needs to know.
const PRIVATE: &str = "127.0.0.1:0";

/// Starts the cluster, and serves it or opens the monitor on it.
pub(super) async fn run(global: &Global, settings: &Settings, args: &DemoArgs) -> Result<Outcome, Failure> {
    let starting = starting(args)?;
    if args.serve.is_some() {
        return serve(&mut starting.await?).await;
    }
    let broken = |error: anyhow::Error| Failure::Usage(format!("{error:#}"));
    let mut opened = Opened::open(monitor::capabilities(global, settings)).map_err(broken)?;
    // A large cluster takes long to make up.
    let started = opened.wait_for("starting the embedded cluster... (q quits)", starting).await;
    let Some(started) = started.map_err(broken)? else { return Ok(Outcome::Done) };
    let mut cluster = started?;
    let start = monitor::Start { opened: Some(opened), ..monitor::Start::default() };
    // Whatever else is asked for, a demo never touches another cluster.
    let connect =
        ConnectOptions { kubeconfig: Some(cluster.kubeconfig().to_owned()), ..ConnectOptions::default() };
    let monitor = monitor::run(global, settings, &connect, start);
    tokio::select! {
        outcome = monitor => outcome,
        why = cluster.died() => Err(died(&why)),
    }
}

/// What starts the cluster that the flags describe.
fn starting(
    args: &DemoArgs,
) -> Result<impl Future<Output = Result<EmbeddedCluster, Failure>> + Send + 'static, Failure> {
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
    let listen = args.serve.clone().unwrap_or_else(|| PRIVATE.to_owned());
    let access = Access { denials: args.deny.clone(), ..Access::default() };
    let options = Options { access, ..Options::default() };
    Ok(async move {
        let started = EmbeddedCluster::start_with(source, &listen, options).await;
        started.map_err(|error| Failure::Usage(error.to_string()))
    })
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
