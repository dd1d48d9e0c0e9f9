//! So many years after a day.

use super::Years;
use crate::CivilDate;

/// The day of the same month and number (Civil Code §202); from 29 February the last
/// day of February.
pub fn after(event: CivilDate, years: Years) -> CivilDate {
    event.plus_years(years.0)
}

/// How long the dossier of a certificate is kept (Measures Art. 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The law asks to keep it until the end of this day: counted from the day on
    /// which the certificate lost its effect, by expiry or by revocation.
    pub required_until: CivilDate,
    /// We keep it until the end of this day: counted from the later of the two, so
    /// that no reading of "lost its effect" finds the dossier gone.
    pub kept_until: CivilDate,
}

/// The retention of a certificate that expires on `expiry`, or was revoked before.
pub fn retention(expiry: CivilDate, revocation: Option<CivilDate>, years: Years) -> Retention {
    let revoked = revocation.unwrap_or(expiry);
    Retention {
        required_until: after(expiry.min(revoked), years),
        kept_until: after(expiry.max(revoked), years),
    }
}
