//! dsgrid: a live terminal monitor for Kubernetes `DaemonSet`s.
//!
//! The library is built in floors; a file may use its own floor and the floors below it, never one
//! above (the floors test enforces it):
//!
//! | floor | module | what it is |
//! |---|---|---|
//! | 0 | [`domain`] | pure rules: objects, placement, counts, cells, the grid |
//! | 1 | [`cluster`] | talks to a Kubernetes API server |
//! | 1 | [`demo`] | the embedded cluster: an API server with controllers and kubelets |
//! | 2 | [`app`] | the monitor's model and its `update` function |
//! | 3 | [`ui`] | draws the model |
//! | 4 | [`shell`] | the event loop, terminal, signals, log file |
//! | 5 | [`cli`] | command line |

pub mod app;
pub mod cli;
pub mod cluster;
pub mod demo;
pub mod domain;
pub mod shell;
pub mod ui;
