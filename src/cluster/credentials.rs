//! A client whose credentials are renewed once the server no longer accepts them.
//!
//! kube's own layer renews a token before it expires, but not one that says nothing of its end or was revoked, and never
//! a certificate. As client-go does, a 401 makes us build everything anew: the plugin runs again, files are read again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::config::AuthInfo;
use kube::{Client, Config};
use tokio::time::Instant;

use super::error::Error;
use super::transport;

/// Credentials that were just renewed and are refused again are left alone for so long.
const PAUSE: Duration = Duration::from_secs(30);

/// A client, which is replaced by another one when its credentials have run out.
pub(super) struct Credentials {
    /// The client, and how many came before it.
    current: Mutex<(u64, Client)>,
    /// What it is built from; none where nothing could be renewed.
    config: Option<Config>,
    /// Held while they are renewed; when that ended last.
    renewed: tokio::sync::Mutex<Option<Instant>>,
}

impl Credentials {
    /// Built from this; without it the client stays for ever.
    pub(super) fn new(client: Client, config: Option<Config>) -> Self {
        let config = config.filter(|config| is_renewable(&config.auth_info));
        Self { current: Mutex::new((0, client)), config, renewed: tokio::sync::Mutex::default() }
    }

    /// The client, and which one it is.
    pub(super) fn client(&self) -> (u64, Client) {
        // Nothing that could panic is done while it is held.
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Renews the credentials that this client was refused with; whether there are others now.
    ///
    /// Many requests are refused at once: the first renews, the others wait for it.
    pub(super) async fn renew(&self, refused: u64) -> Result<bool, Error> {
        let Some(config) = &self.config else { return Ok(false) };
        let mut renewed = self.renewed.lock().await;
        if self.client().0 != refused {
            return Ok(true);
        }
        if renewed.is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(false);
        }
        tracing::info!("the server does not accept the credentials any more: they are renewed");
        let built = transport::client(config.clone()).await;
        *renewed = Some(Instant::now());
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = (refused + 1, built?);
        Ok(true)
    }
}

/// Whether asking again can give others: a plugin, or files that somebody else keeps fresh.
fn is_renewable(auth: &AuthInfo) -> bool {
    auth.exec.is_some()
        || auth.token_file.is_some()
        || auth.auth_provider.is_some()
        || auth.client_certificate.is_some()
}

#[cfg(all(test, unix))]
mod tests;
