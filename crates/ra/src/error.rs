//! What can go wrong with an application. Each text says what to do next, and each refusal names
//! its article (Invariant 10).

use store::ErrorKind;

use crate::catalogue::Step;

/// Two people, each by the own signature, in the order of the registration.
const REGISTRATION: &str = "《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章";
/// What is decided is what was read: steps in their order, each signed by who took it.
const AS_READ: &str = "《电子政务电子认证服务管理办法》第二十一条、GM/T 0034 第6章";

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $text:literal, $article:literal;)+) => {
        /// Why the rules say no.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What to do next, in Chinese.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The article.
            #[must_use]
            pub const fn article(self) -> &'static str {
                match self { $(Self::$name => $article,)+ }
            }
        }
    };
}

refusals! {
    /// A notice of the four was not acknowledged.
    NoticeMissing = "ra.notice_missing", "还有告知事项未经申请人确认，请逐项阅读并确认", "《电子政务电子认证服务管理办法》第二十一条第二款";
    /// A notice was acknowledged in a text that is not in force.
    NoticeSuperseded = "ra.notice_superseded", "该告知文本已有新版本，请阅读并确认现行版本", "《电子政务电子认证服务管理办法》第二十一条第二款";
    /// Identity was not proofed.
    ProofMissing = "ra.proof_missing", "尚未完成身份核验，请先核验申请人身份", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// Not exactly one row of evidence for each identity element (T-18, T-20).
    EvidenceIncomplete = "ra.evidence_incomplete", "每个须核验的要素应有且只有一条核验记录，请补齐或更正", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// A method or means that cannot prove this.
    MeansUnfit = "ra.means_unfit", "所选核验方式或手段不能证明该要素，请改用适用的方式", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// Something was not found to agree; unknown is not passed (Invariant 11).
    NotMatched = "ra.not_matched", "核验结果为不一致或无法确定的要素不能通过，请退回补正，或不予签发", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// No public database answered.
    PublicDataSilent = "ra.public_data_silent", "公共数据接口没有给出一致的答复，不得视为通过，请改用其他核验方式", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// The application was not reviewed and approved.
    ReviewMissing = "ra.review_missing", "申请材料尚未经审核通过，请先由审核员审核", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// Entry or proof, and review, by one person.
    SecondPerson = "ra.second_person", "录入、核验和审核不得由同一人办理，请由另一名审核员审核", "《电子政务电子认证服务管理办法》第二十一条第三款、GM/T 0034 第6章";
    /// A line of the checklist is open.
    ChecklistOpen = "ra.checklist_open", "审核清单还有未确认的项目，请逐项审查后再批准", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// Another application for the same holder was not looked at.
    DuplicateUnseen = "ra.duplicate_unseen", "同一申请人另有申请，请查看后在审核意见中逐一注明", "《电子政务电子认证服务管理办法》第二十一条第三款";
    /// A refusal without reason or basis.
    ReasonMissing = "ra.reason_missing", "请写明理由和依据，使申请人知道原因", "《行政许可法》第三十八条第二款、《电子政务电子认证服务管理办法》第二十一条";
    /// No agreement was made.
    AgreementMissing = "ra.agreement_missing", "尚未签订电子认证服务协议，请先由双方签署", "《电子政务电子认证服务管理办法》第二十一条第四款";
    /// The agreement has another party than the institution, or another text.
    AgreementText = "ra.agreement_text", "协议文本与应签文本不符；协议一方只能是本机构，请重新生成后签署", "《电子政务电子认证服务管理办法》第二十七条第三款";
    /// A signature under the agreement does not verify.
    AgreementSignature = "ra.agreement_signature", "协议上的签名验证不通过，请对现行协议文本重新签名", "《电子签名法》第十三条";
    /// Not two witnesses, or not independent ones.
    Witnesses = "ra.witnesses", "手写签名须有两名不同的见证人，且不能是申请人本人，请补充", "《电子政务电子认证服务管理办法》第二十一条第四款";
    /// The key was certified before or belongs to another application.
    KeyUsed = "ra.key_used", "该密钥已用于其他申请或证书，请重新生成密钥后提交", "《电子签名法》第十三条第一款第一项";
    /// The key that signed the agreement is not the one of the request.
    KeyDiffers = "ra.key_differs", "签署协议所用的密钥既不是有效证书的密钥，也不是本次提交的密钥，请使用同一密钥", "《电子签名法》第十三条";
    /// The order of issue does not come from this state of the application.
    RequestMissing = "ra.request_missing", "尚未提交证书请求，请先由申请人提交密钥", "《电子政务电子认证服务管理办法》第十九条";
    /// A second list names what could have been named before.
    ToldOnce = "ra.told_once", "需要补正的内容应当一次告知：再次补正只能针对新提交的内容或上次未补正的内容", "《行政许可法》第三十二条第一款第四项";
    /// A list of defects without content.
    SupplementEmpty = "ra.supplement_empty", "补正通知应逐项写明问题、依据和补正方法，请补充", "《行政许可法》第三十二条第一款第四项";
    /// The office's filing is not opened.
    OfficeNotFiled = "ra.office_not_filed", "该注册机构尚未办理备案，不能受理，请改由本机构或其他注册机构受理", "《电子政务电子认证服务管理办法》第二十六条";
    /// The office is suspended.
    OfficeSuspended = "ra.office_suspended", "该注册机构已被暂停，由本机构接管或者恢复业务后才能继续办理", "《电子政务电子认证服务管理办法》第二十七条第一款";
    /// The office may not take this kind.
    OfficeScope = "ra.office_scope", "该注册机构未获准受理此类证书，请改由本机构或其他注册机构受理", "《电子政务电子认证服务管理办法》第二十七条第一款";
    /// The office has used up its quota of the day.
    OfficeQuota = "ra.office_quota", "该注册机构今日受理此类证书的数量已达上限，请明日再办，或改由本机构受理", "《电子政务电子认证服务管理办法》第二十七条第一款";
    /// The office does not meet a condition.
    OfficeConditions = "ra.office_conditions", "请写明场所、设备设施、专业人员、专业能力和管理制度五项条件，缺一不可", "《电子政务电子认证服务管理办法》第二十五条第一款";
    /// An act that a person signs was not signed, or something else was signed.
    SignedActNeeded = "ra.signed_act_needed", "此项操作须由经办人员签名，且签名内容应与所办事项一致，请重新签名", "GM/T 0034 第6章";
    /// Too many wrong codes.
    Locked = "ra.locked", "验证码连续错误五次，已锁定十五分钟，请稍后再试", "《个人信息保护法》第五十一条";
    /// The certificate stands so that the service has nothing to do, or is not for it.
    CertificateUnfit = "ra.certificate_unfit", "该证书目前不能办理此项业务，请核对证书状态和类型", "《电子政务电子认证服务管理办法》第十八条";
    /// A revocation without one of the pieces of evidence that its ground needs.
    EvidenceMissing = "ra.evidence_missing", "撤销的证据不齐，请按所选事由补齐", "《电子政务电子认证服务管理办法》第十八条";
    /// The caller has not read the one-time code back.
    CallerUnproven = "ra.caller_unproven", "来电人尚未报出发送到其手机的一次性代码，请先核对", "《电子政务电子认证服务管理办法》第十八条、《个人信息保护法》第五十一条";
    /// The list was changed after it was shown, or is empty.
    ListDiffers = "ra.list_differs", "要撤销的证书与签名所指的名单不符，请重新试算", "《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章";
    /// Who enters a revocation does not confirm it.
    RevokeSecondPerson = "ra.revoke_second_person", "登记和复核撤销不得由同一人办理，请由另一人复核", "GM/T 0034 第6章、第8章";
    /// A draft of somebody else, or of another kind than the permission is for.
    DropBeyond = "ra.drop_beyond", "这件登记不能由您放弃，请由登记人本人以登记时的权限办理", "《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章";
    /// A hold that stands on somebody else's word.
    HoldBeyond = "ra.hold_beyond", "所持依据不能解除该证书现有的暂停", "《电子政务电子认证服务管理办法》第十八条";
    /// The hold is gone already.
    HoldGone = "ra.hold_gone", "所指的暂停已经解除或者不存在，请打开证书页核对现在的暂停后再办", "《电子政务电子认证服务管理办法》第十八条";
    /// The institution's own hold is not lifted by who set it.
    HoldSecondPerson = "ra.hold_second_person", "本机构设置的暂停不得由设置人自己解除，请由另一名业务管理员办理", "《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章";
    /// What courts and the administration hold is lifted by two people.
    LiftingSecondPerson = "ra.lifting_second_person", "有权机关、密码管理部门的暂停须登记解除文书，并由另一人复核后解除，不能由一人直接办理", "《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章";
    /// A ground that the law of the institution does not know.
    DeclineUnfounded = "ra.decline_unfounded", "请选择不予受理的情形，并写明具体理由", "《行政许可法》第三十二条第一款（参照）、《电子政务电子认证服务管理办法》第二十一条";
    /// A service about a certificate, without naming it.
    CertificateMissing = "ra.certificate_missing", "请写明所办业务针对的证书序列号", "《电子政务电子认证服务管理办法》第十八条";
}

