//! Making a list of any length with bounded memory.
//!
//! DER puts lengths first, so the entries go to a spool (a file for long lists, a
//! `Cursor<Vec<u8>>` for short ones). When they are all there, the head is known, the digest
//! is taken over head, spool and tail, and after signing the same octets are written out and
//! hashed once more: what was signed is what is published (incident T-10).

use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use gm::{Digest, PublicKey, Signature, UserId, sm2, sm3};
use jiff::Timestamp;

use super::{Defect, Reason, RevokedEntry, Scope, WHAT, extension, scope};
use crate::ext::{AuthorityKeyIdentifier, DistributionPoint, FreshestCrl, TypedExtension};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Tag, Writer};
use crate::{Error, Name, Serial, oid};

/// Octets that are copied at a time.
const BLOCK: usize = 64 * 1024;

/// Complete or incremental.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names every revoked certificate of its scope.
    Full,
    /// Names what changed since the complete list with number `base` (RFC 5280 §5.2.4).
    Delta {
        /// Number of the complete list.
        base: u64,
    },
}

/// What a list says besides its entries.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    /// Subject of the issuing CA, byte for byte as in its certificate.
    pub issuer: &'a Name,
    /// The subject key identifier of the issuing CA.
    pub authority_key: &'a [u8],
    /// When the list is issued; part seconds are dropped.
    pub this_update: Timestamp,
    /// When the next list is due at the latest.
    pub next_update: Timestamp,
    /// CRL number; grows with every list of the scope.
    pub number: u64,
    /// Complete or incremental.
    pub kind: Kind,
    /// Partition or restriction, if any.
    pub scope: Option<Scope>,
    /// Where the delta lists of a complete list are.
    pub freshest: Vec<String>,
    /// SM2 with SM3, with NULL parameters (as the national root writes them) or none.
    pub algorithm: AlgorithmIdentifier,
}

impl Params<'_> {
    fn check(&self) -> Result<(), Defect> {
        if !self.algorithm.is_sm2_with_sm3() {
            return Err(Defect::Algorithm);
        }
        if self.this_update.as_second() >= self.next_update.as_second() {
            return Err(Defect::Window);
        }
        if let Kind::Delta { base } = self.kind {
            if base >= self.number {
                return Err(Defect::Base);
            }
            if !self.freshest.is_empty() {
                return Err(Defect::FreshestInDelta);
            }
        }
        self.scope.as_ref().map_or(Ok(()), Scope::check)?;
        self.freshest.iter().try_for_each(|url| scope::check_url(url))
    }

    /// Version to `nextUpdate`.
    fn head(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.uint(1);
            self.algorithm.write(w);
            w.raw(self.issuer.der());
            w.time(self.this_update);
            w.time(self.next_update);
        })
    }

    /// `crlExtensions`.
    fn tail(&self) -> Vec<u8> {
        Writer::build(|w| w.explicit(0, |w| w.sequence(|w| self.extensions(w))))
    }

    fn extensions(&self, w: &mut Writer) {
        let authority = AuthorityKeyIdentifier::of_key(self.authority_key.to_vec());
        authority.to_extension(false).write(w);
        extension::write(w, &oid::CRL_NUMBER, false, |w| w.uint(self.number));
        if let Kind::Delta { base } = self.kind {
            extension::write(w, &oid::DELTA_CRL_INDICATOR, true, |w| w.uint(base));
        }
        if let Some(scope) = &self.scope {
            scope.to_extension(true).write(w);
        }
        if !self.freshest.is_empty() {
            let point = |url: &String| DistributionPoint::at([url.as_str()]);
            let points = self.freshest.iter().map(point).collect();
            FreshestCrl(points).to_extension(false).write(w);
        }
    }
}

/// Takes the entries of a list.
#[derive(Debug)]
pub struct CrlWriter<S: Read + Write + Seek> {
    head: Vec<u8>,
    tail: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    delta: bool,
    spool: BufWriter<S>,
    start: u64,
    octets: u64,
    entries: u64,
    last: Option<Serial>,
}

impl<S: Read + Write + Seek> CrlWriter<S> {
    /// Begins a list. The entries go to `spool` from its present position on.
    ///
    /// # Errors
    /// When the parameters contradict themselves, or the spool cannot be used.
    pub fn new(params: &Params<'_>, mut spool: S) -> Result<Self, Error> {
        params.check()?;
        let start = spool.stream_position().map_err(spool_failed)?;
        Ok(Self {
            head: params.head(),
            tail: params.tail(),
            algorithm: params.algorithm.clone(),
            delta: matches!(params.kind, Kind::Delta { .. }),
            spool: BufWriter::with_capacity(BLOCK, spool),
            start,
            octets: 0,
            entries: 0,
            last: None,
        })
    }

    /// Adds an entry. Serials must ascend (as numbers), so that none occurs twice.
    ///
    /// # Errors
    /// When the order is broken, a serial repeats (incident T-13), or the spool fails.
    pub fn push(&mut self, entry: &RevokedEntry) -> Result<(), Error> {
        match self.last {
            Some(last) if last == entry.serial => return Err(Defect::Duplicate.into()),
            Some(last) if last > entry.serial => return Err(Defect::Unsorted.into()),
            _ => self.last = Some(entry.serial),
        }
        if entry.reason == Reason::RemoveFromCrl && !self.delta {
            return Err(Defect::RemoveOutsideDelta.into());
        }
        let der = entry.encode();
        self.spool.write_all(&der).map_err(spool_failed)?;
        self.octets += der.len() as u64;
        self.entries += 1;
        Ok(())
    }

