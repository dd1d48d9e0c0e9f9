//! One entry into the other directory: added where it is missing, replaced where it is there. Doing it
//! again changes nothing.

use directory::Put;
use directory::message::Done;
use directory::rules::replica::{Mirrored, Shape};

use super::wire::{Trouble, Wire};

/// The entry isn't there.
pub(super) const MISSING: u32 = 32;
/// There is one already.
pub(super) const EXISTS: u32 = 68;
/// Somebody else is at it (RFC 4511 A.2).
pub(super) const BUSY: u32 = 51;
/// It has others below it.
pub(super) const NOT_A_LEAF: u32 = 66;
/// It is of a class that can't be changed.
pub(super) const OTHER_CLASS: u32 = 69;

/// How an entry fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there, as it should be.
    There,
    /// It was refused for what it holds; others may go on.
    Refused(u32, String),
    /// What it belongs below isn't there.
    NoPlace,
}

/// Codes that are about the entry's contents: noSuchAttribute, undefinedAttributeType,
/// inappropriateMatching, constraintViolation, attributeOrValueExists, invalidAttributeSyntax,
/// invalidDNSyntax, namingViolation, objectClassViolation, notAllowedOnNonLeaf, notAllowedOnRDN,
/// objectClassModsProhibited. Every other failure is about the server.
const ABOUT_THE_ENTRY: [u32; 12] = [16, 17, 18, 19, 20, 21, 34, 64, 65, 66, 67, 69];

/// Sends an entry.
pub(super) async fn put(wire: &mut Wire, put: &Put) -> Result<Fate, Trouble> {
    let entry = &put.entry;
    if entry.shape == Shape::Base {
        // Whoever had it first keeps it as it is.
        let done = wire.add(&entry.dn, &entry.attributes).await?;
        return if done.code == EXISTS { Ok(Fate::There) } else { fate(done) };
    }
    if !put.is_new {
        let done = wire.replace(&entry.dn, &entry.replacement()).await?;
        if done.code != MISSING {
            return fate(done);
        }
    }
    let done = wire.add(&entry.dn, &entry.attributes).await?;
    if done.code != EXISTS {
        return fate(done);
    }
    // A folder keeps the lists that stand there: what was put together here knows of none.
    let with = match put.certificate {
        Some(_) => entry.replacement(),
        None => entry.attributes.clone(),
    };
    fate(wire.replace(&entry.dn, &with).await?)
}

/// Makes an entry that is there anew: for what replacing can't mend.
pub(super) async fn anew(wire: &mut Wire, entry: &Mirrored) -> Result<Fate, Trouble> {
    match fate(wire.delete(&entry.dn).await?)? {
        Fate::There | Fate::NoPlace => fate(wire.add(&entry.dn, &entry.attributes).await?),
        refused => Ok(refused),
    }
}

/// What a result means for an entry.
pub(super) fn fate(done: Done) -> Result<Fate, Trouble> {
    match done.code {
        0 => Ok(Fate::There),
        MISSING => Ok(Fate::NoPlace),
        code if ABOUT_THE_ENTRY.contains(&code) => Ok(Fate::Refused(code, done.diagnostic)),
        code => Err(Trouble::Refused(code, done.diagnostic)),
    }
}