impl Refusal {
    /// With what it is about, in Chinese.
    pub(crate) fn at(self, detail: impl Into<String>) -> Error {
        Error::Refused { refusal: self, detail: detail.into() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.at("")
    }
}

/// What is wrong with one field of a form or one entry of the materials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, or `material:<name>`.
    pub field: String,
    /// Its label.
    pub label: String,
    /// The stable code.
    pub code: &'static str,
    /// What to mend, in Chinese.
    pub text: String,
}

/// A refusal, an invalid input, or a fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules say no.
    #[error("{}{}（{}）", .refusal.text(), about(.detail), .refusal.article())]
    Refused {
        /// Why.
        refusal: Refusal,
        /// What it is about.
        detail: String,
    },
    /// The step has no place in the present state.
    #[error("申请目前“{}”，不能{}；请按办理环节依次办理（{}）", .state, .step.chinese(), .step.article())]
    OutOfOrder {
        /// What was asked for.
        step: Step,
        /// The state for people.
        state: &'static str,
    },
    /// A step of a registration (撤销、解除暂停) has no place in its present state.
    #[error("这件登记目前“{}”，不能{asked}；没有改变任何内容，请回到登记页，按现在的状态办理（{}）", .state, REGISTRATION)]
    RegistrationTurn {
        /// What was asked for.
        asked: &'static str,
        /// The state for people.
        state: &'static str,
    },
    /// A step of a batch has no place in its present state.
    #[error("本批次目前“{}”，不能{asked}；没有改变任何内容，请回到批次页，按现在的状态办理，或者另建一批（{}）", .state, AS_READ)]
    BatchTurn {
        /// What was asked for.
        asked: &'static str,
        /// The state for people.
        state: &'static str,
    },
    /// The form does not hold; all that is wrong with it, at once.
    #[error("申请表或材料有 {} 处需要更正：{}", .0.len(), first(.0))]
    Form(Vec<FieldError>),
    /// A file that is not taken.
    #[error("材料不能接收：{0}")]
    Material(&'static str),
    /// A sheet, or a batch, that is not taken as it is.
    #[error("批量办理：{0}")]
    Sheet(String),
    /// A text input that does not hold.
    #[error("“{field}”{why}，请修改后重试")]
    Input {
        /// The Chinese name of the input.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Nothing has this name or number.
    #[error("没有{what}“{name}”，请核对")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// What was given.
        name: String,
    },
    /// No application has this number and check code; which of the two is wrong is not said.
    #[error("申请编号或验证码不正确，请核对受理回执")]
    WrongCode,
    /// The activation code is wrong.
    #[error("激活码不正确，请核对后重新输入")]
    WrongActivation,
    /// Somebody was faster: it is no longer what was read or signed.
    #[error(
        "您打开之后，所办事项已由他人更改或者办理，这次没有办理，也没有改变任何内容；请重新打开，核对现在的内容后再办（{}）",
        AS_READ
    )]
    Changed,
    /// The name is taken.
    #[error("已有同名的注册机构，请换用其他名称")]
    OfficeTaken,
    /// The registration data contradicts itself.
    #[error("注册业务数据有误：{0}")]
    Catalogue(String),
    /// A row that contradicts its own table.
    #[error("存储的申请数据有误：{0}，请停机核对")]
    Stored(&'static str),
    /// A port to another system failed.
    #[error("外部接口不可用：{0}，请稍后重试")]
    Port(String),
    /// Who asks may not.
    #[error("{0}")]
    Access(#[from] access::Error),
    /// Subjects, profiles, requests.
    #[error("{0}")]
    Pki(#[from] pki::Error),
    /// The calendar.
    #[error("{0}")]
    Law(#[from] law::Error),
    /// The device.
    #[error("{0}")]
    Device(#[from] gm::DeviceError),
    /// The store.
    #[error("{0}")]
    Store(#[from] store::Error),
}

fn about(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!("：{detail}") }
}

fn first(errors: &[FieldError]) -> String {
    errors.first().map(|error| format!("{}，{}", error.label, error.text)).unwrap_or_default()
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { refusal, .. } => refusal.code(),
            Self::OutOfOrder { .. } => "ra.out_of_order",
            Self::RegistrationTurn { .. } => "ra.registration_turn",
            Self::BatchTurn { .. } => "ra.batch_turn",
            Self::Form(_) => "ra.form",
            Self::Material(_) => "ra.material",
            Self::Sheet(_) => "ra.sheet",
            Self::Input { .. } => "ra.input",
            Self::Unknown { .. } => "ra.unknown",
            Self::WrongCode => "ra.wrong_code",
            Self::WrongActivation => "ra.wrong_activation",
            Self::Changed => "ra.changed",
            Self::OfficeTaken => "ra.office_taken",
            Self::Catalogue(_) => "ra.catalogue",
            Self::Stored(_) => "ra.stored",
            Self::Port(_) => "ra.port",
            Self::Access(error) => error.code(),
            Self::Pki(error) => error.code(),
            Self::Law(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Form(_)
            | Self::Material(_)
            | Self::Sheet(_)
            | Self::Input { .. }
            | Self::Unknown { .. } => ErrorKind::Invalid,
            Self::Pki(pki::Error::Attestation { .. }) => ErrorKind::Refusal,
            Self::Pki(_) => ErrorKind::Invalid,
            Self::Catalogue(_)
            | Self::Stored(_)
            | Self::Port(_)
            | Self::Law(_)
            | Self::Device(_) => ErrorKind::Fault,
            Self::Access(error) => error.kind(),
            Self::Store(error) => error.kind(),
            _ => ErrorKind::Refusal,
        }
    }

    /// The article that a refusal rests on.
    #[must_use]
    pub fn article(&self) -> Option<&'static str> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.article()),
            Self::OutOfOrder { step, .. } => Some(step.article()),
            Self::RegistrationTurn { .. } => Some(REGISTRATION),
            Self::BatchTurn { .. } | Self::Changed => Some(AS_READ),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(store::Error::from(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_its_article_and_says_what_to_do() {
        for refusal in Refusal::ALL {
            let text = Error::from(*refusal).to_string();
            let article = refusal.article();
            assert!(article.contains('条') || article.contains("GM/T"), "{refusal:?}");
            assert!(text.ends_with(&format!("（{article}）")), "{text}");
            assert!(text.chars().any(|c| c > '\u{4e00}'));
        }
        let codes: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
    }

    #[test]
    fn a_step_out_of_order_names_the_article_of_the_step() {
        let error = Error::OutOfOrder { step: Step::Issue, state: "草稿" };
        assert!(error.to_string().contains("第二十一条"));
        assert_eq!(error.kind(), ErrorKind::Refusal);
        assert_eq!(error.code(), "ra.out_of_order");
    }
}
