//! Sheets become applications: every row is held to the rules of the form, at once and completely. What
//! is good is kept, one unit for each row; what is not comes back in a file that says why. Cut off
//! anywhere, it goes on with the rows that are missing.

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, Permit};
use futures_util::{StreamExt, stream};
use gm::UserId;
use jiff::Timestamp;
use law::CivilDate;
use pki::ProofOfPossession;
use pki::csr::CertificationRequest;
use serde_json::json;
use store::{Actor, Record, SealedBlob, Tx};

use super::batch::{SERVICE, person_of};
use super::turn::Turn;
use super::{Ra, second};
use crate::catalogue::{Kind, SearchField, Step};
use crate::error::{Error, FieldError};
use crate::model::{
    Application, ApplicationId, Batch, BatchId, BatchParty, BatchSheet, Form, Number, State,
};
use crate::port::Certified;
use crate::rules;
use crate::rules::batch::{KeyCells, Meaning, PROBLEM, REQUEST, defect};
use crate::sheet::{self, Column, Line, SheetFormat, Table};
use crate::sql;
use crate::sql::batch::NewRow;
use crate::sql::code::Purpose;

/// So many rows are worked on at a time: group commit makes them cheap.
const AT_ONCE: usize = 24;

/// A row as it was read.
struct Row {
    number: u32,
    form: Form,
    key: KeyCells,
    errors: Vec<FieldError>,
}

/// What all rows of a sheet have in common.
struct Work {
    batch: Batch,
    sheet: BatchSheet,
    party: BatchParty,
    kind: Kind,
}

/// A row that is good.
struct Good {
    id: ApplicationId,
    form: SealedBlob,
    indexes: Vec<(SearchField, String)>,
    code: String,
    possession: ProofOfPossession,
    attestation: Option<String>,
}

impl Ra {
    /// The sheet to fill in for a kind.
    pub fn batch_template(&self, kind: &str, format: SheetFormat) -> Result<Vec<u8>, Error> {
        let kind = self.catalogue().kind_for(kind, SERVICE)?;
        let rows = [rules::batch::explanation(kind)];
        sheet::write(format, &rules::batch::columns(kind), &rows)
    }

