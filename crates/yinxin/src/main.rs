//! The binary: command line, configuration, roles. Decisions live in the crates below.
//!
//! Exit codes: 0 done and nothing wrong, 1 a finding or a refusal, 2 an unusable call.

mod agent;
mod args;
mod offline;
mod operate;
mod out;
mod remote;
mod secret;
mod subscriber;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::out::Outcome;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return args::explain(&error),
    };
    match run(cli) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(error) => {
            let unusable = error.downcast_ref::<out::Unusable>().is_some();
            out::error(&error);
            ExitCode::from(if unusable { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    match cli.command {
        Command::Subscriber(command) => subscriber::run(command),
        Command::Cert(command) => args::cert(command),
        Command::Crl(command) => remote::crl::run(command),
        Command::Directory(command) => remote::directory::run(command),
        Command::Session(command) => remote::session::run(command),
        Command::Client(command) => remote::client::run(command),
        Command::Journal(command) => args::journal(command),
        Command::Key(command) => operate::key::run(command),
        Command::Device(command) => operate::device::run(command),
        Command::Ceremony(command) => operate::ceremony::run(command),
        Command::Person(command) => operate::person::run(command),
        Command::Batch(command) => operate::batch::run(command),
        Command::Serve(command) => operate::serve::run(command),
        Command::Kmc(command) => operate::kmc::run(command),
        Command::Doctor(command) => operate::doctor::run(command),
        Command::Agent(command) => agent::run(command),
        Command::Demo(command) => operate::demo::run(command),
    }
}
