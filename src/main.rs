//! The `dsgrid` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    dsgrid::cli::main(std::env::args_os().collect())
}
