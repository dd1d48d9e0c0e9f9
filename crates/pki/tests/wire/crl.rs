//! Writing and reading revocation lists.

use std::io::Cursor;

use gm::UserId;
use jiff::Timestamp;
use pki::crl::{Crl, CrlWriter, Defect, Kind, Number, Params, Reason, RevokedEntry, Scope};
use pki::spki::AlgorithmIdentifier;
use pki::{Error, oid};

use crate::world::{self, Person, hours, now, serial, sm2_with_sm3};

pub fn params(authority: &Person) -> Params<'_> {
    Params {
        issuer: authority.name(),
        authority_key: b"01234567890123456789",
        this_update: now(),
        next_update: hours(24),
        number: 7,
        kind: Kind::Full,
        scope: None,
        freshest: Vec::new(),
        algorithm: sm2_with_sm3(),
    }
}

pub fn entry(number: u64, reason: Reason) -> RevokedEntry {
    RevokedEntry { serial: serial(number), at: hours(-1), reason, invalid_since: None }
}

/// Writes and signs a list in memory.
pub fn write(
    authority: &Person,
    params: &Params<'_>,
    entries: impl IntoIterator<Item = RevokedEntry>,
) -> Result<Vec<u8>, Error> {
    let mut writer = CrlWriter::new(params, Cursor::new(Vec::new()))?;
    for entry in entries {
        writer.push(&entry)?;
    }
    let mut unsigned = writer.finish(authority.public(), &UserId::default())?;
    let signature = authority.key.sign_digest(unsigned.digest());
    let mut out = Vec::new();
    let octets = unsigned.assemble(&signature, &mut out)?;
    assert_eq!(octets, out.len() as u64);
    Ok(out)
}

pub fn list(
    authority: &Person,
    params: &Params<'_>,
    entries: impl IntoIterator<Item = RevokedEntry>,
) -> Crl {
    Crl::from_der(write(authority, params, entries).unwrap()).unwrap()
}

/// T-10: a list is whole at every size; 30,000 entries once broke a public CA's signer.
#[test]
fn lists_of_none_one_and_thirty_thousand_entries_are_whole() {
    let authority = world::authority("列表机构");
    for count in [0, 1, 30_000] {
        let entries = (1..=count).map(|n| entry(n * 3, Reason::KeyCompromise));
        let crl = list(&authority, &params(&authority), entries);
        crl.verify(authority.public(), &UserId::default()).unwrap();
        assert_eq!(crl.len() as u64, count);
        assert!(crl.is_sorted());
        let serials: Vec<_> = crl.entries().map(|entry| entry.revoked.serial).collect();
        let expected: Vec<_> = (1..=count).map(|n| serial(n * 3)).collect();
        assert_eq!(serials, expected);
        assert_eq!(crl.lookup(&serial(3)).is_some(), count > 0);
        assert!(crl.lookup(&serial(4)).is_none());
    }
}

#[test]
fn a_list_spooled_to_a_file_is_the_list_made_in_memory() {
    let authority = world::authority("列表机构");
    let entries = || (1..=5_000).map(|n| entry(n, Reason::Superseded));
    let in_memory = list(&authority, &params(&authority), entries());
    let mut spool = tempfile::tempfile().unwrap();
    // The spool need not be empty: the list begins where it stands.
    std::io::Write::write_all(&mut spool, b"something before").unwrap();
    let mut writer = CrlWriter::new(&params(&authority), spool).unwrap();
    entries().for_each(|entry| writer.push(&entry).unwrap());
    let mut unsigned = writer.finish(authority.public(), &UserId::default()).unwrap();
    let mut tbs = Vec::new();
    let digest = unsigned.copy_tbs(&mut tbs).unwrap();
    assert_eq!(tbs, in_memory.tbs_der());
    assert_eq!(digest, *unsigned.digest());
    assert_eq!(unsigned.entries(), 5_000);
    let expected = gm::sm2::digest(authority.public(), &UserId::default(), &tbs);
    assert_eq!(expected, digest);
}

