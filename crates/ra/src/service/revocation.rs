//! Revocations on grounds that a clerk enters: written down and tried dry, signed by one person,
//! confirmed by a second, carried out one by one and resumable (GM/T 0034 §6; T-14).

use std::collections::BTreeSet;

use access::{ActKind, Action, Object, Permit, SignedAct};
use law::CivilDate;
use serde_json::{Value, json};
use store::{Actor, Record, SealedBlob, Tx};
use zeroize::Zeroizing;

use super::{Ra, ordered, second};
use crate::catalogue::{Ground, Source};
use crate::error::{Error, Refusal};
use crate::model::{
    HoldId, Media, Number, OfficeId, Outcome, Particulars, ReadyToRevoke, Revocation,
    RevocationDecision, RevocationDraft, RevocationId, RevocationItem, RevocationOrder,
    RevocationReview, RevocationState, RevocationView,
};
use crate::port::{Held, Standing};
use crate::{rules, sql};

/// A piece of evidence on its way into the database.
type Sealed = (String, Media, SealedBlob);
/// What is put on file with a registration: who asks, and the pieces of evidence by name.
pub(super) type OnFile = (Particulars, Vec<(String, Vec<u8>)>);
/// What an item names: a certificate, and the hold on it that is to be lifted.
pub(super) type Named = (String, Option<HoldId>);

/// The line of an item in what is signed.
fn line((serial, hold): &Named) -> String {
    match hold {
        Some(hold) => format!("{serial} {hold}"),
        None => serial.clone(),
    }
}

impl Ra {
    /// Writes a revocation down: certificates that there are, each once and still to be revoked, and
    /// all evidence that the ground needs. Nothing counts before it is signed; the list can be looked
    /// at and counted (the dry run of T-14).
    pub async fn draft_revocation(
        &self,
        permit: &Permit,
        draft: RevocationDraft,
        office: Option<OfficeId>,
    ) -> Result<Revocation, Error> {
        let object = Object::of_office(office.as_ref().map(OfficeId::as_str));
        permit.covers_object(entering(permit), &object)?;
        let person = permit.person().ok_or(Refusal::SignedActNeeded)?.id.to_string();
        let ground = self.catalogue().ground(&draft.ground)?.clone();
        rules::revocation::brought(&ground, permit.action() == Action::RevokeCertificate)?;
        let names: Vec<&str> = draft.evidence.iter().map(|(name, _)| name.as_str()).collect();
        rules::revocation::complete(&ground, &draft.particulars, &names)?;
        let serials = self.to_revoke(&draft.serials, &ground, office.as_ref()).await?;
        let items = serials.into_iter().map(|serial| (serial, None)).collect();
        let on_file = (draft.particulars, draft.evidence);
        self.write_down(permit.actor(), (ground, office, person), (items, on_file)).await
    }

    /// Puts a draft on record with what belongs to it.
    pub(super) async fn write_down(
        &self,
        actor: Actor,
        (ground, office, person): (Ground, Option<OfficeId>, String),
        (items, (particulars, evidence)): (Vec<Named>, OnFile),
    ) -> Result<Revocation, Error> {
        let content = serde_json::to_vec(&particulars).map_err(|_| Error::Stored("particulars"))?;
        let blob = self.seal(content, "ra-revocation").await?;
        let evidence = self.sealed_evidence(evidence).await?;
        let id = RevocationId::from_random(self.random()?);
        let lines: Vec<String> = items.iter().map(line).collect();
        let list_hash = rules::revocation::list_hash(lines.iter().map(String::as_str));
        let new = (id, ground, office, person, list_hash);
        self.store()
            .commit(move |tx| {
                Box::pin(async move { insert(tx, new, (items, blob, evidence), actor).await })
            })
            .await
    }

    async fn sealed_evidence(
        &self,
        evidence: Vec<(String, Vec<u8>)>,
    ) -> Result<Vec<Sealed>, Error> {
        let mut sealed = Vec::new();
        for (name, content) in evidence {
            let media = rules::material::media(&content)?;
            sealed.push((name, media, self.seal(content, "ra-revocation").await?));
        }
        Ok(sealed)
    }

