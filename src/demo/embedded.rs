//! The embedded cluster as a whole: a source of truth, a server on loopback, and a kubeconfig to reach it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::replay::{self, Pace, Player, Recording, ReplayError};
use super::scenario::build::build;
use super::scenario::{Scenario, ScenarioError};
use super::server::{self, Options, Shared, write_kubeconfig};
use super::simulation::Simulation;

/// The kubeconfig's context.
pub const CONTEXT: &str = "dsgrid-demo";

/// The shortest pause between two steps of the simulation.
const SHORT: Duration = Duration::from_millis(5);
/// The longest.
const LONG: Duration = Duration::from_secs(60);

/// What the cluster shows.
#[derive(Debug)]
pub enum Source {
    /// A scenario, simulated by controllers, a scheduler and kubelets.
    Simulated {
        /// The scenario.
        scenario: Box<Scenario>,
        /// How many nodes; the scenario's own number where none is given.
        nodes: Option<usize>,
        /// The same seed gives the same cluster.
        seed: u64,
    },
    /// A recording of a real control plane.
    Recorded {
        /// The file.
        file: PathBuf,
        /// How fast.
        pace: Pace,
    },
}

/// Why an embedded cluster cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not an address of this machine.
    #[error("cannot serve on {address}: {source}; give an address of this machine like 127.0.0.1:0")]
    Listen {
        /// The address asked for.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The server has no authentication: only this machine may reach it.
    #[error(
        "{address} can be reached by other machines, and the embedded cluster lets anybody in; serve on 127.0.0.1:0"
    )]
    Exposed {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The kubeconfig cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The scenario cannot be built.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The recording cannot be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A running cluster; dropping it ends it and removes its kubeconfig.
#[derive(Debug)]
pub struct EmbeddedCluster {
    address: SocketAddr,
    kubeconfig: PathBuf,
    tasks: JoinSet<()>,
}

impl EmbeddedCluster {
    /// Starts a cluster on an address of this machine; port 0 is any free one.
    ///
    /// # Errors
    /// The address, the kubeconfig or the source is not to be had.
    pub async fn start(source: Source, listen: &str) -> Result<Self, StartError> {
        Self::start_with(source, listen, Options::default()).await
    }

    /// The same, with a server that behaves otherwise: with denials, or with faults.
    ///
    /// # Errors
    /// As `start`.
    pub async fn start_with(source: Source, listen: &str, options: Options) -> Result<Self, StartError> {
        let unheard = |source| StartError::Listen { address: listen.to_owned(), source };
        let listener = TcpListener::bind(listen).await.map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;
        if !address.ip().is_loopback() {
            return Err(StartError::Exposed { address });
        }
        let mut tasks = JoinSet::new();
        let shared = match source {
            Source::Simulated { scenario, nodes, seed } => {
                let (store, simulation) = build(&scenario, nodes, seed, Timestamp::now())?;
                let shared = Shared::new(store, Timestamp::now);
                tasks.spawn(simulate(simulation, shared.clone()));
                shared
            }
            Source::Recorded { file, pace } => {
                let mut player = Player::new(Recording::open(&file)?)?;
                let shared = replay::share(&mut player, pace);
                tasks.spawn(replay::play(player, shared.clone(), |_| {}));
                shared
            }
        };
        tasks.spawn(answer(shared, listener, options));
        let name = format!("dsgrid-demo-{}-{}.yaml", std::process::id(), address.port());
        let kubeconfig = std::env::temp_dir().join(name);
        let unwritten = |source| StartError::Kubeconfig { path: kubeconfig.clone(), source };
        write_kubeconfig(&kubeconfig, CONTEXT, address).map_err(unwritten)?;
        Ok(Self { address, kubeconfig, tasks })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The kubeconfig that reaches it, for dsgrid and kubectl alike.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Ends only when a part of it died, which none should: the words say of what.
    pub async fn died(&mut self) -> String {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) => return error.to_string(),
                // A recording comes to its end; the server goes on showing what it led to.
                Some(Ok(())) if !self.tasks.is_empty() => {}
                Some(Ok(())) | None => return "its server ended".to_owned(),
            }
        }
    }
}

/// Lets the simulation act whenever something is due, or a client changed something.
async fn simulate(mut simulation: Simulation, shared: Shared) {
    let mut changed = shared.changed();
    loop {
        changed.mark_unchanged();
        shared.write(|store| simulation.step(store, shared.now()));
        let wait = simulation.next_due().map(|due| due.duration_since(shared.now()));
        // What is due already has been done by the step: a little patience keeps a mistake from spinning.
        let wait = wait.map_or(LONG, |wait| Duration::try_from(wait).unwrap_or_default().max(SHORT));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // The sender lives as long as `shared` does.
            _ = changed.changed() => {}
        }
    }
}

async fn answer(shared: Shared, listener: TcpListener, options: Options) {
    // The listener's own failure ends the task, and so the program.
    if let Err(error) = server::serve(shared, listener, options).await {
        tracing::error!(%error, "the embedded API server ended");
    }
}

impl Drop for EmbeddedCluster {
    fn drop(&mut self) {
        // The system clears its temporary folder where this fails.
        drop(std::fs::remove_file(&self.kubeconfig));
    }
}
