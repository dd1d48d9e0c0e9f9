//! What is shown of an application: masked unless there is a reason (PIPL Art. 6, Art. 51).

use access::{Action, Permit, Unmasked, Who};
use jiff::Timestamp;
use serde_json::Value;
use store::{Filter, Page, Record, Seq};

use super::Ra;
use crate::error::Error;
use crate::model::{Application, ApplicationId, Form, FormRow, FormView, State};
use crate::rules;

/// Something that happened to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Where it stands in the journal.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// The kind of the record.
    pub kind: String,
    /// For people.
    pub text: &'static str,
}

/// What a kind of record is called; nothing for what is no step.
pub(super) fn told(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "application.created" => "创建申请",
        "application.submitted" => "提交申请",
        "application.acknowledged" => "确认一项告知",
        "application.endorsed" => "以现有证书签名",
        "application.proofed" => "通过身份核验",
        "application.returned" => "通知补正",
        "application.reviewed" => "审核通过",
        "application.refused" => "不予签发",
        "application.agreed" => "签订服务协议",
        "application.requested" => "提交密钥",
        "application.issued" => "签发证书",
        "application.issue-failed" => "未能签发，须重新提交密钥",
        "application.delivered" => "交付，已发送激活码",
        "application.confirmed" => "确认领取",
        "application.carried-out" => "办结，证书状态已变更",
        "application.still-held" => "所申请的暂停已解除，证书另有暂停，仍不能使用",
        "application.not-carried-out" => "未能办理，已办结",
        "application.declined" => "不予受理",
        "application.replaced-ended" => "原证书撤销",
        "application.withdrawn" => "撤回申请",
        "application.expired" => "逾期终止",
        "application.transferred" => "改由其他受理点办理",
        "application.code-renewed" => "补发查询码",
        "application.status-told" => "告知证书状态变更",
        _ => return None,
    })
}

impl Ra {
    /// An application without its personal data.
    pub async fn application(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Application, Error> {
        let application = self.load(id).await?;
        permit.covers_object(Action::ReadApplication, &application.object())?;
        Ok(application)
    }

    /// The form. The applicant sees all of it while it may be changed, and the clerk who fills it in
    /// with a permit to create; everybody else, and everybody later, sees personal data masked.
    pub async fn form(&self, permit: &Permit, id: &ApplicationId) -> Result<FormView, Error> {
        let application = self.load(id).await?;
        let editing = permit.is_for(Action::CreateApplication).is_ok();
        let action = if editing { Action::CreateApplication } else { Action::ReadApplication };
        permit.covers_object(action, &application.object())?;
        let open = matches!(application.state, State::Draft | State::Returned { .. });
        let own = matches!(permit.who(), Who::Applicant { .. });
        self.shown(application, &|_| !(open && (own || editing))).await
    }

    /// The form with the fields whose showing was recorded, for whoever gave a reason
    /// ([`access::Access::unmask`]); the others stay masked.
    pub async fn unmasked(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        unmasked: &Unmasked,
    ) -> Result<FormView, Error> {
        let application = self.load(id).await?;
        permit.covers_object(Action::UnmaskApplication, &application.object())?;
        let hidden = |field: &str| !unmasked.covers(id.as_str(), field);
        self.shown(application, &hidden).await
    }

    /// What has happened so far, the oldest first: for the applicant and for the staff. It comes from
    /// the journal; who looked at what is not part of it.
    pub async fn timeline(
        &self,
        permit: &Permit,
        id: &ApplicationId,
    ) -> Result<Vec<Happening>, Error> {
        let application = self.application(permit, id).await?;
        let filter = Filter { subject: Some(application.subject()), ..Filter::default() };
        let page = Page { limit: 1000, ..Page::default() };
        let records = self.store().records(&filter, page).await?;
        let told = records.into_iter().filter_map(|record| {
            let text = told(&record.kind)?;
            Some(Happening { seq: record.seq, at: record.at, kind: record.kind, text })
        });
        Ok(told.collect())
    }

    /// Puts on record that somebody looked at something.
    pub(super) async fn note(
        &self,
        permit: &Permit,
        id: &ApplicationId,
        (kind, body): (&'static str, Value),
    ) -> Result<(), Error> {
        let record = Record::new(kind, permit.actor(), format!("application:{id}"), body);
        let noted = self.store().commit(move |tx| {
            Box::pin(async move {
                tx.append(record).await?;
                Ok::<_, Error>(())
            })
        });
        noted.await
    }

    async fn shown(
        &self,
        application: Application,
        hidden: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<FormView, Error> {
        let form = self.form_of(&application).await?;
        let kind = self.kind_of(&application)?;
        let row = |field: &crate::catalogue::Field| {
            let raw = form.raw(&field.name);
            let hides = hidden(&field.name);
            let value = if hides { rules::mask::masked(field, raw.trim()) } else { raw.to_owned() };
            let shown = field.shown(&value).to_owned();
            FormRow { name: field.name.clone(), label: field.label.clone(), value, shown }
        };
        let rows = kind.fields.iter().map(row).collect();
        let errors = if form == Form::default() {
            Vec::new()
        } else {
            rules::form::check(kind, &form, self.today())
        };
        let masked = kind.fields.iter().any(|field| field.personal && hidden(&field.name));
        Ok(FormView { application, rows, masked, errors })
    }
}