    /// The signing certificates that a list names, each once. What is revoked or over already is left
    /// out; an office's clerk reaches only what that office brought (Measures Art. 27).
    async fn to_revoke(
        &self,
        given: &[String],
        ground: &Ground,
        office: Option<&OfficeId>,
    ) -> Result<Vec<String>, Error> {
        let most = if ground.source == Source::Phone { 1 } else { rules::revocation::MOST_SERIALS };
        let few = |count: usize| {
            let detail = format!("须有 1 至 {most} 张尚未撤销、未过期的证书");
            if (1..=most).contains(&count) { Ok(()) } else { Err(Refusal::ListDiffers.at(detail)) }
        };
        // Either of a pair may be named, so a list of both may be twice as long; more is not looked up.
        if given.len() > 2 * rules::revocation::MOST_SERIALS {
            few(given.len())?;
        }
        let all = self.certificates(given).await?;
        if let Some(office) = office {
            let named: Vec<String> = all.iter().map(|held| held.serial.to_hex()).collect();
            let foreign = |of: &Option<OfficeId>| of.as_ref() != Some(office);
            if self.offices_of(&named).await?.iter().any(foreign) {
                return Err(Refusal::CertificateUnfit.at("它不是由本受理点办理的"));
            }
        }
        let is_live = |held: &&Held| matches!(held.standing, Standing::Good | Standing::Suspended);
        let mut once = BTreeSet::new();
        let live = all.iter().filter(is_live).map(|held| held.serial.to_hex());
        let serials: Vec<String> = live.filter(|serial| once.insert(serial.clone())).collect();
        few(serials.len())?;
        Ok(serials)
    }

    /// By which office each of these certificates was applied for, in their order.
    async fn offices_of(&self, serials: &[String]) -> Result<Vec<Option<OfficeId>>, Error> {
        let mut reader = self.store().read().await?;
        let found = sql::application::offices_of(&mut reader, serials).await?;
        Ok(serials.iter().map(|serial| found.get(serial).cloned()).collect())
    }

    /// A revocation, if the permit reaches it.
    pub(super) async fn revocation_for(
        &self,
        permit: &Permit,
        action: Action,
        id: &RevocationId,
    ) -> Result<Revocation, Error> {
        let mut reader = self.store().read().await?;
        let revocation = sql::revocation::load(&mut reader, id, self.catalogue()).await?;
        permit.covers_object(action, &revocation.object())?;
        Ok(revocation)
    }

    /// A revocation with its list and what is on file.
    pub async fn revocation(
        &self,
        permit: &Permit,
        id: &RevocationId,
    ) -> Result<RevocationView, Error> {
        let revocation = self.revocation_for(permit, Action::ReadRevocations, id).await?;
        let content = self.store().open_blob(&revocation.blob).await?;
        let particulars: Particulars =
            serde_json::from_slice(&content).map_err(|_| Error::Stored("particulars"))?;
        let mut reader = self.store().read().await?;
        let items = sql::revocation::items(&mut reader, id, false).await?;
        let evidence = sql::revocation::evidence(&mut reader, id).await?;
        let evidence = evidence.into_iter().map(|(name, media, _)| (name, media)).collect();
        Ok(RevocationView { revocation, particulars, items, evidence })
    }

    /// A piece of evidence. Who looked goes on record (PIPL Art. 51).
    pub async fn revocation_evidence(
        &self,
        permit: &Permit,
        id: &RevocationId,
        name: &str,
    ) -> Result<(Media, Zeroizing<Vec<u8>>), Error> {
        let revocation = self.revocation_for(permit, Action::ReadRevocations, id).await?;
        let all = sql::revocation::evidence(&mut *self.store().read().await?, id).await?;
        let found = all.into_iter().find(|(known, ..)| known == name);
        let (name, media, blob) =
            found.ok_or(Error::Unknown { what: "证据", name: name.into() })?;
        let content = self.store().open_blob(&blob).await?;
        let (actor, subject) = (permit.actor(), revocation.subject());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let body = json!({ "evidence": name });
                    tx.append(Record::new("revocation.evidence-opened", actor, subject, body))
                        .await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok((media, content))
    }

