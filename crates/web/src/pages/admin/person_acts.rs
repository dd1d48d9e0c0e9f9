//! What ends for a person, told before it is signed: a new invitation, all sessions, or everything
//! when somebody leaves (GM/T 0034 §6: leavers' rights end at once).

use access::{ActKind, Action, Person};
use askama::Template;
use axum::extract::{Path, State};
use serde_json::json;

use super::person::found;
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// Shortest and longest reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 2..=200;

#[derive(Template)]
#[template(path = "admin/person_act.html")]
struct Sheet {
    frame: Frame,
    person: Person,
    roles: String,
    title: &'static str,
    path: &'static str,
    effect: &'static str,
    is_final: bool,
    ends: Vec<String>,
    reason: String,
    mistakes: Mistakes,
}

/// One of the three acts.
struct Act {
    kind: ActKind,
    title: &'static str,
    path: &'static str,
    effect: &'static str,
}

const INVITE: Act = Act {
    kind: ActKind::InvitePerson,
    title: "重发邀请",
    path: "invite",
    effect: "签名后页面显示一次新的邀请码，请当面或电话告知本人。本人用它在 72 小时内重新设置登录凭据；以下各项立即失效：",
};
const DISABLE: Act = Act {
    kind: ActKind::DisablePerson,
    title: "停用人员",
    path: "disable",
    effect: "用于离职、调离或违规。签名后以下各项立即失效，不能恢复；登录名不再分配给他人：",
};
const SESSIONS: Act = Act {
    kind: ActKind::EndSessions,
    title: "结束全部会话",
    path: "sessions",
    effect: "用于怀疑账号被他人使用。登录凭据保留，本人可以重新登录；凭据可能泄露的，请同时重发邀请或停用。以下会话立即结束：",
};

impl Act {
    async fn sheet(
        &self,
        app: &App,
        (frame, visitor): (Frame, &Visitor),
        (person, form, mistakes): (Person, &Form, Mistakes),
    ) -> Result<Sheet, Problem> {
        let permit = app.permit(visitor.principal(), Action::ReadPeople)?;
        let access = app.access();
        let mut ends = Vec::new();
        let sessions = access.sessions_of(&permit, &person.id).await?.len();
        ends.push(format!("有效的会话：{sessions} 个"));
        if self.kind != ActKind::EndSessions {
            let now = app.clock().now();
            let credentials = access.credentials(&permit, &person.id).await?;
            let keys = credentials.keys.iter().filter(|key| key.is_live(now)).count();
            ends.push(format!("登录证书：{keys} 张"));
            let has = |there| if there { "有，失效" } else { "没有" };
            ends.push(format!("口令和动态口令：{}", has(credentials.has_passphrase)));
            ends.push(format!("未使用的邀请码：{}", has(credentials.invited_until.is_some())));
        }
        if self.kind == ActKind::DisablePerson {
            ends.push("全部角色和权限，包括已经填写、尚未签名的事项".to_owned());
        }
        Ok(Sheet {
            frame,
            roles: super::roles(&person.roles),
            person,
            title: self.title,
            path: self.path,
            effect: self.effect,
            is_final: self.kind == ActKind::DisablePerson,
            ends,
            reason: form.text("reason").to_owned(),
            mistakes,
        })
    }

    async fn show(&self, app: &App, frame: Frame, visitor: &Visitor, id: &str) -> Answer {
        let person = found(app, visitor, id).await?;
        let blank = (person, &Form::default(), Mistakes::none());
        page(&self.sheet(app, (frame, visitor), blank).await?)
    }

    async fn submit(
        &self,
        app: &App,
        (frame, visitor): (Frame, &Visitor),
        (id, form): (&str, &Form),
    ) -> Answer {
        let person = found(app, visitor, id).await?;
        let reason = form.text("reason").trim();
        let mut mistakes = Mistakes::none();
        if !REASON.contains(&reason.chars().count()) {
            mistakes.add("reason", "请写明理由，2 至 200 个字");
        }
        if self.kind != ActKind::EndSessions {
            let by = visitor.principal().person();
            let may = by.ok_or(access::Error::PersonNeeded)?.may_appoint(&person.roles);
            if let Err(error) = may {
                mistakes.add("reason", error.to_string());
            }
        }
        if person.disabled_at.is_some() {
            mistakes.add("reason", "该人员已经停用，没有可以结束的内容");
        }
        if !mistakes.is_empty() {
            let sheet = self.sheet(app, (frame, visitor), (person, form, mistakes)).await?;
            return page_to_correct(&sheet);
        }
        let payload = json!({
            "login": person.login.as_str(),
            "name": person.name.as_str(),
            "reason": reason,
        });
        to_be_signed(app, visitor, (self.kind, &person.id.object()), &payload).await
    }
}

macro_rules! pages_of {
    ($($show:ident $submit:ident $act:ident;)*) => {$(
        /// The page of the act.
        pub async fn $show(
            State(app): State<App>,
            frame: Frame,
            visitor: Visitor,
            Path(id): Path<String>,
        ) -> Answer {
            $act.show(&app, frame, &visitor, &id).await
        }

        /// The act, written down to be signed.
        pub async fn $submit(
            State(app): State<App>,
            frame: Frame,
            visitor: Visitor,
            Path(id): Path<String>,
            form: Form,
        ) -> Answer {
            $act.submit(&app, (frame, &visitor), (&id, &form)).await
        }
    )*};
}

pages_of! {
    invitation invite INVITE;
    leaving disable DISABLE;
    sessions end_sessions SESSIONS;
}
