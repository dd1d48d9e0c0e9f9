//! The cross-certificates of our root, as far as the journal bears their rows out (ADR 16).

use std::collections::HashSet;

use pki::Certificate;
use store::{Filter, Page, Stored};

use super::super::Verifier;
use crate::error::Error;
use crate::verification::rules::cross::{self, CERTIFIED, WITHDRAWN};
use crate::verification::sql;

/// More records than there are ceremonies; what is beyond does not count.
const MOST: u32 = 1_000;

/// What our root certified for others.
#[derive(Default)]
pub(super) struct Crosses {
    /// Those that count, withdrawn ones too: their status is looked up.
    pub held: Vec<Certificate>,
    /// SM3 of those that the journal knows and whose rows were changed or deleted: nobody can say how they stand.
    doubtful: HashSet<String>,
}

impl Crosses {
    /// Whether a certificate is one whose row nobody can believe, also where it comes with the question.
    pub fn is_doubtful(&self, certificate: &Certificate) -> bool {
        !self.doubtful.is_empty() && self.doubtful.contains(&certificate.fingerprint())
    }
}

impl Verifier {
    pub(super) async fn crosses(&self) -> Result<Crosses, Error> {
        // Records before rows: a certificate of just now has its record, or is not met.
        let certified = self.records_of(CERTIFIED).await?;
        if certified.is_empty() {
            return Ok(Crosses::default());
        }
        let withdrawn = self.records_of(WITHDRAWN).await?;
        let mut conn = self.0.store.read().await?;
        let rows = sql::crosses(&mut conn).await?;
        drop(conn);
        let mut crosses = Crosses::default();
        let known = certified.iter().filter_map(cross::digest_of);
        crosses.doubtful = known.map(str::to_owned).collect();
        for row in rows {
            if cross::is_borne_out(&row, &certified, &withdrawn) {
                let certificate = Certificate::from_der(&row.der)?;
                crosses.doubtful.remove(&certificate.fingerprint());
                crosses.held.push(certificate);
            }
        }
        Ok(crosses)
    }

    async fn records_of(&self, kind: &str) -> Result<Vec<Stored>, Error> {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        let page = Page { limit: MOST, newest_first: true, ..Page::default() };
        Ok(self.0.store.records(&filter, page).await?)
    }
}
