//! Reading a list: strict, with its original bytes, entries one at a time.

use std::ops::Range;
use std::sync::OnceLock;

use gm::{PublicKey, Signature, UserId, sm2};
use jiff::Timestamp;

use super::entry::read_time;
use super::{Defect, Entry, MAX_OCTETS, Scope, WHAT, extension};
use crate::ext::{AuthorityKeyIdentifier, FreshestCrl, IssuerAltName, TypedExtension};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Limits, Reader, Tag, Tlv, check};
use crate::{Error, Name, Oid, Serial, oid};

/// A CRL number: any non-negative integer of at most 20 octets (RFC 5280 §5.2.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number([u8; 20]);

impl Number {
    /// The number in hexadecimal without leading zeros; `0` for zero.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let digits: String = self.0.iter().map(|octet| format!("{octet:02x}")).collect();
        match digits.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        }
    }

    fn read(value: &Tlv<'_>) -> Result<Self, Error> {
        let mut reader = value.reader();
        let magnitude = reader.unsigned()?;
        reader.finish()?;
        let mut octets = [0; 20];
        let start = octets.len().checked_sub(magnitude.len()).ok_or(Defect::Number)?;
        octets.get_mut(start..).ok_or(Defect::Number)?.copy_from_slice(magnitude);
        Ok(Self(octets))
    }

    /// The number, when it fits in 64 bits; all of ours do.
    pub fn to_u64(self) -> Option<u64> {
        let (high, low) = self.0.split_at(12);
        let low: [u8; 8] = low.try_into().ok()?;
        high.iter().all(|octet| *octet == 0).then(|| u64::from_be_bytes(low))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        let mut octets = [0; 20];
        octets[12..].copy_from_slice(&number.to_be_bytes());
        Self(octets)
    }
}

/// A revocation list as it was received. The octets are kept; nothing is re-encoded.
#[derive(Debug, Clone)]
pub struct Crl {
    der: Vec<u8>,
    tbs: Range<usize>,
    entries: Range<usize>,
    count: usize,
    sorted: bool,
    signature: Range<usize>,
    head: Head,
    /// The key and ID under which the signature was found right: a long list is hashed once, not at each question.
    verified: OnceLock<(PublicKey, UserId)>,
}

/// Everything but the entries.
#[derive(Debug, Clone)]
struct Head {
    algorithm: AlgorithmIdentifier,
    issuer: Name,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    number: Option<Number>,
    base: Option<Number>,
    scope: Option<Scope>,
    authority_key: Option<Vec<u8>>,
    freshest: Option<FreshestCrl>,
    unknown_critical: Vec<Oid>,
}

impl Crl {
    /// Reads a list of at most [`MAX_OCTETS`].
    ///
    /// # Errors
    /// When it is too large, not DER, or not a v2 list of RFC 5280.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, Error> {
        Self::from_der_within(der, MAX_OCTETS)
    }

    /// Reads a list of at most `max_octets`. Every entry is read once and none is kept.
    ///
    /// # Errors
    /// As [`Crl::from_der`].
    pub fn from_der_within(der: impl Into<Vec<u8>>, max_octets: usize) -> Result<Self, Error> {
        let der = der.into();
        check(&der, &Limits::of(WHAT, max_octets))?;
        let mut outer = Reader::sequence_of(&der)?;
        let tbs = outer.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&mut outer)?;
        let signature = outer.octet_bits()?;
        outer.finish()?;
        let (head, list) = read_tbs(&tbs, &algorithm)?;
        let (count, sorted) = read_all(list.as_ref())?;
        let signature = der.len() - signature.len()..der.len();
        let tbs = span(&tbs);
        let entries = list.map_or(0..0, |list| content_span(&list));
        let verified = OnceLock::new();
        Ok(Self { tbs, entries, count, sorted, signature, head, verified, der })
    }

    /// The whole list as it was received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The to-be-signed part as it was received.
    pub fn tbs_der(&self) -> &[u8] {
        self.der.get(self.tbs.clone()).unwrap_or_default()
    }

    /// The value of the signature: for SM2, DER of `SM2Signature`.
    pub fn signature(&self) -> &[u8] {
        self.der.get(self.signature.clone()).unwrap_or_default()
    }

    /// The signature algorithm.
    pub fn algorithm(&self) -> &AlgorithmIdentifier {
        &self.head.algorithm
    }

    /// Who issued the list.
    pub fn issuer(&self) -> &Name {
        &self.head.issuer
    }

    /// When it was issued.
    pub fn this_update(&self) -> Timestamp {
        self.head.this_update
    }

    /// When the next one is due at the latest.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.head.next_update
    }

    /// Its number.
    pub fn number(&self) -> Option<Number> {
        self.head.number
    }

    /// Number of the complete list that a delta builds on; `None` for complete lists.
    pub fn base(&self) -> Option<Number> {
        self.head.base
    }

    /// The issuing distribution point.
    pub fn scope(&self) -> Option<&Scope> {
        self.head.scope.as_ref()
    }

    /// Key identifier of the issuer.
    pub fn authority_key(&self) -> Option<&[u8]> {
        self.head.authority_key.as_deref()
    }

    /// Where the delta lists are.
    pub fn freshest(&self) -> Option<&FreshestCrl> {
        self.head.freshest.as_ref()
    }

    /// Critical extensions that we do not know. When there are any, the list may show that a
    /// certificate is revoked, but never that it is good (RFC 5280 §5.2).
    pub fn unknown_critical(&self) -> &[Oid] {
        &self.head.unknown_critical
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether the serials ascend, so that a search may end early.
    pub fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// The entries, read one at a time.
    pub fn entries(&self) -> Entries<'_> {
        Entries(Reader::new(self.der.get(self.entries.clone()).unwrap_or_default()))
    }

    /// The first entry with this serial. For direct lists; in an indirect list a serial may
    /// belong to another issuer.
    pub fn lookup(&self, serial: &Serial) -> Option<Entry<'_>> {
        self.entries()
            .take_while(|entry| !self.sorted || entry.revoked.serial <= *serial)
            .find(|entry| entry.revoked.serial == *serial)
    }

    /// Verifies the signature over the octets received. That it is right under a key is remembered.
    ///
    /// # Errors
    /// When the algorithm is not SM2 with SM3, or the signature does not verify.
    pub fn verify(&self, issuer_key: &PublicKey, id: &UserId) -> Result<(), Error> {
        if !self.head.algorithm.is_sm2_with_sm3() {
            return Err(Error::Algorithm { what: WHAT, oid: self.head.algorithm.oid.to_string() });
        }
        if self.verified.get().is_some_and(|(key, by)| key == issuer_key && by == id) {
            return Ok(());
        }
        let wrong = || Error::Signature { what: WHAT };
        let signature = Signature::from_der(self.signature()).map_err(|_| wrong())?;
        sm2::verify(issuer_key, id, self.tbs_der(), &signature).map_err(|_| wrong())?;
        self.verified.get_or_init(|| (*issuer_key, id.clone()));
        Ok(())
    }
}

