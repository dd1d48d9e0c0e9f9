//! The institution's people: what was signed about them is carried out, as far as the ceremony and
//! the registration offices have a say in who they may be.

use access::{
    ActKind, Action, Created, Custodians, Invitation, KeyLabel, NewKey, NewPerson, PersonChange,
    PersonId, Principal, SignedAct,
};
use ca::{Role, Status};
use gm::PublicKey;
use serde_json::Value;
use store::{Filter, Page};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Who holds a share of the root key, as the ceremony recorded it: they hold no office here
    /// (GM/T 0034 §6). The record has names and staff numbers, and no certificates.
    pub async fn custodians(&self) -> Result<Custodians, Error> {
        let filter = Filter { kind: Some("ceremony.convened".into()), ..Filter::default() };
        let records = self.store().records(&filter, Page::default()).await?;
        let all = |member: &'static str| {
            records.iter().flat_map(move |record| custodians(&record.body, member))
        };
        Ok(Custodians::new(all("name")).with_numbers(all("id")))
    }

    /// The first two people, 超级管理员 and 审计管理员, in the name of the ceremony: only while
    /// there is nobody (GM/T 0034 §6).
    pub async fn appoint_first_people(
        &self,
        super_admin: NewPerson,
        audit_admin: NewPerson,
    ) -> Result<[Created; 2], Error> {
        let custodians = self.custodians().await?;
        Ok(self.access().create_first_people(super_admin, audit_admin, &custodians).await?)
    }

    /// A key that a person brings, with the certificate that we issued for it, if we did. A key
    /// whose certificate is over opens nothing.
    pub async fn staff_key(&self, key: PublicKey, label: KeyLabel) -> Result<NewKey, Error> {
        let found = self.ca().of_key(&key).await?;
        let now = self.clock().now();
        let live = found.iter().find(|record| {
            record.role == Role::Sign && record.status == Status::Good && now <= record.not_after
        });
        if live.is_none() && !found.is_empty() {
            let text = "该密钥的证书已撤销、暂停或到期，不能用于登录；请换用有效证书的密钥";
            return Err(Error::NotApplicable(text));
        }
        Ok(NewKey {
            public_key: key,
            label,
            certificate: live.map(|record| record.serial.to_hex()),
            expires_at: live.map(|record| record.not_after),
        })
    }

    /// Carries out what was signed about a person. Who is created or invited anew gets a code.
    pub(crate) async fn on_person(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<Option<Invitation>, Error> {
        let (access, kind) = (self.access(), act.kind());
        let permit = self.permit(principal, kind.action())?;
        if kind == ActKind::CreatePerson {
            let new = NewPerson::from_json(act.payload())?;
            self.known_office(principal, new.office.as_deref()).await?;
            let custodians = self.custodians().await?;
            return Ok(access.create_person(&permit, act, &custodians).await?.invitation);
        }
        let id = act.object().strip_prefix("person:");
        let id: PersonId = id.ok_or(Error::Stored("签名事项的对象"))?.parse()?;
        match kind {
            ActKind::ChangePerson => {
                let change = PersonChange::from_json(act.payload())?;
                self.known_office(principal, change.office.as_deref()).await?;
                let custodians = self.custodians().await?;
                access.change_person(&permit, (act, id), &custodians).await?;
            }
            ActKind::InvitePerson => {
                return Ok(access.invite_person(&permit, act, id).await?.invitation);
            }
            ActKind::EndSessions => drop(access.end_all_of(&permit, act, id).await?),
            _ => drop(access.disable_person(&permit, act, id).await?),
        }
        Ok(None)
    }

    /// Carries out what a person signed about the own credentials.
    pub(crate) async fn on_own(&self, principal: &Principal, act: SignedAct) -> Result<(), Error> {
        match act.kind() {
            ActKind::AddKey => drop(self.access().add_own_key(principal, act).await?),
            _ => self.access().set_own_passphrase(principal, act).await?,
        }
        Ok(())
    }

    /// Fails unless the registration office exists and whoever appoints may see it (Measures
    /// Art. 25; check C27-1); `None` is the institution itself.
    pub async fn known_office(
        &self,
        principal: &Principal,
        office: Option<&str>,
    ) -> Result<(), Error> {
        let Some(office) = office else { return Ok(()) };
        let permit = self.permit(principal, Action::ReadOffices)?;
        let offices = self.registration()?.offices(&permit).await?;
        match offices.iter().any(|one| one.id.as_str() == office) {
            true => Ok(()),
            false => {
                let name = office.to_owned();
                Err(ra::Error::Unknown { what: "注册机构", name }.into())
            }
        }
    }
}

fn custodians(body: &Value, member: &str) -> Vec<String> {
    let custodians = body.get("custodians").and_then(Value::as_array);
    let text = |person: &Value| person.get(member).and_then(Value::as_str).map(str::to_owned);
    custodians.into_iter().flatten().filter_map(text).collect()
}