    /// Takes a sheet. Whether it is one of ours is told at once; its rows are worked through by
    /// [`Ra::work_sheets`].
    pub async fn import_sheet(
        &self,
        permit: &Permit,
        id: &BatchId,
        content: Vec<u8>,
    ) -> Result<BatchSheet, Error> {
        let batch = self.open_batch(permit, id).await?;
        let kind = self.catalogue().kind_for(&batch.kind, SERVICE)?.clone();
        let (content, table) = tokio::task::spawn_blocking(move || {
            let table = sheet::read(&content)?;
            rules::batch::meanings(&kind, &table.headings)?;
            Ok::<_, Error>((content, table))
        })
        .await
        .map_err(|_| Error::Stored("sheet"))??;
        if table.lines.is_empty() {
            return Err(Error::Sheet("没有要导入的行，请从标题下面开始填写".to_owned()));
        }
        let blob = self.seal(content, "ra-batch-sheet").await?;
        let (person, actor, id) = (person_of(permit)?, permit.actor(), id.clone());
        let subject = batch.subject();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let position = sql::batch::sheets(tx.conn(), &id).await?.len() + 1;
                    let blob = blob.insert(tx).await?;
                    let sheet = BatchSheet {
                        position: u32::try_from(position).map_err(|_| Error::Stored("position"))?,
                        format: table.format,
                        at: second(tx.now()),
                        rows: u64::try_from(table.lines.len()).unwrap_or(u64::MAX),
                        result: None,
                        blob: blob.id.clone(),
                        bad_blob: None,
                        person,
                        actor: actor.clone(),
                    };
                    sql::batch::add_sheet(tx.conn(), &id, &sheet).await?;
                    let body = json!({ "sheet": sheet.position, "rows": sheet.rows,
                        "format": sheet.format.ending(), "content": blob.to_json() });
                    tx.append(Record::new("batch.sheet-added", actor, subject, body)).await?;
                    Ok(sheet)
                })
            })
            .await
    }

    /// The rows of a sheet that were not taken, with what is wrong, in the format in which it came.
    pub async fn bad_rows(
        &self,
        permit: &Permit,
        id: &BatchId,
        position: u32,
    ) -> Result<(SheetFormat, Vec<u8>), Error> {
        let batch = self.batch_as_it_is(id).await?;
        permit.covers_object(Action::ImportBatch, &batch.object())?;
        let sheets = sql::batch::sheets(&mut *self.store().read().await?, id).await?;
        let sheet = sheets.into_iter().find(|sheet| sheet.position == position);
        let found = sheet.and_then(|sheet| sheet.bad_blob.map(|blob| (sheet.format, blob)));
        let (format, blob) =
            found.ok_or(Error::Unknown { what: "待更正的行", name: position.to_string() })?;
        let content = self.store().open_blob(&blob).await?;
        // They hold personal data in the clear: who fetched them goes on record (PIPL Art. 51).
        let body = json!({ "sheet": position });
        self.note_batch((permit, &batch), "batch.bad-rows-fetched", body).await?;
        Ok((format, content.to_vec()))
    }

    /// Works through the sheets that wait. How many it finished.
    pub async fn work_sheets(&self) -> Result<u64, Error> {
        let waiting = sql::batch::open_sheets(&mut *self.store().read().await?).await?;
        let mut finished = 0;
        for (id, position) in waiting {
            self.work_sheet(&id, position).await?;
            finished += 1;
        }
        Ok(finished)
    }

    async fn work_sheet(&self, id: &BatchId, position: u32) -> Result<(), Error> {
        let batch = self.batch_as_it_is(id).await?;
        let mut reader = self.store().read().await?;
        let sheets = sql::batch::sheets(&mut reader, id).await?;
        let taken: BTreeSet<u32> =
            sql::batch::taken_lines(&mut reader, (id, position)).await?.into_iter().collect();
        drop(reader);
        let sheet = sheets.into_iter().find(|sheet| sheet.position == position);
        let sheet = sheet.ok_or(Error::Stored("sheet"))?;
        let kind = self.catalogue().kind_for(&batch.kind, SERVICE)?.clone();
        let party = self.party_of(&batch).await?;
        let work = Work { batch, sheet, party, kind };
        let content = self.store().open_blob(&work.sheet.blob).await?;
        let table = tokio::task::spawn_blocking(move || sheet::read(&content))
            .await
            .map_err(|_| Error::Stored("sheet"))??;
        let rows = rows_of(&work, &table)?;
        let mut bad: BTreeMap<u32, String> = BTreeMap::new();
        let outcomes = stream::iter(rows.into_iter().filter(|row| !taken.contains(&row.number)))
            .map(|row| async { (row.number, self.take_row(&work, row).await) })
            .buffer_unordered(AT_ONCE);
        let mut outcomes = std::pin::pin!(outcomes);
        while let Some((number, outcome)) = outcomes.next().await {
            if let Err(errors) = outcome? {
                bad.insert(number, rules::batch::told(&errors));
            }
        }
        self.end_sheet(&work, &table, &bad).await
    }

    /// One row: an application with its form, or all that is wrong.
    async fn take_row(&self, work: &Work, row: Row) -> Result<Result<(), Vec<FieldError>>, Error> {
        let Row { number, form, key, mut errors } = row;
        errors.extend(rules::form::check(&work.kind, &form, self.today()));
        errors.extend(foreign(work, &form));
        let draft = self.draft_of(work)?;
        if errors.is_empty() {
            errors.extend(self.profile_defect(&draft, &form)?);
        }
        errors.extend(self.under_way(work, &form).await?);
        let proven = self.possession(&key.request).await?.and_then(|possession| {
            let of = (work.batch.kind.as_str(), possession.public_key());
            let attestation = self.attestation_of_row(of, &key.attestation)?;
            Ok((possession, attestation))
        });
        match proven {
            Ok(proven) if errors.is_empty() => {
                let good = self.good(draft, (form, proven)).await?;
                self.keep_row(work, number, good).await
            }
            Ok(_) => Ok(Err(errors)),
            Err(error) => {
                errors.push(error);
                Ok(Err(errors))
            }
        }
    }

    /// An application as it will be begun, for checks that want one.
    fn draft_of(&self, work: &Work) -> Result<Application, Error> {
        let now = self.now();
        Ok(Application {
            id: ApplicationId::from_random(self.random()?),
            number: Number::of(CivilDate::of(now), 0),
            service: SERVICE.to_owned(),
            kind: work.batch.kind.clone(),
            office: work.batch.office.clone(),
            concerns: None,
            state: State::Draft,
            since: now,
            version: 1,
            form: 0,
            round: 0,
            created_at: now,
            clock_from: None,
        })
    }

    /// Whether an application of the same holder is under way.
    async fn under_way(&self, work: &Work, form: &Form) -> Result<Option<FieldError>, Error> {
        let Some((label, value)) = holder_number(&work.kind, form) else { return Ok(None) };
        let field = SearchField::IdNumber;
        let index = self.search_index(field, &value)?;
        let mut reader = self.store().read().await?;
        let kind = &work.batch.kind;
        let there = sql::batch::is_under_way(&mut reader, kind, (field.word(), &index)).await?;
        let text = "此人已有同类证书的申请正在办理，请先查清".to_owned();
        Ok(there.then(|| defect(&label, "ra.batch.under_way", text)))
    }

    /// The request of a row with its proof of possession, if its key is new.
    async fn possession(
        &self,
        request: &str,
    ) -> Result<Result<ProofOfPossession, FieldError>, Error> {
        let wrong = |code, text: String| Ok(Err(defect(REQUEST, code, text)));
        if request.trim().is_empty() {
            return wrong("ra.form.missing", "请填写".to_owned());
        }
        let pem = rules::batch::pem(request);
        let proven = CertificationRequest::from_pem_or_der(pem.as_bytes())
            .and_then(|request| request.prove_possession(&UserId::default()));
        let possession = match proven {
            Ok(possession) => possession,
            Err(error) => return wrong(error.code(), format!("{error}，请重新产生")),
        };
        let key = *possession.public_key();
        let fingerprint = key.fingerprint();
        let mut reader = self.store().read().await?;
        let taken = sql::batch::key_is_taken(&mut reader, &fingerprint).await?;
        drop(reader);
        let certified = self.config().keys.certified(&key).await.map_err(Error::Port)?;
        if taken || certified != Certified::Never {
            let text = "该密钥已用于其他申请或证书，请重新产生密钥和请求".to_owned();
            return wrong("ra.key_used", text);
        }
        Ok(Ok(possession))
    }

    async fn good(
        &self,
        draft: Application,
        (form, (possession, attestation)): (Form, (ProofOfPossession, Option<String>)),
    ) -> Result<Good, Error> {
        let indexes = self.indexes(&draft, &form)?;
        let content = serde_json::to_vec(&form).map_err(|_| Error::Stored("form"))?;
        let id = draft.id;
        let code = self.code_index(&id, Purpose::Check, &self.draw_code()?)?;
        let form = self.seal(content, "ra-form").await?;
        Ok(Good { id, form, indexes, code, possession, attestation })
    }

    async fn keep_row(
        &self,
        work: &Work,
        number: u32,
        good: Good,
    ) -> Result<Result<(), Vec<FieldError>>, Error> {
        let (ra, batch) = (self.clone(), work.batch.clone());
        let (person, actor) = (work.sheet.person.clone(), work.sheet.actor.clone());
        let place = (work.sheet.position, number);
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let fingerprint = good.possession.public_key().fingerprint();
                    if sql::batch::key_is_taken(tx.conn(), &fingerprint).await? {
                        let text = "与其他行的密钥相同，请重新产生密钥和请求".to_owned();
                        return Ok(Err(vec![defect(REQUEST, "ra.key_used", text)]));
                    }
                    let by = (&*person, &actor);
                    begin(tx, (&batch, place), (&good.id, &good.code), by).await?;
                    save(&ra, tx, (&good.id, &batch.id), (good.form, &good.indexes), by).await?;
                    let csr = good.possession.csr_der();
                    let row = NewRow { place, fingerprint: &fingerprint, csr };
                    sql::batch::add_row(tx.conn(), (&batch.id, &good.id), row).await?;
                    if let Some(chain) = &good.attestation {
                        sql::attestation::keep_of_row(tx.conn(), &good.id, chain).await?;
                    }
                    store::fault::point("ra.10-row-kept");
                    Ok(Ok(()))
                })
            })
            .await
    }

    async fn end_sheet(
        &self,
        work: &Work,
        table: &Table,
        bad: &BTreeMap<u32, String>,
    ) -> Result<(), Error> {
        let all = u64::try_from(table.lines.len()).unwrap_or(u64::MAX);
        let wrong = u64::try_from(bad.len()).unwrap_or(u64::MAX);
        let blob = match bad.is_empty() {
            true => None,
            false => {
                let content = bad_sheet(&work.kind, table, bad)?;
                Some(self.seal(content, "ra-batch-sheet").await?)
            }
        };
        let (id, position) = (work.batch.id.clone(), work.sheet.position);
        let (actor, subject) = (work.sheet.actor.clone(), work.batch.subject());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = second(tx.now());
                    let blob = match blob {
                        Some(blob) => Some(blob.insert(tx).await?),
                        None => None,
                    };
                    let result = ((all - wrong, wrong), blob.as_ref().map(|blob| &*blob.id));
                    if !sql::batch::end_sheet(tx.conn(), (&id, position), result, now).await? {
                        return Ok(());
                    }
                    let body = json!({ "sheet": position, "good": all - wrong, "bad": wrong });
                    tx.append(Record::new("batch.sheet-done", actor, subject, body)).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }
}

