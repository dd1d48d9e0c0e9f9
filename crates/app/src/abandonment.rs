//! Giving up a ceremony of succession or of cross-certification that its people can't bring to its end (ADR 15): a
//! ceremony of its own, so that the next one can be held.

use std::sync::Arc;

use ca::ceremony::{AbandonPlan, AbandonReport, Ceremony, Participants, Quorum, SealedShare};
use store::Store;

use crate::error::Error;
use crate::institution::{Parts, ca_config};
use crate::root_list;

/// What is to be given up.
pub struct Abandonment {
    /// Names this ceremony; running it again with the same name goes on.
    pub ceremony: String,
    /// The ceremony that is given up.
    pub gives_up: String,
    /// Why, in words.
    pub reason: String,
    /// Who is there.
    pub participants: Participants,
    /// Files of custodians of the root key that certifies now.
    pub shares: Vec<SealedShare>,
}

/// Holds the ceremony. The service is stopped, or runs on other machines.
pub async fn abandon(
    parts: &Parts,
    store: &Store,
    abandonment: Abandonment,
) -> Result<AbandonReport, Error> {
    // The names become parts of folders' names.
    for name in [&abandonment.ceremony, &abandonment.gives_up] {
        ca::RequestId::new(name).map_err(ca::Error::from)?;
    }
    let (settings, profiles) = (&parts.settings, Arc::new(parts.settings.profiles()?));
    let plan = AbandonPlan {
        institution: settings.institution.name.clone(),
        reason: abandonment.reason,
        root_config: root_list::config(settings),
        issuing_config: ca_config(settings),
        shares: abandonment.shares,
        left_shares: parts.layout.root_succession(&abandonment.gives_up).join("shares"),
        protocol: parts.layout.ceremony().join(format!("abandonment-{}", abandonment.ceremony)),
        gives_up: abandonment.gives_up,
        name: abandonment.ceremony,
    };
    let quorum = Quorum::of_holders(abandonment.participants).map_err(ca::Error::from)?;
    let (device, clock) = (parts.device.clone(), parts.clock.clone());
    Ok(Ceremony::abandon(store.clone(), device, clock, profiles, (plan, quorum)).await?)
}
