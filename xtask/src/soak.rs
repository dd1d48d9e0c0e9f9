//! Slow runs, that `./check` has no time for. The list is data: `.config/soak.toml`.

use crate::metadata::root;
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    #[serde(default)]
    step: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    about: String,
    /// Debian packages that the step needs; installed by `scripts/needs`.
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    command: Vec<String>,
}

/// Without a name lists the steps; with `all` or names runs them one after another.
pub fn command(names: &[String]) -> anyhow::Result<()> {
    let plan = plan()?;
    if names.is_empty() {
        for step in &plan.step {
            println!("{:<18} {}", step.name, step.about);
        }
        println!("\ncargo xtask soak NAME…   or: cargo xtask soak all");
        return Ok(());
    }
    let failed = run_all(&chosen(&plan, names)?);
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

fn plan() -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(root().join(".config/soak.toml")).context("soak.toml")?;
    toml::from_str(&text).context(".config/soak.toml")
}

fn chosen<'a>(plan: &'a Plan, names: &[String]) -> anyhow::Result<Vec<&'a Step>> {
    if names.iter().any(|name| name == "all") {
        return Ok(plan.step.iter().collect());
    }
    let find = |name: &String| {
        let step = plan.step.iter().find(|step| step.name == *name);
        step.with_context(|| format!("there is no step `{name}`"))
    };
    names.iter().map(find).collect()
}

fn run_all(steps: &[&Step]) -> Vec<String> {
    let mut failed = Vec::new();
    for step in steps {
        println!("▶ {}: {}", step.name, step.about);
        let start = Instant::now();
        let verdict = run(step);
        let seconds = start.elapsed().as_secs();
        match verdict {
            Ok(()) => println!("✓ {} {seconds} s", step.name),
            Err(error) => {
                println!("✗ {} {seconds} s: {error:#}", step.name);
                failed.push(step.name.clone());
            }
        }
    }
    failed
}

fn run(step: &Step) -> anyhow::Result<()> {
    if !step.needs.is_empty() {
        crate::run::finish(Command::new(root().join("scripts/needs")).args(&step.needs))?;
    }
    let Some((program, arguments)) = step.command.split_first() else {
        bail!("the step has no command");
    };
    let mut command = Command::new(program);
    crate::run::unnamed(&mut command);
    command.current_dir(root()).args(arguments).envs(&step.environment);
    crate::run::finish(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_plan_can_be_read_and_its_names_are_unique() {
        let plan = plan().unwrap();
        let names: BTreeSet<&str> = plan.step.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names.len(), plan.step.len());
        assert!(plan.step.iter().all(|step| !step.command.is_empty() && !step.about.is_empty()));
    }

    #[test]
    fn a_failing_step_does_not_stop_the_next() {
        let text = "[[step]]\nname='a'\nabout='a'\ncommand=['false']\n[[step]]\nname='b'\nabout='b'\ncommand=['true']\n";
        let plan: Plan = toml::from_str(text).unwrap();
        let steps = chosen(&plan, &["all".into()]).unwrap();
        assert_eq!(run_all(&steps), ["a"]);
        assert!(chosen(&plan, &["c".into()]).is_err());
    }
}
