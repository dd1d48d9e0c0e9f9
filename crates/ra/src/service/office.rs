//! Registration offices: set up, filed, limited, supervised, suspended (Measures Art. 25 to 27; T-22).

use access::{ActKind, Action, Permit, SignedAct};
use law::CivilDate;
use serde_json::{Value, json};
use store::{Actor, Record, Tx};

use super::{Ra, ordered, second};
use crate::error::{Error, Refusal};
use crate::model::{
    Application, Conditions, Filing, FilingClock, Media, Office, OfficeId, OfficeOrder,
    OfficeRecord, OfficeRecordKind, SuspensionOrder,
};
use crate::rules;
use crate::sql;

/// So many applications go over to the institution with one order.
const MOST_TAKEN_OVER: u32 = 500;

impl Ra {
    /// Carries out an order about an office: set up (on `office:new`), amend, announce, file, limit,
    /// take over.
    pub async fn manage_office(
        &self,
        permit: &Permit,
        id: Option<&OfficeId>,
        act: SignedAct,
    ) -> Result<Office, Error> {
        permit.covers(Action::ManageOffices)?;
        let object = format!("office:{}", id.map_or("new", OfficeId::as_str));
        let order: OfficeOrder = ordered(&act, permit, (ActKind::ManageOffice, &object))?;
        let fresh = OfficeId::from_random(self.random()?);
        let id = id.cloned();
        if let OfficeOrder::Quota { kind, .. } = &order {
            self.catalogue().kind(kind)?;
        }
        let (actor, act) = (permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    match (order, id) {
                        (order @ OfficeOrder::Establish { .. }, None) => {
                            establish(tx, fresh, order, (actor, act)).await
                        }
                        (order, Some(id)) => change(tx, id, order, (actor, act)).await,
                        _ => Err(Refusal::SignedActNeeded.into()),
                    }
                })
            })
            .await
    }

    /// Suspends an office, or lets it take up its work again. In force with the unit: every later
    /// step through the office is refused.
    pub async fn suspend_office(
        &self,
        permit: &Permit,
        id: &OfficeId,
        act: SignedAct,
    ) -> Result<Office, Error> {
        permit.covers(Action::SuspendOffice)?;
        let on = (ActKind::SuspendOffice, &*format!("office:{id}"));
        let order: SuspensionOrder = ordered(&act, permit, on)?;
        let reason = text("理由", &order.reason)?;
        let (id, actor, act) = (id.clone(), permit.actor(), act.to_json());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut office = sql::office::load(tx.conn(), &id).await?;
                    let now = second(tx.now());
                    office.suspended_at =
                        order.suspend.then_some(office.suspended_at.unwrap_or(now));
                    let kind = if order.suspend { "office.suspended" } else { "office.resumed" };
                    let body = json!({ "reason": reason, "act": act });
                    finish(tx, office, actor, (kind, body)).await
                })
            })
            .await
    }

    /// The offices, by name, within the limit of the permit.
    pub async fn offices(&self, permit: &Permit) -> Result<Vec<Office>, Error> {
        permit.is_for(Action::ReadOffices)?;
        let all = sql::office::all(&mut *self.store().read().await?).await?;
        let reached = |office: &Office| {
            let object = access::Object::of_office(Some(office.id.as_str()));
            permit.reach(&object).is_ok()
        };
        Ok(all.into_iter().filter(reached).collect())
    }

    /// One office, within the limit of the permit.
    pub async fn office(&self, permit: &Permit, id: &OfficeId) -> Result<Office, Error> {
        let object = access::Object::of_office(Some(id.as_str()));
        permit.covers_object(Action::ReadOffices, &object)?;
        sql::office::load(&mut *self.store().read().await?, id).await
    }

    /// How many applications of an office are not finished, up to what one order takes over.
    pub async fn unfinished_of(&self, permit: &Permit, id: &OfficeId) -> Result<usize, Error> {
        permit.is_for(Action::ReadOffices)?;
        let mut reader = self.store().read().await?;
        Ok(sql::application::unfinished(&mut reader, id, MOST_TAKEN_OVER).await?.len())
    }

    /// The name of the office of an unfinished application, if that office is suspended: nothing goes
    /// on there (T-22), and whoever waits is told.
    pub async fn suspended_office_of(
        &self,
        application: &Application,
    ) -> Result<Option<String>, Error> {
        let Some(id) = application.office.as_ref().filter(|_| !application.state.is_final()) else {
            return Ok(None);
        };
        let office = sql::office::load(&mut *self.store().read().await?, id).await?;
        Ok(office.suspended_at.map(|_| office.name))
    }

    /// The offices that take applications now: public, as name and address are announced (Measures
    /// Art. 26).
    pub async fn open_offices(&self) -> Result<Vec<Office>, Error> {
        let all = sql::office::all(&mut *self.store().read().await?).await?;
        Ok(all.into_iter().filter(|office| rules::office::in_force(office).is_ok()).collect())
    }

    /// Until when an office's filing has to be opened or its change filed.
    #[must_use]
    pub fn filing_clock(&self, office: &Office) -> Option<FilingClock> {
        rules::office::filing_clock(office, &self.config().calendar)
    }

    /// Keeps what a supervisor saw at an office: a report, or a photograph of the display.
    pub async fn record_office(
        &self,
        permit: &Permit,
        id: &OfficeId,
        (kind, content): (OfficeRecordKind, Vec<u8>),
    ) -> Result<OfficeRecord, Error> {
        permit.covers(Action::ManageOffices)?;
        rules::material::media(&content)?;
        let blob = self.seal(content, "ra-office").await?;
        let person = permit.person().map(|one| one.id.to_string()).unwrap_or_default();
        let (id, actor) = (id.clone(), permit.actor());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    sql::office::load(tx.conn(), &id).await?;
                    let blob = blob.insert(tx).await?;
                    let at = second(tx.now());
                    let record = OfficeRecord { kind, at, person, blob: blob.id.clone() };
                    sql::office::add_record(tx.conn(), &id, &record).await?;
                    let body = json!({ "kind": kind.word(), "content": blob.to_json() });
                    let subject = format!("office:{id}");
                    tx.append(Record::new("office.recorded", actor, subject, body)).await?;
                    Ok(record)
                })
            })
            .await
    }

    /// The supervision records of an office, the newest first.
    pub async fn office_records(
        &self,
        permit: &Permit,
        id: &OfficeId,
    ) -> Result<Vec<OfficeRecord>, Error> {
        let object = access::Object::of_office(Some(id.as_str()));
        permit.covers_object(Action::ReadOffices, &object)?;
        sql::office::records(&mut *self.store().read().await?, id).await
    }

    /// The content of a supervision record, and what it is by its first octets.
    pub async fn open_office_record(
        &self,
        permit: &Permit,
        id: &OfficeId,
        blob: &str,
    ) -> Result<(Media, zeroize::Zeroizing<Vec<u8>>), Error> {
        let records = self.office_records(permit, id).await?;
        let record = records.iter().find(|record| record.blob == blob);
        let record = record.ok_or(Error::Unknown { what: "监督记录", name: String::new() })?;
        let content = self.store().open_blob(&record.blob).await?;
        Ok((rules::material::known(&content)?, content))
    }
}

