//! Lists of millions of entries; `cargo xtask soak` runs these.

use std::fs::File;
use std::io::BufWriter;

use gm::UserId;
use pki::Serial;
use pki::crl::{Crl, CrlWriter, Reason, RevokedEntry};

use crate::crl::{entry, params};
use crate::openssl::Desk;
use crate::world;

/// Serials of 128 bits, ascending.
fn long_entry(number: u64) -> RevokedEntry {
    let mut magnitude = [0x42; 16];
    magnitude[..8].copy_from_slice(&(number << 20).to_be_bytes());
    let serial = Serial::from_magnitude(&magnitude).unwrap();
    RevokedEntry { serial, ..entry(1, Reason::KeyCompromise) }
}

/// Most memory that this process had since [`forget_peak`], in octets.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Linux: the peak becomes what is in use now.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn long_list_is_whole(count: u64) {
    let authority = world::authority("列表机构");
    let desk = Desk::new();
    forget_peak();
    let before = peak();
    let mut writer = CrlWriter::new(&params(&authority), tempfile::tempfile().unwrap()).unwrap();
    (1..=count).for_each(|number| writer.push(&long_entry(number)).unwrap());
    let mut unsigned = writer.finish(authority.public(), &UserId::default()).unwrap();
    let signature = authority.key.sign_digest(unsigned.digest());
    let path = desk.path("long.crl");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    unsigned.assemble(&signature, &mut out).unwrap();
    drop(out);
    let grown = peak().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "writing took {grown} octets of memory");
    let crl = Crl::from_der(std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(crl.len() as u64, count);
    assert!(crl.is_sorted());
    crl.verify(authority.public(), &UserId::default()).unwrap();
    assert!(crl.lookup(&long_entry(count).serial).is_some());
    assert!(crl.lookup(&long_entry(count + 1).serial).is_none());
    assert!(desk.judge_signature(authority.public(), crl.tbs_der(), crl.signature()));
}

/// T-10: the sizes at which signers and servers of public CAs broke.
#[test]
#[ignore = "minutes; part of the soak"]
fn lists_of_one_and_three_million_entries_are_whole_and_made_in_little_memory() {
    long_list_is_whole(1_000_000);
    long_list_is_whole(3_000_000);
}