    /// Who wrote it down signs for it: this ground, this many certificates, this list. A caller must
    /// have read the one-time code back before.
    pub async fn enter_revocation(
        &self,
        permit: &Permit,
        id: &RevocationId,
        act: SignedAct,
    ) -> Result<Revocation, Error> {
        let action = entering(permit);
        let kind = match action {
            Action::RevokeCertificate => ActKind::RevokeCertificate,
            Action::ResumeCertificate => ActKind::EnterLifting,
            _ => ActKind::EnterRevocation,
        };
        let on = (kind, &*format!("revocation:{id}"));
        let order: RevocationOrder = ordered(&act, permit, on)?;
        let (ra, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let wants = (action, RevocationState::Draft);
                    let mut changed = ra.taken(tx, (&permit, &id), wants, &order).await?;
                    is_of_its_kind(&changed, action == Action::ResumeCertificate)?;
                    if changed.entered_by != act.person().as_str() {
                        return Err(Refusal::SignedActNeeded.at("由登记人本人签名"));
                    }
                    let by_phone = changed.ground.source == Source::Phone;
                    if by_phone && changed.called_at.is_none() {
                        return Err(Refusal::CallerUnproven.into());
                    }
                    changed.state = RevocationState::Entered;
                    let body = json!({ "count": order.count, "act": act.to_json() });
                    finish(tx, changed, ("revocation.entered", body), permit.actor()).await
                })
            })
            .await
    }

    /// Another person confirms it or not, and signs for that.
    pub async fn review_revocation(
        &self,
        permit: &Permit,
        id: &RevocationId,
        act: SignedAct,
    ) -> Result<Revocation, Error> {
        let lifts = act.kind() == ActKind::ReviewLifting;
        let kind = if lifts { ActKind::ReviewLifting } else { ActKind::ReviewRevocation };
        let review: RevocationReview = ordered(&act, permit, (kind, &format!("revocation:{id}")))?;
        let rejects = review.decision == RevocationDecision::Reject;
        if rejects && review.reason.trim().chars().count() < 4 {
            return Err(Refusal::ReasonMissing.into());
        }
        let blob = self.seal(review.reason.clone().into_bytes(), "ra-revocation").await?;
        let (ra, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let wants = (Action::ReviewRevocation, RevocationState::Entered);
                    let mut changed = ra.taken(tx, (&permit, &id), wants, &review.order).await?;
                    is_of_its_kind(&changed, lifts)?;
                    let person = act.person().to_string();
                    rules::revocation::second_person(&changed.entered_by, &person)?;
                    changed.reviewed_by = Some(person);
                    let (state, kind) = match review.decision {
                        RevocationDecision::Confirm => {
                            (RevocationState::Approved, "revocation.approved")
                        }
                        RevocationDecision::Reject => {
                            (RevocationState::Refused, "revocation.rejected")
                        }
                    };
                    changed.state = state;
                    let blob = blob.insert(tx).await?;
                    let body = json!({ "count": review.order.count, "opinion": blob.to_json(),
                        "act": act.to_json() });
                    finish(tx, changed, (kind, body), permit.actor()).await
                })
            })
            .await
    }

    /// The revocation at the version and with the list that were signed.
    async fn taken(
        &self,
        tx: &mut Tx,
        (permit, id): (&Permit, &RevocationId),
        (action, state): (Action, RevocationState),
        order: &RevocationOrder,
    ) -> Result<Revocation, Error> {
        let revocation = sql::revocation::load(tx.conn(), id, self.catalogue()).await?;
        permit.covers_object(action, &revocation.object())?;
        rules::revocation::in_turn(revocation.state, (state, asked(action)))?;
        if revocation.version != order.version {
            return Err(Error::Changed);
        }
        let items = sql::revocation::items(tx.conn(), id, false).await?;
        let lines: Vec<String> = items.iter().map(RevocationItem::line).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        rules::revocation::same_list(order, &revocation.ground, &lines)?;
        Ok(revocation)
    }

    /// Gives a draft up: who wrote it down, under the permission under which it was (ADR 6). Nobody clears
    /// away what others are at work on.
    pub async fn drop_revocation(&self, permit: &Permit, id: &RevocationId) -> Result<(), Error> {
        let (ra, permit, id) = (self.clone(), permit.clone(), id.clone());
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let mut found = sql::revocation::load(tx.conn(), &id, ra.catalogue()).await?;
                    let action = entering(&permit);
                    permit.covers_object(action, &found.object())?;
                    let person = permit.person().ok_or(Refusal::SignedActNeeded)?.id.to_string();
                    let lifts = action == Action::ResumeCertificate;
                    let of = (found.is_lifting(), &*found.entered_by);
                    rules::revocation::may_drop(of, (lifts, &person))?;
                    let wants = (RevocationState::Draft, "放弃");
                    rules::revocation::in_turn(found.state, wants)?;
                    found.state = RevocationState::Dropped;
                    let what = ("revocation.dropped", json!({}));
                    finish(tx, found, what, permit.actor()).await.map(drop)
                })
            })
            .await
    }

    /// What became of one certificate of a list. Noted once; the last one ends the revocation.
    pub async fn revoked(
        &self,
        ready: &ReadyToRevoke,
        item: &RevocationItem,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let (ra, id) = (self.clone(), ready.revocation.id.clone());
        let item = item.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = second(tx.now());
                    let which = (&id, item.position);
                    if !sql::revocation::settle(tx.conn(), which, &outcome, now).await? {
                        return Ok(());
                    }
                    let found = sql::revocation::load(tx.conn(), &id, ra.catalogue()).await?;
                    let refusal = match &outcome {
                        Outcome::Revoked | Outcome::Lifted => None,
                        Outcome::Refused(code) => Some(code.clone()),
                    };
                    let body = json!({ "serial": item.serial, "position": item.position,
                        "hold": item.hold, "ground": found.ground.name, "reason": found.ground.reason.code(),
                        "refusal": refusal });
                    let subject = found.subject();
                    let actor = Actor::system();
                    let kind = record("revocation.item", found.is_lifting());
                    tx.append(Record::new(kind, actor, subject, body)).await?;
                    end_if_done(tx, found).await
                })
            })
            .await
    }
}

