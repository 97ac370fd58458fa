//! What the model wants done. Effects are data; the shell carries them out.

use crate::domain::id::Uid;
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// Work for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Give the terminal back to the shell until the user continues the program.
    Suspend,
    /// Receive everything anew.
    Relist,
    /// Put a text on the clipboard.
    CopyToClipboard(String),
    /// List the pods that a DaemonSet's own selector finds, once: adopted pods carry no hash label, so no watch
    /// sees them.
    ListDaemonSetPods {
        /// The DaemonSet.
        daemon_set: Uid,
        /// Its namespace.
        namespace: Text,
        /// Its selector.
        selector: Selector,
    },
}
