//! The integration tests of `web` in one program: what they share is compiled and linked once.

mod browser;
#[path = "../../app/tests/holds/desk.rs"]
mod desk;
mod door;
#[path = "../../status/tests/verification/family.rs"]
#[allow(dead_code, reason = "the verifier's own tests use all of it")]
mod family;
#[path = "doors/fill.rs"]
mod fill;
mod markup;
#[path = "../../app/tests/cross/neighbour.rs"]
mod neighbour;
mod staffed;
mod stages;
#[path = "../../app/tests/batch/unit.rs"]
mod unit;
#[path = "../../app/tests/way/mod.rs"]
mod way;
#[path = "../../app/tests/world/mod.rs"]
mod world;

mod calls;
mod connections;
#[path = "console/main.rs"]
mod console;
#[path = "doors/main.rs"]
mod doors;
mod evidence;
mod hostile;
mod keyfile;
#[path = "ldap/main.rs"]
mod ldap;
mod lists;
mod lookups;
mod matrix;
mod next;
mod pages;
mod papers;
mod people;
mod problems;
mod proofing;
mod refused;
#[path = "signing/main.rs"]
mod signing;
mod sof;
mod svs;
mod timestamp;
mod verify;
