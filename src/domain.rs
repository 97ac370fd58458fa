//! The pure rules: no I/O, no clock, no Kubernetes client.
//!
//! Everything here is a value or a function of values. Times are handed in; identities are
//! newtypes; what came from a server is sanitised where it was decoded.

pub mod absence;
pub mod age;
pub mod alert;
pub mod budget;
pub mod cause;
pub mod cell;
pub mod change;
pub mod command;
pub mod contrast;
pub mod counts;
pub mod diff;
pub mod event;
pub mod exclusion;
pub mod expectation;
pub mod explanation;
pub mod gate;
pub mod grid;
pub mod history;
pub mod id;
pub mod inquiry;
pub mod inventory;
pub mod journal;
pub mod label;
pub mod limits;
pub mod log;
pub mod manager;
pub mod object;
pub mod ownership;
pub mod pattern;
pub mod pause;
pub mod placement;
pub mod pod_status;
pub mod preview;
pub mod progress;
pub mod quantity;
pub mod raw;
pub mod reason;
pub mod relabel;
pub mod replace;
pub mod review;
pub mod rights;
pub mod rollout;
pub mod scheduling;
pub mod selector;
pub mod staleness;
pub mod strategy;
pub mod text;
