//! The CA in stories: each test is one sentence, with a fake clock, a device that fails when
//! told to, and both databases (PostgreSQL when `YINXIN_TEST_PG_URL` is set).

// Tests speak plainly.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod world;

mod abandon;
mod account;
mod appoint;
mod ceremony;
mod compromise;
mod crash;
mod crl;
mod crl_faults;
mod cross;
mod evidence;
#[path = "../../../status/tests/verification/family.rs"]
#[allow(dead_code)]
mod family;
mod issuance;
mod keys;
mod plans;
mod root_succession;
mod status;
mod succession;
mod time;
mod two_nodes;