/// The rows with what is wrong with each by itself and against the rows before it.
fn rows_of(work: &Work, table: &Table) -> Result<Vec<Row>, Error> {
    let meanings: Vec<Option<Meaning<'_>>> = rules::batch::meanings(&work.kind, &table.headings)?;
    let (mut holders, mut keys) = (BTreeMap::new(), BTreeMap::new());
    let mut rows = Vec::with_capacity(table.lines.len());
    for line in &table.lines {
        let (form, key, mut errors) = rules::batch::row(&meanings, line);
        let twice = |label: &str, first: u32| {
            defect(label, "ra.batch.twice", format!("与第 {first} 行相同，请核对"))
        };
        if let Some((label, value)) = holder_number(&work.kind, &form)
            && let Some(first) = holders.insert(value, line.number)
        {
            errors.push(twice(&label, first));
        }
        let bare: String = key.request.split_whitespace().collect();
        if !bare.is_empty()
            && let Some(first) = keys.insert(bare, line.number)
        {
            errors.push(twice(REQUEST, first));
        }
        rows.push(Row { number: line.number, form, key, errors });
    }
    Ok(rows)
}

/// The number of the person that the certificate is for, if it is for one.
fn holder_number(kind: &Kind, form: &Form) -> Option<(String, String)> {
    let field = rules::batch::holder_number(kind)?;
    let value = form.value(&field.name).to_uppercase();
    (!value.is_empty()).then(|| (field.label.clone(), value))
}

