//! What stands behind a certificate that was issued, for who looks after it: the evidence as it lies in the tables, held
//! against the subject that the certificate has and against the records of the journal (T-20). No permit is asked: what
//! becomes of it has no personal data, and who may read that is asked there (`app::sample`).

use std::collections::BTreeMap;

use pki::SubjectInput;
use store::{Filter, Page, Seq};

use super::Ra;
use crate::error::Error;
use crate::model::{Application, Backing, Proofing};
use crate::rules;
use crate::rules::backing::{Kept, Standing, Told};
use crate::sql;
use crate::sql::backing::ProofRow;

/// Records read at once.
const PAGE: u32 = 200;

/// What the tables have of a submission.
struct Rows {
    office: Option<(crate::model::OfficeId, String)>,
    entered: Vec<String>,
    hands: Vec<String>,
    proof: Option<ProofRow>,
    review: Option<(String, jiff::Timestamp)>,
    agreed: Option<(String, jiff::Timestamp)>,
    evidence: BTreeMap<String, Kept>,
}

impl Ra {
    /// What stands behind a certificate with this subject, whose record is this one; nothing where no application led
    /// to it.
    pub async fn backing(
        &self,
        (serial, record): (&str, Seq),
        subject: &SubjectInput,
    ) -> Result<Option<Backing>, Error> {
        let mut reader = self.store().read().await?;
        let Some(id) = sql::application::by_serial(&mut reader, serial).await? else {
            return Ok(None);
        };
        let application = sql::application::load(&mut reader, &id).await?;
        let mut rows = rows(&mut reader, &application).await?;
        drop(reader);
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let all = rules::form::elements(kind, &form);
        let keys = all.iter().map(|element| element.key.clone());
        let arguments = keys.zip(self.arguments(&application, &all)?).collect();
        let method = rows.proof.as_ref().and_then(|one| self.catalogue().method(&one.method).ok());
        for kept in rows.evidence.values_mut() {
            let means = method.and_then(|method| method.means(&kept.shown.means));
            if let Some(means) = means {
                kept.shown.title.clone_from(&means.title);
            }
        }
        let evidence = (&rows.evidence, &arguments);
        let elements = rules::backing::elements((kind, &form), subject, evidence)?;
        let told = self.told_of(&application).await?;
        let proof = rows.proof.as_ref();
        let means = rows.evidence.iter().map(|(key, kept)| (key.clone(), kept.shown.means.clone()));
        let standing = Standing {
            proof: proof.map(|one| (&*one.method, one.level, &*one.person, one.at)),
            means: means.collect(),
            review: rows.review.as_ref().map(|(person, at)| (&**person, *at)),
            is_agreed: rows.agreed.is_some(),
            hands: &rows.hands,
            told: &told,
            certificate: (serial, record),
        };
        let shortfalls = rules::backing::shortfalls(&standing, &elements);
        let title = |one: &ProofRow| method.map_or(&one.method, |method| &method.title).clone();
        Ok(Some(Backing {
            number: application.number.to_string(),
            proofing: rows.proof.as_ref().map(|one| Proofing {
                method: one.method.clone(),
                title: title(one),
                level: one.level,
                person: one.person.clone(),
                at: one.at,
            }),
            office: rows.office,
            entered: rows.entered,
            reviewed: rows.review,
            agreed: rows.agreed,
            elements,
            shortfalls: shortfalls.into_iter().collect(),
            application: application.id,
            service: application.service,
            kind: application.kind,
        }))
    }

    /// The records about an application, in their order.
    async fn told_of(&self, application: &Application) -> Result<Told, Error> {
        let filter = Filter { subject: Some(application.subject()), ..Filter::default() };
        let mut page = Page { after: None, limit: PAGE, newest_first: false };
        let mut told = Told::default();
        loop {
            let records = self.store().records(&filter, page).await?;
            let Some(last) = records.last() else { return Ok(told) };
            page.after = Some(last.seq);
            records.into_iter().for_each(|record| told.note(record));
        }
    }
}

async fn rows(conn: &mut sql::Connection, application: &Application) -> Result<Rows, Error> {
    let office = match &application.office {
        Some(office) => Some((office.clone(), sql::office::load(conn, office).await?.name)),
        None => None,
    };
    let review = sql::evidence::review(conn, application).await?;
    let review = review.filter(|(approves, ..)| *approves);
    let agreement = sql::signing::agreement(conn, application).await?;
    Ok(Rows {
        office,
        entered: sql::backing::entered(conn, &application.id).await?,
        hands: sql::evidence::hands(conn, &application.id).await?,
        proof: sql::backing::proof(conn, application).await?,
        review: review.map(|(_, review, _)| (review.person, review.at)),
        agreed: agreement.and_then(|row| Some((row.version, row.signed_at?))),
        evidence: sql::backing::rows(conn, application).await?,
    })
}