#[test]
fn everything_that_was_written_is_read_back() {
    let authority = world::authority("列表机构");
    let mut params = params(&authority);
    params.scope = Some(Scope::shard("http://crl.example.cn/3.crl"));
    params.freshest = vec!["http://crl.example.cn/delta.crl".into()];
    params.algorithm = AlgorithmIdentifier::with_null(oid::SM2_WITH_SM3);
    let with_date =
        RevokedEntry { invalid_since: Some(hours(-48)), ..entry(9, Reason::Superseded) };
    let date_only =
        RevokedEntry { invalid_since: Some(hours(-9)), ..entry(10, Reason::Unspecified) };
    let entries = [entry(8, Reason::Unspecified), with_date, date_only];
    let crl = list(&authority, &params, entries);
    crl.verify(authority.public(), &UserId::default()).unwrap();
    assert_eq!(crl.issuer(), authority.name());
    assert_eq!((crl.this_update(), crl.next_update()), (now(), Some(hours(24))));
    assert_eq!(crl.number(), Some(Number::from(7)));
    assert_eq!(crl.number().and_then(Number::to_u64), Some(7));
    assert_eq!(crl.base(), None);
    assert_eq!(crl.scope(), params.scope.as_ref());
    assert_eq!(crl.authority_key(), Some(params.authority_key));
    assert_eq!(crl.freshest().map(|freshest| freshest.0.len()), Some(1));
    assert_eq!(crl.unknown_critical(), []);
    let read: Vec<_> = crl.entries().map(|entry| entry.revoked).collect();
    assert_eq!(read, entries);
}

#[test]
fn a_delta_names_its_base_and_may_remove() {
    let authority = world::authority("列表机构");
    let delta = Params { kind: Kind::Delta { base: 5 }, ..params(&authority) };
    let crl = list(&authority, &delta, [entry(1, Reason::RemoveFromCrl)]);
    assert_eq!(crl.base(), Some(Number::from(5)));
    let full = write(&authority, &params(&authority), [entry(1, Reason::RemoveFromCrl)]);
    assert_eq!(full.unwrap_err(), Defect::RemoveOutsideDelta.into());
}

/// T-13: a serial never stands twice on a list.
#[test]
fn a_repeated_or_descending_serial_is_refused() {
    let authority = world::authority("列表机构");
    let hold = Reason::CertificateHold;
    let twice = write(&authority, &params(&authority), [entry(5, hold), entry(5, hold)]);
    assert_eq!(twice.unwrap_err(), Defect::Duplicate.into());
    let descending = write(&authority, &params(&authority), [entry(256, hold), entry(5, hold)]);
    assert_eq!(descending.unwrap_err(), Defect::Unsorted.into());
}

#[test]
fn parameters_that_contradict_themselves_are_refused() {
    let authority = world::authority("列表机构");
    let good = params(&authority);
    let twofold = Scope { only_authorities: true, ..Scope::shard("http://a.cn/1") };
    let freshest = vec!["http://a.cn/d".to_owned()];
    let rsa = AlgorithmIdentifier::bare(oid::RSA);
    let bad = [
        (Params { next_update: now(), ..good.clone() }, Defect::Window),
        (Params { kind: Kind::Delta { base: 7 }, ..good.clone() }, Defect::Base),
        (Params { scope: Some(Scope::default()), ..good.clone() }, Defect::ScopeEmpty),
        (Params { scope: Some(twofold), ..good.clone() }, Defect::ScopeContradiction),
        (Params { scope: Some(Scope::shard("http://中")), ..good.clone() }, Defect::Url),
        (Params { freshest: vec![String::new()], ..good.clone() }, Defect::Url),
        (
            Params { freshest, kind: Kind::Delta { base: 1 }, ..good.clone() },
            Defect::FreshestInDelta,
        ),
        (Params { algorithm: rsa, ..good.clone() }, Defect::Algorithm),
    ];
    for (params, defect) in bad {
        assert_eq!(write(&authority, &params, []).unwrap_err(), defect.into(), "{defect:?}");
    }
}

