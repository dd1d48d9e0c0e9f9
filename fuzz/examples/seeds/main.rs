//! Writes the seeds that need keys and signatures, and the small world of the targets:
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`, from the repository's root.
//! Run it when a format changes; a run changes only what its formats changed, since keys and
//! serial numbers are counted out.

mod log;
mod pki_seeds;
mod stamps;
mod texts;
mod world;
mod write;

use world::World;

fn main() {
    let world = World::new();
    world.write_world();
    texts::forms();
    pki_seeds::certificates(&world);
    pki_seeds::requests();
    pki_seeds::lists(&world);
    pki_seeds::status(&world);
    stamps::stamps(&world);
    pki_seeds::keys(&world);
    pki_seeds::messages(&world);
    pki_seeds::key_centre(&world);
    texts::texts();
    log::log();
    log::export();
    texts::signed_requests();
}
