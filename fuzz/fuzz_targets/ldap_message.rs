//! A message of LDAP: what is read stays within its bounds, and any filter can be held against an
//! entry and planned.
#![no_main]

use directory::message::{decode, frame, Frame, Operation, MAX_OCTETS};
use directory::model::{AttributeType, Dn, Entry, Policy};
use directory::rules::{evaluate::evaluate, plan::plan};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Frame::Whole(whole) = frame(octets) {
        assert!(whole <= octets.len() && whole <= MAX_OCTETS);
    }
    let Ok(message) = decode(octets) else {
        return;
    };
    let Operation::Search(search) = &message.operation else {
        return;
    };
    if let Some(dn) = std::str::from_utf8(&search.base).ok().and_then(|text| Dn::parse(text).ok()) {
        assert_eq!(Dn::parse(&dn.to_string()), Ok(dn));
    }
    let mut entry = Entry::new(Dn::default());
    entry.add_text(AttributeType::CommonName, "某市 大数据局");
    entry.add_text(AttributeType::SerialNumber, "0a1b");
    entry.add_text(AttributeType::NotAfter, "20271130040000Z");
    let policy = Policy::usual();
    let truth = evaluate(&search.filter, &entry, &policy);
    assert_eq!(truth, evaluate(&search.filter, &entry, &policy));
    assert!(plan(&search.filter).len() <= 17);
});
