//! The question: `TimeStampReq` (RFC 3161 §2.4.1).

use super::{Defect, Imprint};
use crate::strict::{Defect as DerDefect, Limits, Reader, Tag, Writer, check};
use crate::{Error, Oid};

/// Largest request that is read, in octets. A request without extensions has some hundred.
pub const MAX_REQUEST: usize = 8 * 1024;

/// Longest nonce: 160 bits, and the octet that keeps it positive.
const MAX_NONCE: usize = 21;

/// Binds an answer to its request: an INTEGER, given back as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// From a big-endian magnitude.
    ///
    /// # Errors
    /// When it has more than 160 bits.
    pub fn new(magnitude: &[u8]) -> Result<Self, Error> {
        let der = Writer::build(|w| w.unsigned(magnitude));
        Self::of(Reader::new(&der).integer()?)
    }

    fn of(content: &[u8]) -> Result<Self, Error> {
        if content.len() > MAX_NONCE {
            return Err(Defect::Nonce.into());
        }
        Ok(Self(content.to_vec()))
    }

    /// Content octets of the INTEGER.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the nonce that comes next, if one does.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let found = reader.optional(Tag::INTEGER)?;
        found.map(|integer| Self::of(integer.value())).transpose()
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.tlv(Tag::INTEGER, &self.0);
    }
}

/// A request for a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    imprint: Imprint,
    policy: Option<Oid>,
    nonce: Option<Nonce>,
    wants_certificate: bool,
    der: Vec<u8>,
}

impl Request {
    /// Asks for a stamp on this imprint.
    pub fn new(
        imprint: Imprint,
        policy: Option<Oid>,
        nonce: Option<Nonce>,
        wants_certificate: bool,
    ) -> Self {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                w.raw(imprint.der());
                if let Some(policy) = &policy {
                    w.oid(policy);
                }
                if let Some(nonce) = &nonce {
                    nonce.write(w);
                }
                if wants_certificate {
                    w.boolean(true);
                }
            });
        });
        Self { imprint, policy, nonce, wants_certificate, der }
    }

    /// Reads a request. An extension, critical or not, is refused: no token may be issued when
    /// one is not recognized (RFC 3161 §2.4.1), and we know none.
    ///
    /// # Errors
    /// When it is not strict DER, not a request of version 1, or asks for what there is not;
    /// [`super::Failure::of`] says which answer that gets.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of("时间戳请求", MAX_REQUEST))?;
        let mut fields = Reader::sequence_of(der)?;
        if fields.uint()? != 1 {
            return Err(Defect::Version.into());
        }
        let imprint = Imprint::read(&mut fields)?;
        let policy = match fields.peek() {
            Some(Tag::OID) => Some(fields.oid()?),
            _ => None,
        };
        let nonce = Nonce::read(&mut fields)?;
        let wants_certificate = fields.boolean_default_false()?;
        let extensions = fields.optional(Tag::context_constructed(0))?;
        fields.finish()?;
        match extensions {
            Some(list) if list.value().is_empty() => Err(list.defect(DerDefect::EmptySequence)),
            Some(_) => Err(Defect::Extension.into()),
            None => Ok(Self { imprint, policy, nonce, wants_certificate, der: der.to_vec() }),
        }
    }

    /// What is to be stamped.
    pub fn imprint(&self) -> &Imprint {
        &self.imprint
    }

    /// The policy asked for.
    pub fn policy(&self) -> Option<&Oid> {
        self.policy.as_ref()
    }

    /// The nonce.
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Whether the signer's certificate is to come along.
    pub fn wants_certificate(&self) -> bool {
        self.wants_certificate
    }

    /// The octets received or made.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}
