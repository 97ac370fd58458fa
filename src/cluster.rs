//! Talks to a Kubernetes API server and turns its answers into domain events.
//!
//! [`Connection::open`] finds the server and its credentials; [`Connection::start_watches`] keeps a
//! [`mailbox()`] fed; [`Connection::first_sync`] reads everything once, for commands without a screen.

mod connect;
mod credentials;
mod error;
mod execute;
mod frames;
mod inquire;
mod journal;
mod kubeconfig;
mod list;
mod logs;
mod mailbox;
pub mod manifest;
mod no_proxy;
mod options;
mod resource;
mod transport;
mod watch;
mod wire;

#[cfg(test)]
mod fake;

pub use connect::{Access, Connection, FirstSync};
pub use error::Error;
pub use execute::Executed;
pub use journal::{Journal, account};
pub use logs::{LogReceiver, LogSink, Logs, log_channel};
pub use mailbox::{Receiver, Sender, mailbox};
pub use options::{ConnectOptions, Environment, Token};
pub use watch::{TaskDied, Watches};