/// A text of 2 to 100 characters, all of which people can see.
fn text(field: &'static str, value: &str) -> Result<String, Error> {
    let value = value.trim();
    match pki::name::is_line(value, 2..=100) {
        true => Ok(value.to_owned()),
        false => {
            Err(Error::Input { field, why: "应为 2 至 100 个字，不含看不见的字符" })
        }
    }
}

async fn establish(
    tx: &mut Tx,
    id: OfficeId,
    order: OfficeOrder,
    (actor, act): (Actor, Value),
) -> Result<Office, Error> {
    let OfficeOrder::Establish { name, address, province, established_on, conditions } = order
    else {
        return Err(Refusal::SignedActNeeded.into());
    };
    rules::office::conditions(&conditions)?;
    let office = Office {
        id,
        name: text("注册机构名称", &name)?,
        address: text("地址", &address)?,
        province: text("所在省、自治区、直辖市", &province)?,
        established_on,
        conditions,
        filing: Filing::NotOpened,
        announced_at: None,
        changed_on: None,
        suspended_at: None,
        quotas: std::collections::BTreeMap::new(),
        version: 1,
    };
    if !sql::office::insert(tx.conn(), &office).await? {
        return Err(Error::OfficeTaken);
    }
    let body = json!({ "name": office.name, "address": office.address,
        "province": office.province, "established_on": office.established_on, "act": act });
    let subject = format!("office:{}", office.id);
    tx.append(Record::new("office.established", actor, subject, body)).await?;
    Ok(office)
}

