//! Signed notes (C2SP signed-note): a text, an empty line, and one line per signature:
//! `— <key name> <base64 of key ID and signature>`.
//!
//! # The private profile for SM2
//!
//! C2SP assigns no signature type to SM2. Its type octet 0xff stands for such algorithms and asks
//! for a longer identifier behind it, which here is the text [`ALGORITHM`]:
//!
//! - key ID: the first 4 octets of SM3(name ‖ 0x0A ‖ 0xFF ‖ ALGORITHM ‖ 0x0A ‖ public key), with
//!   the public key as the 65 octets 04 ‖ x ‖ y;
//! - signature: r ‖ s, 64 octets, SM2 with SM3 over the text (final line break included), user ID
//!   "1234567812345678" (GM/T 0009 §10).
//!
//! Who knows neither skips the line, as the format asks of unknown signatures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sm3::{Digest as _, Sm3};

use crate::Error;

/// The identifier of the signature algorithm, part of every key ID.
pub const ALGORITHM: &str = "SM2-SM3 GM/T 0009 ID 1234567812345678";

/// Longer notes and more signatures are not read.
const MAX_LENGTH: usize = 1 << 20;
const MAX_SIGNATURES: usize = 100;

/// A key as notes know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
}

impl NoteKey {
    /// From the key's name (no spaces, no `+`) and its public half, 04 ‖ x ‖ y.
    pub fn new(name: &str, public_key: &[u8; 65]) -> Result<Self, Error> {
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        {
            return Err(Error::BadNote);
        }
        let mut hasher = Sm3::new();
        for part in [name.as_bytes(), b"\n\xff", ALGORITHM.as_bytes(), b"\n", public_key] {
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let [a, b, c, d, ..] = digest;
        Ok(Self { name: name.to_owned(), id: [a, b, c, d] })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short identifier that stands before each signature.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }
}

/// Makes a note with one signature. `sign` gets the text and returns r ‖ s.
pub fn sign<E: From<Error>>(
    text: &str,
    key: &NoteKey,
    sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
) -> Result<String, E> {
    check_text(text)?;
    let signature = sign(text.as_bytes())?;
    let line = [key.id.as_slice(), &signature].concat();
    Ok(format!("{text}\n— {} {}\n", key.name, STANDARD.encode(line)))
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's short identifier.
    pub id: [u8; 4],
    /// The signature, in the form of its algorithm.
    pub signature: Vec<u8>,
}

/// A note that was read; nothing about it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Reads a note in its one form.
    pub fn parse(note: &str) -> Result<Self, Error> {
        if note.len() > MAX_LENGTH {
            return Err(Error::BadNote);
        }
        // The text may hold empty lines itself: the last one ends it.
        let end = note.rfind("\n\n").ok_or(Error::BadNote)?;
        let (text, lines) = note.split_at_checked(end + 1).ok_or(Error::BadNote)?;
        check_text(text)?;
        let lines = lines.strip_prefix('\n').and_then(|l| l.strip_suffix('\n'));
        let signatures: Vec<_> = lines
            .ok_or(Error::BadNote)?
            .split('\n')
            .take(MAX_SIGNATURES + 1)
            .map(parse_line)
            .collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(Error::BadNote);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signatures, unverified.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The text, whoever signed it.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The text, if `key` signed it. `verify` gets text and r ‖ s. Lines of other keys are skipped;
    /// two lines of this key are one too many.
    pub fn verify(
        &self,
        key: &NoteKey,
        verify: impl FnOnce(&[u8], &[u8; 64]) -> bool,
    ) -> Result<&str, Error> {
        let mut own = self.signatures.iter().filter(|s| s.name == key.name && s.id == key.id);
        let (Some(found), None) = (own.next(), own.next()) else {
            return Err(Error::BadSignature);
        };
        let raw = found.signature.as_slice().try_into().map_err(|_| Error::BadSignature)?;
        if verify(self.text.as_bytes(), raw) { Ok(&self.text) } else { Err(Error::BadSignature) }
    }
}

fn parse_line(line: &str) -> Result<NoteSignature, Error> {
    let rest = line.strip_prefix("— ").ok_or(Error::BadNote)?;
    let (name, encoded) = rest.split_once(' ').ok_or(Error::BadNote)?;
    let octets = STANDARD.decode(encoded).map_err(|_| Error::BadNote)?;
    let (id, signature) = octets.split_first_chunk::<4>().ok_or(Error::BadNote)?;
    if name.is_empty() || name.contains('+') || signature.is_empty() {
        return Err(Error::BadNote);
    }
    Ok(NoteSignature { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}

/// Ends in a line break and holds no other control characters.
fn check_text(text: &str) -> Result<(), Error> {
    let clean = !text.contains(|c: char| c != '\n' && c.is_ascii_control());
    if clean && text.ends_with('\n') { Ok(()) } else { Err(Error::BadNote) }
}