/// A row for another unit than the batch's.
fn foreign(work: &Work, form: &Form) -> Vec<FieldError> {
    let ours = [
        (SearchField::UnitName, work.party.unit_name.trim()),
        (SearchField::CreditCode, work.party.credit_code.trim()),
    ];
    let fields = form.filled(&work.kind).filter_map(|field| {
        let (_, ours) = ours.iter().find(|(index, _)| field.index == Some(*index))?;
        let text = "与本批次的单位不一致，请核对".to_owned();
        (form.value(&field.name) != *ours).then(|| defect(&field.label, "ra.batch.unit", text))
    });
    fields.collect()
}

fn bad_sheet(kind: &Kind, table: &Table, bad: &BTreeMap<u32, String>) -> Result<Vec<u8>, Error> {
    let known = rules::batch::columns(kind);
    let mut columns: Vec<Column> = Vec::new();
    let mut places = Vec::new();
    for (at, heading) in table.headings.iter().enumerate() {
        if heading.is_empty() || heading == PROBLEM {
            continue;
        }
        let choices = known.iter().find(|column| column.heading == *heading);
        let choices = choices.map(|column| column.choices.clone()).unwrap_or_default();
        columns.push(Column { heading: heading.clone(), choices, width: 22 });
        places.push(at);
    }
    columns.push(Column { heading: PROBLEM.to_owned(), choices: Vec::new(), width: 60 });
    let row = |line: &Line| {
        let problem = bad.get(&line.number)?.clone();
        let cell = |at: &usize| line.cells.get(*at).map(|cell| cell.shown().to_owned());
        let mut cells: Vec<String> = places.iter().map(|at| cell(at).unwrap_or_default()).collect();
        cells.push(problem);
        Some(cells)
    };
    let rows: Vec<Vec<String>> = table.lines.iter().filter_map(row).collect();
    sheet::write(table.format, &columns, &rows)
}

