//! The workshop of the repository: checks that no library has, and chores.
//!
//! Not shipped, and no crate of the product may depend on it; nor does it depend on
//! any of them, so that it builds in seconds and runs while they are broken.
//! Each command is one file here. `cargo xtask help` lists them.

// Printing is what a command line tool is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod glossary;
mod layers;
mod licences;
mod metadata;
mod run;
mod soak;
mod source;
mod tidy;
mod trace;

use std::process::ExitCode;

/// One command: its name, what it does, and the function behind it.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const COMMANDS: &[Command] = &[
    Command { name: "dev", about: "run the demo institution from the working tree", run: run::dev },
    Command {
        name: "check",
        about: "run ./check [STEP…], everything that must be green",
        run: run::check,
    },
    Command {
        name: "layers",
        about: "hold the crates to the layers of ARCHITECTURE.md",
        run: layers::command,
    },
    Command {
        name: "tidy",
        about: "hold the sources to the rules of CONTRIBUTING.md",
        run: tidy::command,
    },
    Command {
        name: "licences",
        about: "check licences and banned crates of all dependencies",
        run: licences::command,
    },
    Command {
        name: "trace",
        about: "write docs/trace.md (--check: only compare)",
        run: trace::command,
    },
    Command {
        name: "golden",
        about: "write the golden files anew, then look at the diff",
        run: run::golden,
    },
    Command {
        name: "soak",
        about: "slow runs: soak [NAME…], without a name it lists them",
        run: soak::command,
    },
    Command {
        name: "bench",
        about: "run benchmarks [NAME…] and write docs/benchmarks.md",
        run: bench::command,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return help(&name);
    };
    match (command.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn help(asked: &str) -> ExitCode {
    println!("cargo xtask COMMAND");
    for command in COMMANDS {
        println!("  {:<9} {}", command.name, command.about);
    }
    if asked == "help" { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
