//! Two nodes of one institution on one PostgreSQL: both write, each is restarted while the other goes on, and what was
//! acknowledged at one door is said at both (T-09, ADR 17).
//!
//! `two_nodes_…` is one program twice, and takes seconds. `rolling_upgrade` (ignored; `cargo xtask soak rolling-upgrade`)
//! is an older program beside this one: it founds the institution, this one migrates while the older serves, both write,
//! the older restarts on the newer tables, everything becomes new and one node old again. The older program is
//! `YINXIN_OLD_BINARY`, or is built from the commit `YINXIN_OLD` in a working tree and a target folder of its own, which
//! are gone afterwards. `YINXIN_ROLLING_SECONDS` is how long each step is under load (10).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod support;

#[path = "nodes/judge.rs"]
mod judge;
#[path = "nodes/load.rs"]
mod load;
#[path = "nodes/old.rs"]
mod old;
#[path = "nodes/site.rs"]
mod site;

use std::path::Path;
use std::time::Duration;

use judge::Judge;
use load::Load;
use site::Site;
use support::Server;

/// This program.
fn new() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_yinxin"))
}

#[test]
fn two_nodes_issue_hold_and_revoke_through_both_doors_and_each_restarts_beside_the_other() {
    let Some(site) = Site::found() else {
        println!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let mut one = site.start(0, new());
    let mut two = site.start(1, new());
    let load = Load::start(&site);
    load.wait_for(24);
    one.stop();
    load.wait_for(8);
    one = site.start(0, new());
    load.wait_for(8);
    two.kill();
    load.wait_for(8);
    two = site.start(1, new());
    load.wait_for(12);
    let told = load.stop();
    Judge::of(&site).judge(&told);
    one.stop();
    two.stop();
    site.check_at_rest(new());
}

/// The file of a device is one process's alone in a folder with an embedded database.
#[test]
fn a_second_node_on_an_embedded_database_does_not_start() {
    let world = support::World::found("");
    let mut first = world.serve(&[]).unwrap();
    let (code, said) = world.run(&["serve"]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("忙") || said.contains("占用"), "{said}");
    first.stop();
}

#[test]
#[ignore = "builds an older program: cargo xtask soak rolling-upgrade"]
fn rolling_upgrade() {
    let old = old::program();
    let site = Site::found_by(&old).expect("YINXIN_TEST_PG_URL");
    let span = std::env::var("YINXIN_ROLLING_SECONDS").ok().and_then(|n| n.parse().ok());
    let span = Duration::from_secs(span.unwrap_or(10));
    let mut nodes: [Server; 2] = [site.start(0, &old), site.start(1, &old)];
    let load = Load::start(&site);
    load.last(span);
    println!("old and old: {} orders", load.count());
    replace(&site, &mut nodes, (1, new()));
    load.last(span);
    replace(&site, &mut nodes, (0, &old));
    load.last(span);
    println!("old (restarted on the newer tables) and new: {} orders", load.count());
    load.rest(|told| Judge::of(&site).judge(told));
    replace(&site, &mut nodes, (0, new()));
    load.last(span);
    println!("new and new: {} orders", load.count());
    load.rest(|told| Judge::of(&site).judge(told));
    replace(&site, &mut nodes, (1, &old));
    load.last(span);
    println!("new and old again: {} orders", load.count());
    let told = load.stop();
    Judge::of(&site).judge(&told);
    nodes.iter_mut().for_each(Server::stop);
    site.check_at_rest(new());
}

/// A node ends, and another program takes its place. The other node goes on.
fn replace(site: &Site, nodes: &mut [Server; 2], (node, program): (usize, &Path)) {
    nodes[node].stop();
    nodes[node] = site.start(node, program);
}
