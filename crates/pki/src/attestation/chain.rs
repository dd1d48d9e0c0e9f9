//! An attestation as it came from outside.

use gm::{Digest, sm3};

use super::Refusal;
use crate::error::Error;
use crate::pem;
use crate::strict::Reader;
use crate::{Certificate, oid};

/// Octets of an attestation, in PEM or DER.
pub const MOST_OCTETS: usize = 32 * 1024;
/// Certificates of an attestation.
pub const MOST_CERTIFICATES: usize = 6;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Characters of a name in it.
const MOST_CHARACTERS: usize = 200;

/// A chain of certificates that is meant to prove in which device a key is. Nothing is proven yet.
#[derive(Debug, Clone)]
pub struct Attestation {
    leaf: Certificate,
    device: Certificate,
    above: Vec<Certificate>,
    pem: String,
}

/// What the device's own certificate says about the device.
pub(super) struct Named<'a> {
    pub(super) maker: &'a str,
    pub(super) model: &'a str,
    pub(super) number: &'a str,
}

impl Attestation {
    /// Reads PEM (blocks one after another) or DER (certificates one after another), the certificate of the
    /// key first, then the device's own, then what leads to the maker's root.
    ///
    /// # Errors
    /// [`Error::TooLarge`] before anything is read; [`Error::Attestation`] with what is wrong.
    pub fn parse(input: &[u8]) -> Result<Self, Error> {
        within(input.len())?;
        let mut certificates = Vec::new();
        for der in ders(input)? {
            certificates.push(Certificate::from_der(&der).map_err(unreadable)?);
        }
        let mut pem = String::new();
        for certificate in &certificates {
            pem.push_str(&certificate.to_pem()?);
        }
        // What is kept can be read again.
        within(pem.len())?;
        let mut rest = certificates.into_iter();
        let (Some(leaf), Some(device)) = (rest.next(), rest.next()) else {
            return Err(refused(Refusal::Incomplete));
        };
        Ok(Self { leaf, device, above: rest.collect(), pem })
    }

    /// The octets of an attestation that came as text: PEM, whose lines a form or a cell may have joined, or
    /// the Base64 of DER.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; [`Error::Attestation`] when there is a private key, or no Base64.
    pub fn octets(text: &str) -> Result<Vec<u8>, Error> {
        within(text.len())?;
        if text.contains("PRIVATE KEY") {
            return Err(refused(Refusal::PrivateKey));
        }
        if !text.contains(BEGIN) {
            let der = pem::der_of(armoured(text).as_bytes(), &[pem::CERTIFICATE], MOST_OCTETS);
            return der.map_err(unreadable);
        }
        let blocks = text
            .split(BEGIN)
            .skip(1)
            .map(|block| armoured(block.split_once(END).map_or(block, |(body, _)| body)));
        Ok(blocks.collect::<String>().into_bytes())
    }

    /// The certificates alone, in PEM: what is kept as evidence. Text around them is not.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SM3 of [`Attestation::pem`].
    #[must_use]
    pub fn sm3(&self) -> Digest {
        sm3::hash(self.pem.as_bytes())
    }

    /// What the device made for the key.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The device's own certificate.
    #[must_use]
    pub const fn device(&self) -> &Certificate {
        &self.device
    }

    /// The device's own certificate and what stands above it.
    pub(super) fn untrusted(&self) -> Vec<Certificate> {
        std::iter::once(&self.device).chain(&self.above).cloned().collect()
    }

    /// Maker, model and number, if the device's own certificate names them and is one that attests keys.
    pub(super) fn named(&self) -> Result<Named<'_>, Error> {
        let marked = self.device.eku().is_some_and(|eku| eku.contains(&oid::ATTESTATION_KEY));
        let subject = self.device.subject();
        let text = |of| {
            let mut found = subject.attributes().filter(|one| one.oid == of);
            let (one, more) = (found.next(), found.next());
            let text = one.and_then(|one| one.text.as_deref())?;
            let sane = !text.trim().is_empty()
                && text.chars().count() <= MOST_CHARACTERS
                && !text.chars().any(char::is_control);
            (sane && more.is_none()).then_some(text)
        };
        let named = || {
            Some(Named {
                maker: text(oid::ORGANIZATION)?,
                model: text(oid::COMMON_NAME)?,
                number: text(oid::SERIAL_NUMBER)?,
            })
        };
        let named = if marked { named() } else { None };
        named.ok_or_else(|| refused(Refusal::DeviceUnnamed))
    }
}

const fn within(actual: usize) -> Result<(), Error> {
    match actual > MOST_OCTETS {
        true => Err(Error::TooLarge { what: "设备证明", actual, limit: MOST_OCTETS }),
        false => Ok(()),
    }
}

/// Base64 in lines as PEM has them.
fn armoured(base64: &str) -> String {
    let bare: Vec<char> = base64.chars().filter(|one| !one.is_whitespace()).collect();
    let mut text = format!("{BEGIN}\n");
    for line in bare.chunks(64) {
        text.extend(line);
        text.push('\n');
    }
    text + END + "\n"
}

/// The certificates in an input, each in DER.
fn ders(input: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let found = if input.first() == Some(&0x30) {
        split(input).map_err(unreadable)?
    } else {
        if input.windows(11).any(|window| window == b"PRIVATE KEY") {
            return Err(refused(Refusal::PrivateKey));
        }
        pem::blocks(input, pem::CERTIFICATE).map_err(unreadable)?
    };
    match found.len() {
        0 => Err(refused(Refusal::Unreadable)),
        n if n > MOST_CERTIFICATES => {
            let detail = format!("：证书不应超过 {MOST_CERTIFICATES} 张");
            Err(Error::Attestation { refusal: Refusal::Unreadable, detail })
        }
        _ => Ok(found),
    }
}

fn split(input: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let (mut reader, mut found) = (Reader::new(input), Vec::new());
    while !reader.is_empty() {
        found.push(reader.read()?.raw().to_vec());
    }
    Ok(found)
}

pub(super) const fn refused(refusal: Refusal) -> Error {
    Error::Attestation { refusal, detail: String::new() }
}

fn unreadable(error: Error) -> Error {
    Error::Attestation { refusal: Refusal::Unreadable, detail: format!("：{error}") }
}
