//! Revocations found and listed, within the limit of a permit.

use access::{Action, Limit, Permit};

use super::Ra;
use crate::error::Error;
use crate::model::{Number, OfficeId, RevocationRow, RevocationSelection, RevocationState};
use crate::sql;
use crate::sql::revocation::Wanted;

/// Most rows of one answer.
const MOST_ROWS: u32 = 200;

impl Ra {
    /// A page of revocations with the number of certificates of each. What waits for somebody comes
    /// first when it is the oldest, everything else when it is the newest.
    pub async fn revocations(
        &self,
        permit: &Permit,
        selection: &RevocationSelection,
    ) -> Result<Vec<RevocationRow>, Error> {
        let Some(wanted) = self.wanted(permit, selection).await? else { return Ok(Vec::new()) };
        let newest_first = !selection.state.is_some_and(RevocationState::is_open);
        let limit = selection.limit.clamp(1, MOST_ROWS);
        let place = (newest_first, limit, selection.offset);
        let mut reader = self.store().read().await?;
        sql::revocation::page(&mut reader, &wanted, place, self.catalogue()).await
    }

    /// Some more of a selection by their numbers, for a file: behind a number, none behind the last. Whatever
    /// is decided meanwhile, numbers stay.
    pub async fn revocations_behind(
        &self,
        permit: &Permit,
        selection: &RevocationSelection,
        behind: &str,
    ) -> Result<Vec<RevocationRow>, Error> {
        let Some(wanted) = self.wanted(permit, selection).await? else { return Ok(Vec::new()) };
        let mut reader = self.store().read().await?;
        let place = (behind, MOST_ROWS);
        sql::revocation::behind(&mut reader, wanted, place, self.catalogue()).await
    }

    /// How many a selection has.
    pub async fn revocation_total(
        &self,
        permit: &Permit,
        selection: &RevocationSelection,
    ) -> Result<u64, Error> {
        let Some(wanted) = self.wanted(permit, selection).await? else { return Ok(0) };
        sql::revocation::total(&mut *self.store().read().await?, &wanted).await
    }

    /// The conditions; none where what is looked for cannot be there.
    async fn wanted(
        &self,
        permit: &Permit,
        selection: &RevocationSelection,
    ) -> Result<Option<Wanted>, Error> {
        permit.is_for(Action::ReadRevocations)?;
        let mut wanted = Wanted::default();
        match permit.limit() {
            Limit::Any => {}
            Limit::Office(office) => {
                let office: Option<OfficeId> = office
                    .as_deref()
                    .map(str::parse)
                    .transpose()
                    .map_err(|_| Error::Stored("office"))?;
                wanted.office(office.as_ref());
            }
            Limit::Own(_) => permit.covers(Action::ReadRevocations)?,
        }
        if let Some(state) = selection.state {
            wanted.state(state);
        }
        if let Some(source) = selection.source {
            let grounds = self.catalogue().grounds().iter().filter(|one| one.source == source);
            wanted.grounds(grounds.map(|one| one.name.clone()).collect());
        }
        let q: String = selection.q.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        if q.is_empty() {
            return Ok(Some(wanted));
        }
        if let Ok(number) = q.parse::<Number>() {
            wanted.number(number.to_string());
            return Ok(Some(wanted));
        }
        // Either of a pair is looked for by either serial.
        match self.certificate(&q.to_lowercase()).await {
            Ok(held) => wanted.serial(held.serial.to_hex()),
            Err(Error::Unknown { .. } | Error::Input { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(wanted))
    }
}
