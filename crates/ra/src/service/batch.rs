//! Batches: begun, found, looked at and given materials.

use access::{Action, Limit, Permit};
use law::CivilDate;
use serde_json::{Value, json};
use store::{Record, Tx};

use super::{Ra, second};
use crate::error::{Error, Refusal};
use crate::model::{
    ACKNOWLEDGEMENT, ApplicationId, Batch, BatchId, BatchMaterial, BatchParty, BatchProgress,
    BatchRow, BatchSearch, BatchSheet, BatchState, Material, MaterialId, NewBatch, Number,
    OfficeId, OpenedMaterial, Pace, Upload,
};
use crate::rules;
use crate::sql;

/// All certificates of a batch are new ones.
pub(super) const SERVICE: &str = "new";
/// Rows that a file is gathered by.
const BLOCK_ROWS: u32 = 200;

/// How many applications of a batch are where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// By the word of the state, in the order of the way.
    pub states: Vec<(&'static str, u64)>,
    /// How many were not issued although the batch ran.
    pub problems: u64,
}

impl BatchCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.states.iter().map(|(_, count)| count).sum()
    }

    /// How many are in one of these states.
    #[must_use]
    pub fn of(&self, words: &[&str]) -> u64 {
        self.states.iter().filter(|(word, _)| words.contains(word)).map(|(_, count)| count).sum()
    }
}

