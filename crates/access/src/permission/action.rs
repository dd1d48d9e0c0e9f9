//! What can be asked for.

use std::fmt;

macro_rules! actions {
    ($($action:ident $name:literal $chinese:literal $effect:ident,)*) => {
        /// What can be asked for. Each has a row in `permissions.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = $chinese] $action,)*
        }

        impl Action {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$action,)*];

            /// The name in the table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)* }
            }

            /// The name for people.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$action => $chinese,)* }
            }

            /// Whether it changes anything.
            pub fn changes(self) -> bool {
                match self { $(Self::$action => Effect::$effect == Effect::Changes,)* }
            }

            /// Whether it concerns only what its holder signs in with.
            pub fn is_own(self) -> bool {
                match self { $(Self::$action => Effect::$effect == Effect::Own,)* }
            }

            /// Whether it adds the finding of an audit, and changes nothing that it is about.
            pub fn audits(self) -> bool {
                match self { $(Self::$action => Effect::$effect == Effect::Audits,)* }
            }
        }
    };
}

#[derive(PartialEq)]
enum Effect {
    Reads,
    Changes,
    /// Adds the finding of an audit.
    Audits,
    /// Changes only what its holder signs in with and nothing of the institution: also for who
    /// audits and changes nothing else.
    Own,
}

actions! {
    IssueCertificate "cert.issue" "签发证书" Changes,
    ReadCertificate "cert.read" "查询证书" Reads,
    RenewCertificate "cert.renew" "更新证书" Changes,
    SuspendCertificate "cert.suspend" "暂停证书" Changes,
    ResumeCertificate "cert.resume" "恢复证书" Changes,
    RevokeCertificate "cert.revoke" "撤销证书" Changes,
    PublishCrl "crl.publish" "发布证书撤销列表" Changes,
    ReadCrl "crl.read" "查询证书撤销列表" Reads,
    ReadJournal "journal.read" "查询日志" Reads,
    ExportJournal "journal.export" "导出日志" Reads,
    CheckpointJournal "journal.checkpoint" "签署日志检查点" Changes,
    AuditJournal "journal.audit" "审计日志" Audits,
    ReadSamples "sample.read" "查看签发抽查报告" Reads,
    ReviewSamples "sample.review" "核实签发抽查报告" Audits,
    ReadKmc "kmc.read" "查询密钥管理中心" Reads,
    RefillKmc "kmc.refill" "补充备用密钥" Changes,
    ReadMetrics "metrics.read" "查询运行指标" Reads,
    ReadClients "client.read" "查询客户端" Reads,
    ManageClients "client.manage" "管理客户端" Changes,
    CreateApplication "application.create" "录入申请" Changes,
    ReadApplication "application.read" "查看申请" Reads,
    ListApplications "application.list" "查询申请列表" Reads,
    SubmitApplication "application.submit" "提交申请" Changes,
    WithdrawApplication "application.withdraw" "撤回申请" Changes,
    AcknowledgeNotice "application.acknowledge" "确认告知事项" Changes,
    ProofIdentity "application.proof" "核验身份" Changes,
    ReturnApplication "application.return" "退回补正" Changes,
    DeclineApplication "application.decline" "不予受理" Changes,
    ReviewApplication "application.review" "审核申请" Changes,
    AgreeApplication "application.agree" "签订服务协议" Changes,
    RequestCertificate "application.request" "提交证书请求" Changes,
    IssueApplication "application.issue" "按申请签发证书" Changes,
    DeliverCertificate "application.deliver" "交付证书" Changes,
    ConfirmReceipt "application.confirm" "确认领取" Changes,
    UnmaskApplication "application.unmask" "查看未遮盖的个人信息" Reads,
    ReadRevocations "revocation.read" "查看撤销登记" Reads,
    EnterRevocation "revocation.enter" "登记撤销" Changes,
    ReviewRevocation "revocation.review" "复核撤销" Changes,
    ReadOffices "office.read" "查看注册机构" Reads,
    ManageOffices "office.manage" "管理注册机构" Changes,
    SuspendOffice "office.suspend" "暂停注册机构" Changes,
    ReadPeople "person.read" "查看人员" Reads,
    ManagePeople "person.manage" "管理人员" Changes,
    ManageSessions "session.manage" "结束他人会话" Changes,
    ReadLetters "letter.read" "查看文书" Reads,
    RateService "application.rate" "评价服务" Changes,
    ReadVoice "voice.read" "查看评价与投诉" Reads,
    HandleVoice "voice.handle" "答复评价、办理投诉" Changes,
    ReadStatistics "statistics.read" "查看统计" Reads,
    ImportBatch "batch.import" "批量导入" Changes,
    RequeueMessages "message.requeue" "重新发送通知" Changes,
    UseSigning "signing.use" "使用签名服务" Changes,
    ReadSigning "signing.read" "查看应用签名密钥" Reads,
    ManageSigning "signing.manage" "设立应用签名密钥" Changes,
    ConfirmSigning "signing.confirm" "复核应用签名密钥" Changes,
    StopSigning "signing.stop" "停用应用签名密钥" Changes,
    ManageProfiles "profile.manage" "管理证书模板" Changes,
    ManageOwnCredentials "credential.own" "管理本人登录凭据" Own,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}