/// Under which permit a revocation is written down and signed for: a clerk's, or that of an administrator
/// of the institution who orders it. Either way another person confirms it (Invariant 9).
fn entering(permit: &Permit) -> Action {
    match permit.action() {
        Action::RevokeCertificate => Action::RevokeCertificate,
        Action::ResumeCertificate => Action::ResumeCertificate,
        _ => Action::EnterRevocation,
    }
}

/// What an act is called where its turn is over.
pub(super) const fn asked(action: Action) -> &'static str {
    match action {
        Action::ReviewRevocation => "复核",
        _ => "签名登记",
    }
}

/// What lifts holds is signed as that, and what revokes as that: nobody signs one for the other.
fn is_of_its_kind(found: &Revocation, lifts: bool) -> Result<(), Error> {
    match found.is_lifting() == lifts {
        true => Ok(()),
        false => Err(Refusal::SignedActNeeded.at("登记的事项与签名的事项不同")),
    }
}

/// The revocation ends with its last certificate.
async fn end_if_done(tx: &mut Tx, mut found: Revocation) -> Result<(), Error> {
    if !sql::revocation::items(tx.conn(), &found.id, true).await?.is_empty() {
        return Ok(());
    }
    found.state = RevocationState::Done;
    let count = sql::revocation::items(tx.conn(), &found.id, false).await?.len();
    let what = ("revocation.done", json!({ "count": count }));
    finish(tx, found, what, Actor::system()).await.map(drop)
}

/// What lifts holds has records of its own names.
fn record(kind: &'static str, lifts: bool) -> &'static str {
    match kind {
        _ if !lifts => kind,
        "revocation.drafted" => "lifting.drafted",
        "revocation.entered" => "lifting.entered",
        "revocation.approved" => "lifting.approved",
        "revocation.rejected" => "lifting.rejected",
        "revocation.dropped" => "lifting.dropped",
        "revocation.item" => "lifting.item",
        "revocation.done" => "lifting.done",
        kind => kind,
    }
}

/// One version on, with its record.
pub(super) async fn finish(
    tx: &mut Tx,
    mut changed: Revocation,
    (kind, particulars): (&'static str, Value),
    actor: Actor,
) -> Result<Revocation, Error> {
    changed.version += 1;
    changed.since = second(tx.now());
    sql::revocation::update(tx.conn(), &changed).await?;
    let kind = record(kind, changed.is_lifting());
    let mut body = json!({ "number": changed.number.as_str(), "ground": changed.ground.name,
        "list": changed.list_hash, "version": changed.version });
    if let (Value::Object(body), Value::Object(particulars)) = (&mut body, particulars) {
        body.extend(particulars);
    }
    tx.append(Record::new(kind, actor, changed.subject(), body)).await?;
    Ok(changed)
}

async fn insert(
    tx: &mut Tx,
    (id, ground, office, person, list_hash): (
        RevocationId,
        Ground,
        Option<OfficeId>,
        String,
        String,
    ),
    (items, blob, evidence): (Vec<Named>, SealedBlob, Vec<Sealed>),
    actor: Actor,
) -> Result<Revocation, Error> {
    let now = second(tx.now());
    let day = CivilDate::of(now);
    let blob = blob.insert(tx).await?;
    let revocation = Revocation {
        number: Number::of(day, sql::application::next_number(tx.conn(), day).await?),
        state: RevocationState::Draft,
        since: now,
        version: 1,
        entered_by: person,
        reviewed_by: None,
        called_at: None,
        stopped_at: None,
        stop_end: None,
        term_from: None,
        blob: blob.id.clone(),
        id,
        ground,
        office,
        list_hash,
    };
    sql::revocation::insert(tx.conn(), &revocation, &items).await?;
    let mut exhibits = Vec::new();
    for (name, media, sealed) in evidence {
        let sealed = sealed.insert(tx).await?;
        let row = (&*name, media, &*sealed.id);
        sql::revocation::add_evidence(tx.conn(), &revocation.id, row).await?;
        exhibits.push(json!({ "name": name, "content": sealed.to_json() }));
    }
    let body = json!({ "number": revocation.number.as_str(), "ground": revocation.ground.name,
        "count": items.len(), "list": revocation.list_hash, "particulars": blob.to_json(),
        "evidence": exhibits });
    let kind = record("revocation.drafted", revocation.is_lifting());
    tx.append(Record::new(kind, actor, revocation.subject(), body)).await?;
    Ok(revocation)
}