async fn change(
    tx: &mut Tx,
    id: OfficeId,
    order: OfficeOrder,
    (actor, act): (Actor, Value),
) -> Result<Office, Error> {
    let mut office = sql::office::load(tx.conn(), &id).await?;
    let now = second(tx.now());
    let (version, kind, body) = match order {
        OfficeOrder::Establish { .. } => return Err(Refusal::SignedActNeeded.into()),
        OfficeOrder::Amend { version, name, address, conditions } => {
            amend(tx, &mut office, (&name, &address, conditions), CivilDate::of(now)).await?;
            let body = json!({ "name": office.name, "address": office.address, "act": act });
            (version, "office.amended", body)
        }
        OfficeOrder::Announce { version } => {
            office.announced_at = Some(now);
            (version, "office.announced", json!({ "act": act }))
        }
        OfficeOrder::File { version, number, on } => {
            let number = text("备案编号", &number)?;
            let day = rules::office::filed_on(&office, on, CivilDate::of(now))?;
            let at = day.map_or(now, CivilDate::begin);
            office.filing = Filing::Opened { at, number: number.clone() };
            office.changed_on = None;
            (version, "office.filed", json!({ "filing": number, "on": day, "act": act }))
        }
        OfficeOrder::Quota { version, kind, per_day } => {
            sql::office::set_quota(tx.conn(), &id, (&kind, per_day)).await?;
            let body = json!({ "kind": kind, "per_day": per_day, "act": act });
            (version, "office.limited", body)
        }
        OfficeOrder::TakeOver { version } => {
            let count = take_over(tx, &office, &actor).await?;
            (version, "office.taken_over", json!({ "count": count, "act": act }))
        }
    };
    if office.version != version {
        return Err(Error::Changed);
    }
    finish(tx, office, actor, (kind, body)).await
}

/// The institution takes over what a suspended office has not finished; nobody begins anew (Measures
/// Art. 27: what an office does is the institution's to answer for).
async fn take_over(tx: &mut Tx, office: &Office, actor: &Actor) -> Result<usize, Error> {
    if office.suspended_at.is_none() {
        return Err(Error::Input { field: "注册机构", why: "没有暂停，不需要接管" });
    }
    let all = sql::application::unfinished(tx.conn(), &office.id, MOST_TAKEN_OVER).await?;
    let count = all.len();
    for mut application in all {
        application.office = None;
        application.version += 1;
        sql::application::update(tx.conn(), &application).await?;
        let body = json!({ "from": office.id.as_str(), "to": null });
        let about = application.subject();
        tx.append(Record::new("application.transferred", actor.clone(), about, body)).await?;
    }
    Ok(count)
}

/// A change starts the 30 days of Measures Art. 26 anew, if the filing was opened.
async fn amend(
    tx: &mut Tx,
    office: &mut Office,
    (name, address, conditions): (&str, &str, Conditions),
    today: CivilDate,
) -> Result<(), Error> {
    rules::office::conditions(&conditions)?;
    office.name = text("注册机构名称", name)?;
    office.address = text("地址", address)?;
    office.conditions = conditions;
    if sql::office::is_taken(tx.conn(), &office.id, &office.name).await? {
        return Err(Error::OfficeTaken);
    }
    if matches!(office.filing, Filing::Opened { .. }) {
        office.changed_on = Some(office.changed_on.unwrap_or(today));
    }
    Ok(())
}

async fn finish(
    tx: &mut Tx,
    mut office: Office,
    actor: Actor,
    (kind, body): (&'static str, Value),
) -> Result<Office, Error> {
    office.version += 1;
    sql::office::update(tx.conn(), &office).await?;
    let id = office.id.clone();
    tx.append(Record::new(kind, actor, format!("office:{id}"), body)).await?;
    sql::office::load(tx.conn(), &id).await
}
