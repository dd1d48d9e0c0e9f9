//! Letters: what is to be said, what is signed, what is kept.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{PublicKey, Signature, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Block, LetterKind, Sheet};
use crate::error::Error;

/// The first member of what is signed; another form gets another name.
pub(crate) const FORMAT: &str = "yinxin-letter/1";
/// Of the file around it.
const SIGNED_FORMAT: &str = "yinxin-signed-letter/1";

/// The name of a letter inside: 32 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LetterId(String);

impl LetterId {
    /// Of random octets.
    #[must_use]
    pub fn from_random(octets: [u8; 16]) -> Self {
        Self(hex::encode(octets))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LetterId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = text.len() == 32
            && text.bytes().all(|octet| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet));
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::Unknown) }
    }
}

/// What a letter is to say of an application, place by place.
#[derive(Clone, Default)]
pub struct Facts {
    pub(crate) texts: BTreeMap<&'static str, String>,
    pub(crate) inserts: BTreeMap<&'static str, Vec<Block>>,
}

impl Facts {
    /// With the text of a place.
    #[must_use]
    pub fn text(mut self, place: &'static str, text: impl Into<String>) -> Self {
        self.texts.insert(place, text.into());
        self
    }

    /// With the blocks of a place.
    #[must_use]
    pub fn blocks(mut self, place: &'static str, blocks: Vec<Block>) -> Self {
        self.inserts.insert(place, blocks);
        self
    }
}

/// A letter that is due.
#[derive(Clone)]
pub struct Draft {
    /// Its kind.
    pub kind: LetterKind,
    /// The application that it is about, by its name inside.
    pub application: String,
    /// The how manieth of its kind, from 1.
    pub position: u32,
    /// To whom.
    pub addressee: Option<String>,
    /// What it says.
    pub facts: Facts,
}

/// A letter: the canonical JSON of this is what the institution signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// `FORMAT`.
    pub format: String,
    /// Its kind.
    pub kind: LetterKind,
    /// Its number.
    pub number: String,
    /// The institution.
    pub issuer: String,
    /// Its unified social credit code.
    pub issuer_code: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The version of its text.
    pub text: String,
    /// The verification code, without groups.
    pub code: String,
    /// What stands on it.
    pub sheet: Sheet,
}

impl Letter {
    /// The octets that are signed.
    pub fn to_octets(&self) -> Result<String, Error> {
        let value = serde_json::to_value(self).map_err(|_| Error::Stored("letter"))?;
        Ok(store::to_canonical(&value)?)
    }

    /// Reads what was signed.
    pub fn from_octets(text: &str) -> Result<Self, Error> {
        let letter: Self =
            serde_json::from_str(text).map_err(|_| Error::File("签名的内容不是文书"))?;
        if letter.format == FORMAT {
            Ok(letter)
        } else {
            Err(Error::File("文书格式不受支持"))
        }
    }
}

/// A letter with its signature: the file that is downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedLetter {
    format: String,
    /// Exactly the octets that are signed, as text.
    pub signed: String,
    /// SM2 with SM3 in DER, base64.
    pub signature: String,
    /// The public key, PEM.
    pub key: String,
}

impl SignedLetter {
    pub(crate) fn new(
        signed: String,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<Self, Error> {
        let key = pki::pem::encode("PUBLIC KEY", pki::Spki::of(key).der())?;
        let signature = STANDARD.encode(signature.to_der());
        Ok(Self { format: SIGNED_FORMAT.to_owned(), signed, signature, key })
    }

    /// Reads a file.
    pub fn from_file(octets: &[u8]) -> Result<Self, Error> {
        let file: Self = serde_json::from_slice(octets)
            .map_err(|_| Error::File("不是本系统出具的文书数据（JSON）"))?;
        if file.format == SIGNED_FORMAT {
            Ok(file)
        } else {
            Err(Error::File("文书格式不受支持"))
        }
    }

    /// The file.
    pub fn to_file(&self) -> Result<Vec<u8>, Error> {
        let mut octets = serde_json::to_vec_pretty(self).map_err(|_| Error::Stored("letter"))?;
        octets.push(b'\n');
        Ok(octets)
    }

    /// Whether the signature is one by this key over what the file says.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let der = STANDARD.decode(self.signature.trim()).ok();
        let signature = der.and_then(|der| Signature::from_der(&der).ok());
        signature.is_some_and(|signature| {
            gm::sm2::verify(key, &UserId::default(), self.signed.as_bytes(), &signature).is_ok()
        })
    }

    /// The letter inside.
    pub fn letter(&self) -> Result<Letter, Error> {
        Letter::from_octets(&self.signed)
    }
}

/// A letter as it is listed: nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its name inside.
    pub id: LetterId,
    /// Its kind.
    pub kind: LetterKind,
    /// Its number.
    pub number: String,
    /// The application that it is about.
    pub application: String,
    /// The how manieth of its kind.
    pub position: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether its PDF is kept already.
    pub has_pdf: bool,
}