#[test]
fn times_change_their_type_in_2050() {
    let authority = world::authority("列表机构");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let params = Params {
        this_update: at("2049-12-31T23:59:59Z"),
        next_update: at("2050-01-01T00:00:00Z"),
        ..params(&authority)
    };
    let revoked = |n, text| RevokedEntry { at: at(text), ..entry(n, Reason::Unspecified) };
    let entries = [revoked(1, "2049-12-31T23:59:58Z"), revoked(2, "2050-01-01T00:00:00Z")];
    let der = write(&authority, &params, entries).unwrap();
    let occurs = |text: &[u8]| der.windows(text.len()).any(|window| window == text);
    assert!(occurs(b"\x17\x0d491231235958Z") && occurs(b"\x18\x0f20500101000000Z"));
    assert_eq!(Crl::from_der(der).unwrap().len(), 2);
}

#[test]
fn a_wrong_signature_is_not_assembled() {
    let authority = world::authority("列表机构");
    let other = world::authority("别的机构");
    let writer = CrlWriter::new(&params(&authority), Cursor::new(Vec::new())).unwrap();
    let mut unsigned = writer.finish(authority.public(), &UserId::default()).unwrap();
    let signature = other.key.sign_digest(unsigned.digest());
    let mut out = Vec::new();
    let error = unsigned.assemble(&signature, &mut out).unwrap_err();
    assert_eq!(error.code(), "signature.wrong");
    assert!(out.is_empty());
}

#[test]
fn a_list_of_another_key_or_changed_by_one_bit_does_not_verify() {
    let authority = world::authority("列表机构");
    let crl = list(&authority, &params(&authority), [entry(5, Reason::KeyCompromise)]);
    let other = world::authority("别的机构");
    assert!(crl.verify(other.public(), &UserId::default()).is_err());
    let mut changed = crl.der().to_vec();
    let at = changed.windows(3).position(|window| window == [2, 1, 5]).unwrap();
    changed[at + 2] = 6;
    let changed = Crl::from_der(changed).unwrap();
    assert!(changed.verify(authority.public(), &UserId::default()).is_err());
}

#[test]
fn a_list_over_the_limit_is_refused_before_it_is_read() {
    let error = Crl::from_der_within(vec![0; 1001], 1000).unwrap_err();
    assert!(matches!(error, Error::TooLarge { actual: 1001, limit: 1000, .. }));
}

/// The whole list, octet for octet: what relying parties see does not drift.
#[test]
fn a_list_has_the_expected_octets() {
    let authority = world::authority("列表机构");
    let params = Params { issuer: &pki::Name::from_attributes([]), ..params(&authority) };
    let entries = [entry(0x80, Reason::CertificateHold)];
    let writer = CrlWriter::new(&params, Cursor::new(Vec::new())).map(|mut writer| {
        entries.iter().for_each(|entry| writer.push(entry).unwrap());
        writer
    });
    let mut unsigned = writer.unwrap().finish(authority.public(), &UserId::default()).unwrap();
    let mut tbs = Vec::new();
    unsigned.copy_tbs(&mut tbs).unwrap();
    assert_eq!(unsigned.tbs_octets(), tbs.len() as u64);
    assert_eq!(
        hex::encode(tbs),
        concat!(
            "308185",
            "020101",
            "300a06082a811ccf55018375",
            "3000",
            "170d3236313132323034303030305a",
            "170d3236313132333034303030305a",
            "3023",
            "3021",
            "02020080",
            "170d3236313132323033303030305a",
            "300c300a0603551d1504030a0106",
            "a02f302d",
            "301f0603551d23041830168014",
            "3031323334353637383930313233343536373839",
            "300a0603551d140403020107",
        )
    );
}
