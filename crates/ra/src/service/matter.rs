//! What the institution's own letters say of an application: everything at once, for the program
//! itself. No permit is asked here: what becomes of it is a sealed letter, and who may open that is
//! asked there (`app::letters`).

use jiff::Timestamp;
use store::{Filter, Page};

use super::Ra;
use super::review::ReviewRecord;
use super::view::{Happening, told};
use crate::error::Error;
use crate::model::{
    Acknowledgement, AgreementText, Application, ApplicationId, Decision, Form, SupplementItem,
};
use crate::rules;
use crate::sql;

/// An application as its letters tell of it.
#[derive(Debug)]
pub struct Matter {
    /// Where it stands.
    pub application: Application,
    /// Whoever the certificate is for, as the form has it; empty before there is a form.
    pub holder: String,
    /// The office that takes it; none is the institution itself.
    pub office: Option<String>,
    /// Titles of the materials with when each came.
    pub materials: Vec<(String, Timestamp)>,
    /// The acknowledgements, oldest first.
    pub acknowledged: Vec<Acknowledged>,
    /// The lists of what is to be mended, oldest first, with labels in place of names.
    pub supplements: Vec<(u32, Timestamp, Vec<SupplementItem>)>,
    /// The decision on the present submission.
    pub decision: Option<ReviewRecord>,
    /// The agreement, once both sides signed, and how.
    pub agreement: Option<SignedAgreement>,
    /// What happened, the oldest first.
    pub happenings: Vec<Happening>,
}

/// A notice as it was acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The version of the text.
    pub version: String,
    /// The text.
    pub paragraphs: Vec<String>,
    /// SM3 of the text, in hexadecimal.
    pub sm3: String,
    /// When.
    pub at: Timestamp,
}

/// An agreement with what is told of its signatures.
#[derive(Debug)]
pub struct SignedAgreement {
    /// The text.
    pub text: AgreementText,
    /// Fingerprint of the key that the applicant signed with; none if by hand.
    pub applicant_key: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Ra {
    /// Everything that letters say of an application.
    pub async fn matter(&self, id: &ApplicationId) -> Result<Matter, Error> {
        let application = self.load(id).await?;
        let kind = self.kind_of(&application)?;
        let form = self.form_of(&application).await?;
        let holder = holder(kind, &form);
        let mut reader = self.store().read().await?;
        let materials = sql::content::materials(&mut reader, id).await?;
        let acknowledged = sql::evidence::acknowledgements(&mut reader, id).await?;
        let lists = sql::evidence::supplements(&mut reader, id).await?;
        let review = sql::evidence::review(&mut reader, &application).await?;
        let row = sql::signing::agreement(&mut reader, &application).await?;
        let office = match &application.office {
            Some(office) => Some(sql::office::load(&mut reader, office).await?.name),
            None => None,
        };
        drop(reader);
        let title = |name: &str| {
            let rule = kind.materials.iter().find(|rule| rule.name == name);
            rule.map_or_else(|| name.to_owned(), |rule| rule.title.clone())
        };
        let mut supplements = Vec::new();
        for list in lists {
            let items: Vec<SupplementItem> = self.sealed(&list.blob, "items").await?;
            supplements.push((list.position, list.at, labelled(kind, items)));
        }
        let decision = match review {
            Some((_, review, blob)) => {
                let decision: Decision = self.sealed(&blob, "decision").await?;
                Some(ReviewRecord { review, decision })
            }
            None => None,
        };
        let agreement = match row.and_then(|row| row.signed_at.map(|at| (row, at))) {
            Some((row, at)) => Some(SignedAgreement {
                text: self.sealed(&row.text_blob, "agreement").await?,
                applicant_key: row.applicant_key.as_deref().map(fingerprint).transpose()?,
                at,
            }),
            None => None,
        };
        Ok(Matter {
            holder,
            office,
            materials: materials.iter().map(|one| (title(&one.name), one.added_at)).collect(),
            acknowledged: self.acknowledged(acknowledged)?,
            supplements,
            decision,
            agreement,
            happenings: self.happenings(&application).await?,
            application,
        })
    }

    fn acknowledged(&self, given: Vec<Acknowledgement>) -> Result<Vec<Acknowledged>, Error> {
        let told = |one: Acknowledgement| {
            let notice = self.catalogue().notice(&one.notice)?;
            let version = notice.version(&one.version).ok_or(Error::Stored("version"))?;
            Ok(Acknowledged {
                title: notice.title.clone(),
                paragraphs: version.paragraphs.clone(),
                sm3: version.hash().to_hex(),
                name: one.notice,
                version: one.version,
                at: one.at,
            })
        };
        given.into_iter().map(told).collect()
    }

    async fn sealed<T: serde::de::DeserializeOwned>(
        &self,
        blob: &str,
        what: &'static str,
    ) -> Result<T, Error> {
        let content = self.store().open_blob(blob).await?;
        serde_json::from_slice(&content).map_err(|_| Error::Stored(what))
    }

    async fn happenings(&self, application: &Application) -> Result<Vec<Happening>, Error> {
        let filter = Filter { subject: Some(application.subject()), ..Filter::default() };
        let page = Page { limit: 1000, ..Page::default() };
        let records = self.store().records(&filter, page).await?;
        let told = records.into_iter().filter_map(|record| {
            let text = told(&record.kind)?;
            Some(Happening { seq: record.seq, at: record.at, kind: record.kind, text })
        });
        Ok(told.collect())
    }
}

/// Name of the holder, as the agreement names it.
fn holder(kind: &crate::catalogue::Kind, form: &Form) -> String {
    rules::agreement::parties(kind, form).holder
}

fn fingerprint(octets: &[u8]) -> Result<String, Error> {
    let key = gm::PublicKey::from_sec1(octets).map_err(|_| Error::Stored("applicant_key"))?;
    Ok(key.fingerprint())
}

/// People are told the label of a field, not its name.
fn labelled(kind: &crate::catalogue::Kind, items: Vec<SupplementItem>) -> Vec<SupplementItem> {
    let label = |target: &str| match target.strip_prefix("material:") {
        Some(name) => kind.materials.iter().find(|one| one.name == name).map(|one| &one.title),
        None => kind.fields.iter().find(|one| one.name == target).map(|one| &one.label),
    };
    let told = |item: SupplementItem| {
        let target = label(&item.target).cloned().unwrap_or_else(|| item.target.clone());
        SupplementItem { target, ..item }
    };
    items.into_iter().map(told).collect()
}