/// A lazy walk over the entries of a list.
#[derive(Debug, Clone)]
pub struct Entries<'a>(Reader<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    /// [`Crl::from_der`] has read every entry once, so the walk ends only at the end.
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() { None } else { Entry::read(&mut self.0).ok() }
    }
}

fn span(element: &Tlv<'_>) -> Range<usize> {
    element.offset()..element.offset() + element.raw().len()
}

fn content_span(element: &Tlv<'_>) -> Range<usize> {
    let whole = span(element);
    whole.end - element.value().len()..whole.end
}

fn read_tbs<'a>(
    tbs: &Tlv<'a>,
    outer: &AlgorithmIdentifier,
) -> Result<(Head, Option<Tlv<'a>>), Error> {
    let mut fields = tbs.reader();
    if fields.uint()? != 1 {
        return Err(Defect::Version.into());
    }
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    if algorithm != *outer {
        return Err(Defect::AlgorithmMismatch.into());
    }
    let mut head = Head {
        algorithm,
        issuer: Name::read(&mut fields)?,
        this_update: read_time(&mut fields)?,
        next_update: None,
        number: None,
        base: None,
        scope: None,
        authority_key: None,
        freshest: None,
        unknown_critical: Vec::new(),
    };
    if matches!(fields.peek(), Some(Tag::UTC_TIME | Tag::GENERALIZED_TIME)) {
        head.next_update = Some(read_time(&mut fields)?);
    }
    let list = fields.optional(Tag::SEQUENCE)?;
    if let Some(mut extensions) = fields.explicit(0)? {
        let element = extensions.expect(Tag::SEQUENCE)?;
        extensions.finish()?;
        extension::for_each(&element, |id, critical, value| head.extension(id, critical, &value))?;
    }
    fields.finish()?;
    Ok((head, list))
}

impl Head {
    fn extension(&mut self, id: Oid, critical: bool, value: &Tlv<'_>) -> Result<(), Error> {
        let must = match id {
            oid::CRL_NUMBER => {
                self.number = Some(Number::read(value)?);
                false
            }
            oid::DELTA_CRL_INDICATOR => {
                self.base = Some(Number::read(value)?);
                true
            }
            oid::ISSUING_DISTRIBUTION_POINT => {
                self.scope = Some(Scope::parse(value.value())?);
                true
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key = AuthorityKeyIdentifier::parse(value.value())?.key_id;
                false
            }
            oid::FRESHEST_CRL => {
                self.freshest = Some(FreshestCrl::parse(value.value())?);
                false
            }
            oid::ISSUER_ALT_NAME => IssuerAltName::parse(value.value()).map(|_| critical)?,
            _ => {
                if critical {
                    self.unknown_critical.push(id);
                }
                critical
            }
        };
        if must == critical { Ok(()) } else { Err(Defect::ExtensionCritical.into()) }
    }
}

/// Reads every entry once: how many there are, and whether their serials ascend.
fn read_all(list: Option<&Tlv<'_>>) -> Result<(usize, bool), Error> {
    let Some(list) = list else {
        return Ok((0, true));
    };
    let mut reader = list.reader();
    if reader.is_empty() {
        return Err(Defect::EmptyList.into());
    }
    let (mut count, mut sorted, mut last) = (0, true, None);
    while !reader.is_empty() {
        let serial = Entry::read(&mut reader)?.revoked.serial;
        sorted &= last.is_none_or(|last| last < serial);
        last = Some(serial);
        count += 1;
    }
    Ok((count, sorted))
}
