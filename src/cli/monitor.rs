//! `dsgrid` alone: the monitor.

use super::failure::Failure;
use super::print;

/// Refuses to start the monitor where it could not be seen; asked before anything is read.
pub(super) fn needs_terminal() -> Result<(), Failure> {
    if print::has_terminal() {
        return Ok(());
    }
    Err(Failure::Usage(
        "the monitor needs a terminal; without one use `dsgrid get` (see `dsgrid get --help`)".to_owned(),
    ))
}
