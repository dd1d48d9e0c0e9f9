//! Why a request was not let in.

use crate::{Action, Role};
use store::ErrorKind;

/// Why a request was not let in, or a change of clients not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither a signature nor a session.
    #[error("请求未经认证：请用客户端密钥签名，或携带会话令牌")]
    Missing,
    /// A header has not the form that RFC 9421 and RFC 9530 give it here.
    #[error("请求头 {header} 格式不正确：{why}")]
    Malformed {
        /// Which header.
        header: &'static str,
        /// What is wrong with it, in Chinese.
        why: &'static str,
    },
    /// The body is not the one whose digest was signed.
    #[error("请求体与 Content-Digest 不一致，请重新计算 SM3 摘要并签名")]
    Digest,
    /// The signature was made too long ago, or in the future.
    #[error(
        "签名时间与服务器时间相差 {off_seconds} 秒，超过允许的 {allowed_seconds} 秒，请校准本机时钟后重新签名"
    )]
    Clock {
        /// Server time minus signing time.
        off_seconds: i64,
        /// What is allowed either way.
        allowed_seconds: i64,
    },
    /// The time that the signer gave the signature is over.
    #[error("签名已过有效期，请重新签名后再发送")]
    Expired,
    /// No client has this identifier.
    #[error("没有编号为 {0} 的客户端，请核对 keyid，或请管理员登记")]
    UnknownClient(String),
    /// The client was disabled.
    #[error("客户端“{0}”已停用，请联系管理员")]
    Disabled(String),
    /// The signature does not fit the key of the client and the request.
    #[error("请求签名验证不通过：请核对客户端密钥，并确认签名后请求未被改动")]
    Signature,
    /// The same signed request came before.
    #[error("该请求已经处理过，不能重复提交；如需再次操作，请用新的 nonce 重新签名")]
    Replayed,
    /// More signed requests within the window than can be remembered.
    #[error("签名请求过多，请稍后重试，或改用会话")]
    Overrun,
    /// No session has this token, or it is over.
    #[error("会话不存在或已结束，请重新登录")]
    SessionOver,
    /// A session was idle or open for too long.
    #[error("会话已超时，请重新登录")]
    SessionExpired,
    /// Only a signed request may do this.
    #[error("此操作须用客户端密钥签名，不能使用会话令牌")]
    SignatureNeeded,
    /// The permission table says no.
    #[error("没有权限：{}", needs(*.action, .needed))]
    Forbidden {
        /// What was asked for.
        action: Action,
        /// Who may.
        needed: Vec<Role>,
    },
    /// A permit for one action was used for another.
    #[error("授权与操作不符：该授权只用于{0}")]
    WrongPermit(Action),
    /// The permit does not reach this object: it is another office's, or somebody else's.
    #[error("不能{0}：该事项不属于您所在的注册机构，或不是您本人的申请")]
    OutOfReach(Action),
    /// Login, passphrase, code or signature are not those of a person here. Which one is not said.
    #[error("登录信息不正确，请核对登录名、口令和动态口令，或更换证书后重试")]
    SignIn,
    /// Too many failures; the time is the same whether or not there is such a login.
    #[error("登录失败次数过多，请在 {wait_seconds} 秒后重试，或改用证书登录")]
    Locked {
        /// How long.
        wait_seconds: i64,
    },
    /// A challenge that was not made here, was used, or is older than five minutes.
    #[error("登录页面已失效，请刷新后重试")]
    ChallengeOver,
    /// The form was not made for this session.
    #[error("页面已失效，请返回上一页刷新后重新提交")]
    Csrf,
    /// Only a signed-in person may do this.
    #[error("此操作须由工作人员登录后办理")]
    PersonNeeded,
    /// The act was signed already, is older than ten minutes, or belongs to another session.
    #[error("待签事项不存在或已失效，请重新填写并签名")]
    ActOver,
    /// The signature does not verify under a key of the person.
    #[error("签名验证不通过：请使用本人登记的证书，对页面给出的原文签名")]
    ActSignature,
    /// The signed act is another one than the act that is done.
    #[error("签名事项与办理事项不符，请重新填写并签名")]
    ActWrong,
    /// The payload of an act lacks something.
    #[error("待签事项缺少内容或格式不正确：{0}")]
    ActPayload(&'static str),
    /// The text is no login.
    #[error("登录名应为 3 至 32 位小写字母、数字或 . _ -，以字母开头")]
    Login,
    /// The name of a person is empty, too long, or holds what nobody can see.
    #[error("姓名应为 1 至 64 个字符，不含看不见的字符；从别处粘贴的，请删去重新键入")]
    PersonName,
    /// The name of a key is empty, too long, or holds what nobody can see.
    #[error("证书标签应为 1 至 64 个字符，不含看不见的字符；从别处粘贴的，请删去重新键入")]
    KeyLabel,
    /// A passphrase that is easily guessed.
    #[error("口令不符合要求：{0}")]
    WeakPassphrase(&'static str),
    /// No person has this identifier.
    #[error("没有编号为 {0} 的人员，请核对后重试")]
    UnknownPerson(String),
    /// The person has left.
    #[error("人员“{0}”已停用，不能再变更")]
    PersonDisabled(String),
    /// The login or the key belongs to somebody already.
    #[error("该登录名或公钥已经登记过，请换用新的登录名和密钥")]
    PersonTaken,
    /// First people were to be made although there are people.
    #[error("系统中已有人员，请由管理员新增人员")]
    PeopleNotFirst,
    /// Who appoints may not appoint to this.
    #[error("不能任免该角色：{0}（GM/T 0034 §6）")]
    Appointment(&'static str),
    /// Without this person nobody could appoint.
    #[error("至少要保留一名可用的{0}，请先任命继任者")]
    LastOfRole(&'static str),
    /// Holders of a share of the root key hold no role here.
    #[error("密钥分管者不得担任本系统的任何角色（GM/T 0034 §6），请另选人员")]
    Custodian,
    /// An invitation that was not made here, was used, or is too old.
    #[error("邀请码不正确、已使用或已过期，请联系管理员重发")]
    InvitationOver,
    /// The first one-time code of a new secret is not the one of now.
    #[error("动态口令不正确：请核对手机时间是否准确，再输入验证器此刻显示的 6 位数字")]
    FirstCode,
    /// A secret for one-time codes that was not begun here.
    #[error("页面内容不完整，请重新打开页面后填写")]
    EnrolmentOver,
    /// Without this credential the person could not sign in any more.
    #[error("这是您唯一可用的登录凭据，不能停用；请先添加另一种凭据")]
    LastCredential,
    /// The person has a key, or had one, and a passphrase is less than that.
    #[error("请用现有证书签名办理；证书已停用或不在手边的，请联系任命您的管理员重发邀请")]
    KeyNeeded,
    /// The person has no key with which to sign.
    #[error("您还没有可用的证书，请用口令和动态口令确认")]
    NoKey,
    /// The person has no such credential.
    #[error("没有这项登录凭据，或已经停用；请刷新页面核对")]
    NoCredential,
    /// A reason is needed that a reader can judge.
    #[error("请填写 4 至 200 个字符的查看理由")]
    Reason,
    /// The name of a client is empty, too long, or holds what nobody can see.
    #[error("客户端名称应为 1 至 64 个字符，不含看不见的字符；从别处粘贴的，请删去重新键入")]
    Name,
    /// The text is no identifier of a client.
    #[error("客户端编号应为 32 位小写十六进制数")]
    Id,
    /// No role, or roles that one client may not join.
    #[error("角色不正确：{0}")]
    Roles(&'static str),
    /// The name or the key belongs to a client already.
    #[error("该名称或公钥已经登记过，请换用新的名称和密钥")]
    Taken,
    /// A first client was to be made although there are clients.
    #[error("系统中已有客户端，请由管理员登记新的客户端")]
    NotFirst,
    /// Without this client nobody could manage clients.
    #[error("至少要保留一个可用的管理员客户端，请先登记另一个管理员")]
    LastAdmin,
    /// The permission table that was built in is wrong.
    #[error("权限表有误：{0}")]
    Table(String),
    /// A row that contradicts its own table.
    #[error("存储的访问控制数据有误：{0}，请停机核对")]
    Stored(&'static str),
    /// The device.
    #[error("{0}")]
    Device(#[from] gm::DeviceError),
    /// The store.
    #[error("{0}")]
    Store(#[from] store::Error),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "access.missing",
            Self::Malformed { .. } => "access.malformed",
            Self::Digest => "access.digest",
            Self::Clock { .. } => "access.clock",
            Self::Expired => "access.expired",
            Self::UnknownClient(_) => "access.unknown-client",
            Self::Disabled(_) => "access.disabled",
            Self::Signature => "access.signature",
            Self::Replayed => "access.replayed",
            Self::Overrun => "access.overrun",
            Self::SessionOver => "access.session-over",
            Self::SessionExpired => "access.session-expired",
            Self::SignatureNeeded => "access.signature-needed",
            Self::Forbidden { .. } => "access.forbidden",
            Self::WrongPermit(_) => "access.wrong-permit",
            Self::OutOfReach(_) => "access.out-of-reach",
            Self::SignIn => "access.sign-in",
            Self::Locked { .. } => "access.locked",
            Self::ChallengeOver => "access.challenge-over",
            Self::Csrf => "access.csrf",
            Self::PersonNeeded => "access.person-needed",
            Self::ActOver => "access.act-over",
            Self::ActSignature => "access.act-signature",
            Self::ActWrong => "access.act-wrong",
            Self::ActPayload(_) => "access.act-payload",
            Self::Login => "access.login",
            Self::PersonName => "access.person-name",
            Self::KeyLabel => "access.key-label",
            Self::WeakPassphrase(_) => "access.weak-passphrase",
            Self::UnknownPerson(_) => "access.unknown-person",
            Self::PersonDisabled(_) => "access.person-disabled",
            Self::PersonTaken => "access.person-taken",
            Self::PeopleNotFirst => "access.people-not-first",
            Self::Appointment(_) => "access.appointment",
            Self::LastOfRole(_) => "access.last-of-role",
            Self::Custodian => "access.custodian",
            Self::InvitationOver => "access.invitation-over",
            Self::FirstCode => "access.first-code",
            Self::EnrolmentOver => "access.enrolment-over",
            Self::LastCredential => "access.last-credential",
            Self::KeyNeeded => "access.key-needed",
            Self::NoKey => "access.no-key",
            Self::NoCredential => "access.no-credential",
            Self::Reason => "access.reason",
            Self::Name => "access.name",
            Self::Id => "access.id",
            Self::Roles(_) => "access.roles",
            Self::Taken => "access.taken",
            Self::NotFirst => "access.not-first",
            Self::LastAdmin => "access.last-admin",
            Self::Table(_) => "access.table",
            Self::Stored(_) => "access.stored",
            Self::Device(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed { .. }
            | Self::Digest
            | Self::Name
            | Self::Id
            | Self::Roles(_)
            | Self::ActPayload(_)
            | Self::Login
            | Self::PersonName
            | Self::KeyLabel
            | Self::WeakPassphrase(_)
            | Self::UnknownPerson(_)
            | Self::FirstCode
            | Self::EnrolmentOver
            | Self::NoCredential
            | Self::Reason => ErrorKind::Invalid,
            Self::Table(_)
            | Self::Stored(_)
            | Self::WrongPermit(_)
            | Self::Device(_)
            | Self::Overrun => ErrorKind::Fault,
            Self::Store(error) => error.kind(),
            _ => ErrorKind::Refusal,
        }
    }

    /// Whether it is not known who asks (401), rather than known and not allowed (403).
    pub fn is_authentication(&self) -> bool {
        matches!(
            self,
            Self::Missing
                | Self::Malformed { .. }
                | Self::Digest
                | Self::Clock { .. }
                | Self::Expired
                | Self::UnknownClient(_)
                | Self::Disabled(_)
                | Self::Signature
                | Self::Replayed
                | Self::SessionOver
                | Self::SessionExpired
                | Self::SignIn
                | Self::ChallengeOver
                | Self::InvitationOver
        )
    }
}

fn needs(action: Action, roles: &[Role]) -> String {
    let names: Vec<_> = roles.iter().map(|role| role.chinese()).collect();
    match names.is_empty() {
        true => format!("{action}不对您的身份开放"),
        false => format!("{action}需要角色 {}", names.join("或")),
    }
}