/// The application of a row is begun; the clerk who brought the sheet has a hand in it (Invariant 9).
async fn begin(
    tx: &mut Tx,
    (batch, (sheet, line)): (&Batch, (u32, u32)),
    (id, code): (&ApplicationId, &str),
    (person, actor): (&str, &Actor),
) -> Result<(), Error> {
    let now: Timestamp = second(tx.now());
    let day = CivilDate::of(now);
    let application = Application {
        id: id.clone(),
        number: Number::of(day, sql::application::next_number(tx.conn(), day).await?),
        service: SERVICE.to_owned(),
        kind: batch.kind.clone(),
        office: batch.office.clone(),
        concerns: None,
        state: State::Draft,
        since: now,
        version: 1,
        form: 0,
        round: 0,
        created_at: now,
        clock_from: None,
    };
    sql::application::insert(tx.conn(), &application).await?;
    sql::code::put(tx.conn(), id, Purpose::Check, code).await?;
    sql::evidence::add_hand(tx.conn(), id, (person, "entered"), now).await?;
    let body = json!({
        "number": application.number.as_str(),
        "service": application.service,
        "kind": application.kind,
        "office": application.office.as_ref().map(crate::model::OfficeId::as_str),
        "concerns": null,
        "state": application.state.word(),
        "version": application.version,
        "batch": { "id": batch.id.as_str(), "sheet": sheet, "line": line },
    });
    let subject = application.subject();
    tx.append(Record::new("application.created", actor.clone(), subject, body)).await?;
    Ok(())
}

/// Its form is kept, as if it had been typed.
async fn save(
    ra: &Ra,
    tx: &mut Tx,
    (id, batch): (&ApplicationId, &BatchId),
    (form, indexes): (SealedBlob, &[(SearchField, String)]),
    (_, actor): (&str, &Actor),
) -> Result<(), Error> {
    let at = crate::model::At { id: id.clone(), version: 1 };
    let mut turn = Turn::begin_for(ra, tx, actor, (&at, Step::Save)).await?;
    turn.application.form += 1;
    let blob = form.insert(tx).await?;
    sql::content::add_form(tx.conn(), &turn.application, &blob.id, turn.now).await?;
    sql::content::index(tx.conn(), id, indexes).await?;
    let body = json!({ "form": turn.application.form, "errors": 0, "content": blob.to_json(),
        "batch": batch.as_str() });
    turn.finish(tx, "application.saved", body).await?;
    Ok(())
}
