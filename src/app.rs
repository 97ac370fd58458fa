//! The monitor as a value: model, messages, update.
