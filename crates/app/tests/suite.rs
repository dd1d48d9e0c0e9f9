//! The integration tests of `app` in one program: what they share is compiled and linked once.

#[path = "../../status/tests/verification/family.rs"]
#[allow(dead_code, reason = "the verifier's own tests use all of it")]
mod family;
#[path = "legal_checks/openssl.rs"]
mod openssl;
#[path = "holds/postgres.rs"]
mod postgres;
#[path = "batch/unit.rs"]
mod unit;
mod way;
mod world;

mod batch;
mod compromise;
#[path = "cross/main.rs"]
mod cross;
mod doctor;
mod finding;
#[path = "foreign/main.rs"]
mod foreign;
mod given_up;
#[path = "holds/main.rs"]
mod holds;
#[path = "legal_checks/main.rs"]
mod legal_checks;
mod lists;
mod messages;
mod paperwork;
mod problems;
mod refusals;
mod registration;
#[path = "replica/main.rs"]
mod replica;
mod responder;
mod roots;
#[path = "sample/main.rs"]
mod sample;
mod scale;
mod settings;
#[path = "signing/main.rs"]
mod signing;
mod staff;
mod status;
mod succession;
mod timestamp;
mod told;
mod verification;
mod voice;
