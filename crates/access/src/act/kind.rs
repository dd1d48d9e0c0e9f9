//! The acts that a person signs with the own key.

use crate::{Action, Error};
use std::str::FromStr;

macro_rules! kinds {
    ($($kind:ident $name:literal $chinese:literal $action:ident,)*) => {
        /// What a person signs with the own key (GM/T 0034 §6: all acts of administrators and
        /// operators are signed by who acts).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ActKind {
            $(#[doc = $chinese] $kind,)*
        }

        impl ActKind {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name in statements and records.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The name for people; it stands in the statement, so that who signs reads it.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$kind => $chinese,)* }
            }

            /// The permission that it needs.
            pub fn action(self) -> Action {
                match self { $(Self::$kind => Action::$action,)* }
            }
        }
    };
}

kinds! {
    EnterApplication "application.enter" "录入申请" CreateApplication,
    ProofIdentity "application.proof" "核验身份" ProofIdentity,
    ReturnApplication "application.return" "退回补正" ReturnApplication,
    ReviewApplication "application.review" "审核申请" ReviewApplication,
    DeclineApplication "application.decline" "不予受理" DeclineApplication,
    IssueCheckCode "application.code" "补发查询码" SubmitApplication,
    EnterRevocation "revocation.enter" "登记撤销" EnterRevocation,
    ReviewRevocation "revocation.review" "复核撤销" ReviewRevocation,
    EnterLifting "lifting.enter" "登记解除暂停" ResumeCertificate,
    ReviewLifting "lifting.review" "复核解除暂停" ReviewRevocation,
    EnterBatch "batch.enter" "批量提交申请" CreateApplication,
    BatchProof "batch.proof" "批量核验身份" ProofIdentity,
    BatchReview "batch.review" "批量审核申请" ReviewApplication,
    SuspendCertificate "cert.suspend" "暂停证书" SuspendCertificate,
    ResumeCertificate "cert.resume" "恢复证书" ResumeCertificate,
    RevokeCertificate "cert.revoke" "撤销证书" RevokeCertificate,
    ManageOffice "office.manage" "变更注册机构" ManageOffices,
    SuspendOffice "office.suspend" "暂停注册机构" SuspendOffice,
    OrderSigning "signing.order" "设立应用签名密钥" ManageSigning,
    ConfirmSigning "signing.decide" "复核应用签名密钥" ConfirmSigning,
    StopSigning "signing.stop" "停用应用签名密钥" StopSigning,
    RevokeSigning "signing.revoke" "复核撤销停用密钥的证书" ConfirmSigning,
    ChangeProfile "profile.change" "变更证书模板" ManageProfiles,
    AuditJournal "journal.audit" "审计日志" AuditJournal,
    ReviewSample "sample.review" "核实签发抽查报告" ReviewSamples,
    PublishCrl "crl.publish" "发布证书撤销列表" PublishCrl,
    RefillKmc "kmc.refill" "补充备用密钥" RefillKmc,
    RequeueMessages "message.requeue" "重新发送通知" RequeueMessages,
    AnswerRating "rating.answer" "答复评价" HandleVoice,
    HandleComplaint "complaint.handle" "办理投诉" HandleVoice,
    CreatePerson "person.create" "新增人员" ManagePeople,
    ChangePerson "person.change" "变更人员角色" ManagePeople,
    InvitePerson "person.invite" "重发人员邀请" ManagePeople,
    DisablePerson "person.disable" "停用人员" ManagePeople,
    EndSessions "session.end" "结束人员的全部会话" ManageSessions,
    AddKey "credential.add_key" "添加登录证书" ManageOwnCredentials,
    SetPassphrase "credential.set_passphrase" "设置口令和动态口令" ManageOwnCredentials,
}

impl FromStr for ActKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let kind = Self::ALL.iter().copied().find(|kind| kind.name() == text);
        kind.ok_or(Error::Stored("签名事项"))
    }
}
