//! The CA in stories: each test is one sentence, with a fake clock, a device that fails when
//! told to, and both databases (PostgreSQL when `YINXIN_TEST_PG_URL` is set).

// Tests speak plainly.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

mod world;

mod account;
mod ceremony;
mod crash;
mod crl;
mod crl_faults;
mod evidence;
mod issuance;
mod keys;
mod status;
mod succession;
mod time;