impl Ra {
    /// Begins a batch for a unit.
    pub async fn begin_batch(&self, permit: &Permit, new: NewBatch) -> Result<Batch, Error> {
        let office = new.office.as_ref().map(OfficeId::as_str);
        permit.covers_object(Action::ImportBatch, &access::Object::of_office(office))?;
        let kind = self.catalogue().kind_for(&new.kind, SERVICE)?;
        let methods = self.catalogue().methods_for(kind, SERVICE);
        if !methods.iter().any(|method| self.catalogue().batch().methods.contains(&method.name)) {
            let text = format!("{}不能批量核验身份，请由本人逐件申请", kind.title);
            return Err(Refusal::MeansUnfit.at(text));
        }
        let errors = rules::batch_party::check(&new.party);
        if !errors.is_empty() {
            return Err(Error::Form(errors));
        }
        let id = BatchId::from_random(self.random()?);
        let unit_index = self.unit_index(new.party.credit_code.trim())?;
        let content = serde_json::to_vec(&new.party).map_err(|_| Error::Stored("batch"))?;
        let blob = self.seal(content, "ra-batch").await?;
        let (permit, person) = (permit.clone(), person_of(permit)?);
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = second(tx.now());
                    let day = CivilDate::of(now);
                    if let Some(office) = &new.office {
                        let office = sql::office::load(tx.conn(), office).await?;
                        rules::office::may_take(&office, &new.kind, 0)?;
                    }
                    let number = sql::application::next_number(tx.conn(), day).await?;
                    let blob = blob.insert(tx).await?;
                    let batch = Batch {
                        id,
                        number: format!("P{}", Number::of(day, number)),
                        kind: new.kind,
                        office: new.office,
                        state: BatchState::Open,
                        created_at: now,
                        version: 1,
                        has_agreement: false,
                        blob: blob.id.clone(),
                        unit_index,
                        run_by: None,
                        paper: None,
                    };
                    sql::batch::insert(tx.conn(), &batch, &person).await?;
                    let body = json!({ "number": batch.number, "kind": batch.kind,
                        "office": batch.office.as_ref().map(OfficeId::as_str),
                        "content": blob.to_json() });
                    let record =
                        Record::new("batch.created", permit.actor(), batch.subject(), body);
                    tx.append(record).await?;
                    Ok(batch)
                })
            })
            .await
    }

    pub(super) fn unit_index(&self, credit_code: &str) -> Result<String, Error> {
        Ok(self.store().blind_index("ra.batch.unit", credit_code)?)
    }

    pub(super) async fn batch_as_it_is(&self, id: &BatchId) -> Result<Batch, Error> {
        sql::batch::load(&mut *self.store().read().await?, id).await
    }

    /// A batch, for whoever may read its applications.
    pub async fn batch(&self, permit: &Permit, id: &BatchId) -> Result<Batch, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::ReadApplication, &batch.object())?;
        Ok(batch)
    }

    /// The unit and its contact.
    pub async fn batch_party(&self, permit: &Permit, id: &BatchId) -> Result<BatchParty, Error> {
        let batch = self.batch(permit, id).await?;
        self.party_of(&batch).await
    }

    pub(super) async fn party_of(&self, batch: &Batch) -> Result<BatchParty, Error> {
        let content = self.store().open_blob(&batch.blob).await?;
        serde_json::from_slice(&content).map_err(|_| Error::Stored("batch"))
    }

    /// The batches within the limit of the permit that fit a search, the newest first: a page from 0 on,
    /// and how many there are.
    pub async fn batches(
        &self,
        permit: &Permit,
        search: &BatchSearch,
        (page, rows): (u32, u32),
    ) -> Result<(Vec<Batch>, u64), Error> {
        let (office, unit) = self.batches_reached(permit, search)?;
        let of = sql::batch::Wanted { office: office.as_ref(), unit: unit.as_deref(), search };
        let place = (None, page.saturating_mul(rows), rows);
        let mut reader = self.store().read().await?;
        let total = sql::batch::total(&mut reader, &of).await?;
        Ok((sql::batch::list(&mut reader, &of, place).await?, total))
    }

    /// Some more of them behind one, for a file; none behind the last.
    pub async fn batches_behind(
        &self,
        permit: &Permit,
        search: &BatchSearch,
        behind: Option<&Batch>,
    ) -> Result<Vec<Batch>, Error> {
        let (office, unit) = self.batches_reached(permit, search)?;
        let of = sql::batch::Wanted { office: office.as_ref(), unit: unit.as_deref(), search };
        let place = (behind, 0, BLOCK_ROWS);
        sql::batch::list(&mut *self.store().read().await?, &of, place).await
    }

    /// The office whose batches are looked at, if not every one's, and the index of the unit.
    fn batches_reached(
        &self,
        permit: &Permit,
        search: &BatchSearch,
    ) -> Result<(Option<Option<OfficeId>>, Option<String>), Error> {
        permit.is_for(Action::ListApplications)?;
        let office: Option<Option<OfficeId>> = match permit.limit() {
            Limit::Any => None,
            Limit::Office(office) => {
                let own = office.as_deref().map(str::parse).transpose();
                Some(own.map_err(|_| Error::Stored("office"))?)
            }
            Limit::Own(_) => {
                permit.covers(Action::ListApplications)?;
                None
            }
        };
        let unit = search.credit_code.as_deref().map(|code| self.unit_index(code)).transpose()?;
        Ok((office, unit))
    }

    /// How many of its applications are where.
    pub async fn batch_counts(&self, permit: &Permit, id: &BatchId) -> Result<BatchCounts, Error> {
        self.batch(permit, id).await?;
        self.counts_of(id).await
    }

    /// All batches with their counts, the newest first: for the people of the machine, who see no more.
    pub async fn batch_summaries(&self) -> Result<Vec<(Batch, BatchCounts)>, Error> {
        let mut reader = self.store().read().await?;
        let all = BatchSearch::default();
        let of = sql::batch::Wanted { office: None, unit: None, search: &all };
        let batches = sql::batch::list(&mut reader, &of, (None, 0, 1000)).await?;
        drop(reader);
        let mut summaries = Vec::new();
        for batch in batches {
            let counts = self.counts_of(&batch.id).await?;
            summaries.push((batch, counts));
        }
        Ok(summaries)
    }

    pub(super) async fn counts_of(&self, id: &BatchId) -> Result<BatchCounts, Error> {
        let rows = sql::batch::states(&mut *self.store().read().await?, id).await?;
        let of = |word: &'static str| {
            rows.iter().find(|(state, ..)| state == word).map(|(_, count, _)| (word, *count))
        };
        let states = crate::model::State::WORDS.into_iter().filter_map(of).collect();
        Ok(BatchCounts { states, problems: rows.iter().map(|(.., problems)| problems).sum() })
    }

    /// How fast a batch is issued, while it runs and something is left of it.
    pub async fn batch_pace(&self, permit: &Permit, id: &BatchId) -> Result<Option<Pace>, Error> {
        let batch = self.batch(permit, id).await?;
        if batch.state != BatchState::Running {
            return Ok(None);
        }
        let now = self.now();
        let from = now - rules::batch::PACE_WINDOW;
        let mut reader = self.store().read().await?;
        let (done, first) = sql::batch::delivered_since(&mut reader, id, from).await?;
        let left = sql::batch::left(&mut reader, id, &super::batch_run::ON_THE_WAY).await?;
        Ok(first.and_then(|first| rules::batch::pace((done, left), first, now)))
    }

    /// The acts that were signed over the batch, and how far they are carried out.
    pub async fn batch_progress(
        &self,
        permit: &Permit,
        id: &BatchId,
    ) -> Result<Vec<BatchProgress>, Error> {
        self.batch(permit, id).await?;
        sql::batch_act::progress(&mut *self.store().read().await?, id).await
    }

    /// The sheets of a batch.
    pub async fn batch_sheets(
        &self,
        permit: &Permit,
        id: &BatchId,
    ) -> Result<Vec<BatchSheet>, Error> {
        self.batch(permit, id).await?;
        sql::batch::sheets(&mut *self.store().read().await?, id).await
    }

    /// A page of the applications of a batch, behind the id `after`.
    pub async fn batch_rows(
        &self,
        permit: &Permit,
        id: &BatchId,
        (after, limit): (&str, u32),
    ) -> Result<Vec<BatchRow>, Error> {
        self.batch(permit, id).await?;
        let mut reader = self.store().read().await?;
        sql::batch::rows(&mut reader, id, (&[], false), (after, limit.min(1000))).await
    }

    /// The batch of an application, if it belongs to one.
    pub async fn batch_of(
        &self,
        permit: &Permit,
        application: &ApplicationId,
    ) -> Result<Option<BatchId>, Error> {
        self.application(permit, application).await?;
        sql::batch::of_application(&mut *self.store().read().await?, application).await
    }

    /// What has to be handed in for a batch: name, title, whether it must be there.
    pub fn batch_material_list(&self, kind: &str) -> Result<Vec<(String, String, bool)>, Error> {
        let kind = self.catalogue().kind_for(kind, SERVICE)?;
        let rules = kind.materials.iter().filter(|rule| rule.name != "other");
        let mut list: Vec<_> =
            rules.map(|rule| (rule.name.clone(), rule.title.clone(), rule.required)).collect();
        let title = self.catalogue().batch().acknowledgement.clone();
        list.push((ACKNOWLEDGEMENT.to_owned(), title, true));
        Ok(list)
    }

    /// Takes a file for all applications of a batch, as long as none of them was handed in.
    pub async fn add_batch_material(
        &self,
        permit: &Permit,
        id: &BatchId,
        upload: Upload,
    ) -> Result<BatchMaterial, Error> {
        let batch = self.open_batch(permit, id).await?;
        let list = self.batch_material_list(&batch.kind)?;
        if !list.iter().any(|(name, ..)| *name == upload.name) {
            let name = upload.name.chars().take(64).collect();
            return Err(Error::Unknown { what: "材料", name });
        }
        let media = rules::material::media(&upload.content)?;
        let hash = gm::sm3::hash(&upload.content).to_hex();
        let checked = BatchMaterial {
            id: MaterialId::from_random(self.random()?),
            name: upload.name.clone(),
            media,
            size: u64::try_from(upload.content.len()).unwrap_or(u64::MAX),
            added_at: self.now(),
            blob: String::new(),
            content: self.store().blind_index("ra.material", &hash)?,
        };
        let framed = super::material::framed(&upload, media);
        let blob = self.seal(framed, "ra-material").await?;
        let (actor, subject, id) = (permit.actor(), batch.subject(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    if sql::batch::materials(tx.conn(), &id).await?.len()
                        >= rules::material::MOST_FILES
                    {
                        return Err(Error::Material("一个批次最多 20 个文件，请合并后再上传"));
                    }
                    let blob = blob.insert(tx).await?;
                    let added_at = second(tx.now());
                    let material = BatchMaterial { added_at, blob: blob.id.clone(), ..checked };
                    if !sql::batch::add_material(tx.conn(), &id, &material).await? {
                        return Err(Error::Material("这份文件已经上传过，不用再传"));
                    }
                    let body = json!({ "material": material.id.as_str(), "name": material.name,
                        "media": material.media.mime(), "size": material.size,
                        "content": blob.to_json() });
                    tx.append(Record::new("batch.material-added", actor, subject, body)).await?;
                    Ok(material)
                })
            })
            .await
    }

    /// The materials of a batch.
    pub async fn batch_materials(
        &self,
        permit: &Permit,
        id: &BatchId,
    ) -> Result<Vec<BatchMaterial>, Error> {
        self.batch(permit, id).await?;
        sql::batch::materials(&mut *self.store().read().await?, id).await
    }

    /// A material of a batch with its content. That it was opened goes on record (PIPL Art. 51).
    pub async fn open_batch_material(
        &self,
        permit: &Permit,
        id: &BatchId,
        material: &MaterialId,
    ) -> Result<OpenedMaterial, Error> {
        let batch = self.batch(permit, id).await?;
        let all = sql::batch::materials(&mut *self.store().read().await?, id).await?;
        let found = all.into_iter().find(|one| one.id == *material);
        let found = found.ok_or(Error::Unknown { what: "材料", name: String::new() })?;
        let framed = self.store().open_blob(&found.blob).await?;
        let (file_name, content) =
            super::material::unframed(&framed).ok_or(Error::Stored("material"))?;
        let body = json!({ "material": found.id.as_str(), "name": found.name });
        self.note_batch((permit, &batch), "batch.material-opened", body).await?;
        let material = Material {
            id: found.id,
            name: found.name,
            media: found.media,
            size: found.size,
            added_at: found.added_at,
            round: 0,
            blob: found.blob,
        };
        Ok(OpenedMaterial { material, file_name, content })
    }

    pub(super) async fn note_batch(
        &self,
        (permit, batch): (&Permit, &Batch),
        kind: &'static str,
        body: Value,
    ) -> Result<(), Error> {
        let record = Record::new(kind, permit.actor(), batch.subject(), body);
        let noted = self.store().commit(move |tx| {
            Box::pin(async move {
                tx.append(record).await?;
                Ok::<_, Error>(())
            })
        });
        noted.await
    }

    /// A batch that is still worked on, for a clerk who may.
    pub(super) async fn open_batch(&self, permit: &Permit, id: &BatchId) -> Result<Batch, Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::ImportBatch, &batch.object())?;
        rules::batch::open(batch.state, "改动")?;
        Ok(batch)
    }

    /// One change of a batch: a unit with its record, refused if somebody else was faster.
    pub(super) async fn change_batch<F>(
        &self,
        (id, version): (&BatchId, i64),
        (kind, actor): (&'static str, store::Actor),
        change: F,
    ) -> Result<Batch, Error>
    where
        F: for<'t> FnOnce(
                &'t mut Tx,
                Batch,
            )
                -> futures_util::future::BoxFuture<'t, Result<(Batch, Value), Error>>
            + Send
            + 'static,
    {
        let id = id.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let batch = sql::batch::load(tx.conn(), &id).await?;
                    if batch.version != version {
                        return Err(Error::Changed);
                    }
                    let (mut batch, mut body) = change(tx, batch).await?;
                    batch.version += 1;
                    sql::batch::update(tx.conn(), &batch).await?;
                    if let Value::Object(body) = &mut body {
                        body.insert("state".to_owned(), json!(batch.state.word()));
                    }
                    tx.append(Record::new(kind, actor, batch.subject(), body)).await?;
                    Ok(batch)
                })
            })
            .await
    }
}

pub(super) fn person_of(permit: &Permit) -> Result<String, Error> {
    let person = permit.person().map(|person| person.id.to_string());
    person.ok_or_else(|| Refusal::SignedActNeeded.at("批量办理须由工作人员进行"))
}
