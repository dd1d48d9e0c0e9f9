//! Holding a delta list against its base and the full list of the same moment.
//!
//! RFC 5280 §5.2.4: the base, changed by the delta, names the same certificates for the same
//! reasons as the complete list with the delta's number.

use super::compare::ascending;
use super::{Crl, Reason, RevokedEntry};
use crate::Serial;

/// The first way in which base and delta together are not the full list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// Issuer, scope, number or base do not belong together.
    Unrelated,
    /// The full list names a certificate that base and delta do not.
    Missing(Serial),
    /// Base and delta name a certificate that the full list does not.
    Excess(Serial),
    /// Date or reason differ.
    Different(Serial),
}

/// Checks that `base` changed by `delta` is `full`. An entry of the base that is gone from
/// the full list must be removed by the delta, unless `expired` knows its end has come.
///
/// # Errors
/// The first mismatch in ascending order of serials.
pub fn compose(
    base: &Crl,
    delta: &Crl,
    full: &Crl,
    expired: impl Fn(&Serial) -> bool,
) -> Result<(), Mismatch> {
    if !related(base, delta, full) {
        return Err(Mismatch::Unrelated);
    }
    let mut wanted = ascending(full).peekable();
    for entry in merge(ascending(base), ascending(delta)) {
        if let Some(missing) = wanted.next_if(|want| want.serial < entry.serial) {
            return Err(Mismatch::Missing(missing.serial));
        }
        let full = wanted.next_if(|want| want.serial == entry.serial);
        match full {
            None if entry.reason == Reason::RemoveFromCrl || expired(&entry.serial) => {}
            None => return Err(Mismatch::Excess(entry.serial)),
            Some(full) if full != entry => return Err(Mismatch::Different(entry.serial)),
            Some(_) => {}
        }
    }
    wanted.next().map_or(Ok(()), |missing| Err(Mismatch::Missing(missing.serial)))
}

fn related(base: &Crl, delta: &Crl, full: &Crl) -> bool {
    let issuer = base.issuer() == delta.issuer() && base.issuer() == full.issuer();
    let scope = base.scope() == delta.scope() && base.scope() == full.scope();
    let complete = base.base().is_none() && full.base().is_none();
    // The delta may build on an older list than `base`, never on a newer one.
    let builds = delta.base().is_some() && delta.base() <= base.number();
    issuer && scope && complete && builds && delta.number() == full.number()
}

/// Both lists in ascending order; where they name the same serial, the delta counts.
fn merge<'a>(
    base: impl Iterator<Item = RevokedEntry> + 'a,
    delta: impl Iterator<Item = RevokedEntry> + 'a,
) -> impl Iterator<Item = RevokedEntry> + 'a {
    let (mut base, mut delta) = (base.peekable(), delta.peekable());
    std::iter::from_fn(move || match (base.peek().copied(), delta.peek().copied()) {
        (Some(old), new) if new.is_none_or(|new| old.serial < new.serial) => base.next(),
        (Some(old), Some(new)) if old.serial == new.serial => {
            base.next();
            delta.next()
        }
        _ => delta.next(),
    })
}