    /// Ends the list: from here on its octets are fixed. The digest for the key `key` of the
    /// issuing CA is in [`UnsignedCrl::digest`].
    ///
    /// # Errors
    /// When the spool fails.
    pub fn finish(self, key: &PublicKey, id: &UserId) -> Result<UnsignedCrl<S>, Error> {
        let spool = self.spool.into_inner().map_err(|failed| spool_failed(failed.into_error()))?;
        // `revokedCertificates` must be absent when it would be empty (RFC 5280 §5.1.2.6).
        let list = if self.entries == 0 { Vec::new() } else { header(Tag::SEQUENCE, self.octets) };
        let parts = [&self.head, &list, &self.tail];
        let content = self.octets + parts.iter().map(|part| part.len() as u64).sum::<u64>();
        let before = [&header(Tag::SEQUENCE, content)[..], &self.head, &list].concat();
        let mut unsigned = UnsignedCrl {
            before,
            after: self.tail,
            algorithm: self.algorithm,
            spool,
            start: self.start,
            octets: self.octets,
            entries: self.entries,
            key: *key,
            z: key.z(id),
            digest: Digest([0; 32]),
        };
        unsigned.digest = unsigned.copy_tbs(&mut std::io::sink())?;
        Ok(unsigned)
    }
}

/// A list that lacks only its signature.
#[derive(Debug)]
pub struct UnsignedCrl<S> {
    before: Vec<u8>,
    after: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    spool: S,
    start: u64,
    octets: u64,
    entries: u64,
    key: PublicKey,
    z: Digest,
    digest: Digest,
}

impl<S: Read + Seek> UnsignedCrl<S> {
    /// `e = SM3(Z ‖ TBS)`: what the issuing CA's key signs.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many entries the list has.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Octets of the to-be-signed part.
    pub fn tbs_octets(&self) -> u64 {
        self.before.len() as u64 + self.octets + self.after.len() as u64
    }

    /// Writes the to-be-signed part to `out` and returns `SM3(Z ‖ TBS)` of what was written.
    ///
    /// # Errors
    /// When the spool or `out` fails.
    pub fn copy_tbs(&mut self, out: &mut impl Write) -> Result<Digest, Error> {
        let mut hasher = sm3::Hasher::new();
        hasher.update(self.z.as_bytes());
        let mut both = |octets: &[u8]| -> std::io::Result<()> {
            hasher.update(octets);
            out.write_all(octets)
        };
        both(&self.before).map_err(spool_failed)?;
        self.spool.seek(SeekFrom::Start(self.start)).map_err(spool_failed)?;
        let mut body = BufReader::with_capacity(BLOCK, &mut self.spool).take(self.octets);
        let copied = copy(&mut body, &mut both).map_err(spool_failed)?;
        if copied != self.octets {
            return Err(Defect::Changed.into());
        }
        both(&self.after).map_err(spool_failed)?;
        Ok(hasher.finish())
    }

    /// Writes the whole list to `out` and returns its size in octets.
    ///
    /// The signature is verified first, and the octets written are hashed again and held
    /// against the digest that was signed. After an error `out` holds nothing of use.
    ///
    /// # Errors
    /// When the signature is wrong, the spool changed in between, or something fails.
    pub fn assemble(&mut self, signature: &Signature, out: &mut impl Write) -> Result<u64, Error> {
        sm2::verify_digest(&self.key, &self.digest, signature)
            .map_err(|_| Error::Signature { what: WHAT })?;
        let end = Writer::build(|w| {
            self.algorithm.write(w);
            w.bit_string(&signature.to_der());
        });
        let start = header(Tag::SEQUENCE, self.tbs_octets() + end.len() as u64);
        out.write_all(&start).map_err(spool_failed)?;
        if self.copy_tbs(out)? != self.digest {
            return Err(Defect::Changed.into());
        }
        out.write_all(&end).map_err(spool_failed)?;
        out.flush().map_err(spool_failed)?;
        Ok(start.len() as u64 + self.tbs_octets() + end.len() as u64)
    }
}

/// Copies block by block; `to` sees every octet once.
fn copy(
    from: &mut impl std::io::BufRead,
    to: &mut impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<u64> {
    let mut copied = 0;
    loop {
        let block = from.fill_buf()?;
        if block.is_empty() {
            return Ok(copied);
        }
        to(block)?;
        let octets = block.len();
        copied += octets as u64;
        from.consume(octets);
    }
}

/// Tag and length of an element whose content is written later.
fn header(tag: Tag, octets: u64) -> Vec<u8> {
    let significant = octets.to_be_bytes().into_iter().skip_while(|octet| *octet == 0);
    let length: Vec<u8> = significant.collect();
    match (octets, u8::try_from(length.len())) {
        (0..=0x7f, _) => vec![tag.octet(), octets.to_be_bytes()[7]],
        (_, Ok(count)) => [&[tag.octet(), 0x80 | count][..], &length].concat(),
        (_, Err(_)) => Vec::new(),
    }
}

fn spool_failed(cause: std::io::Error) -> Error {
    Error::Io { what: "证书撤销列表的暂存文件", cause: cause.to_string() }
}
