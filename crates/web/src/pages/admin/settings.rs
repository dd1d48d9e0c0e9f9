//! 设置: the settings in force, where each comes from and what it means. Read only: settings are
//! changed in the file, by whoever runs the server, and take effect at the next start.

use app::console::SettingLine;
use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage {
    frame: Frame,
    file: String,
    sections: Vec<Section>,
}

/// The lines of one part of the file.
struct Section {
    name: String,
    /// What it is about.
    title: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    value: String,
    source: &'static str,
    meaning: &'static str,
}

/// `GET /admin/settings`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    let mut sections: Vec<Section> = Vec::new();
    for line in app.setting_lines()? {
        let (section, name) = line.name.split_once('.').unwrap_or(("", &line.name));
        if sections.last().is_none_or(|last| last.name != section) {
            let (name, title) = (section.to_owned(), section_title(section));
            sections.push(Section { name, title, rows: Vec::new() });
        }
        if let Some(last) = sections.last_mut() {
            last.rows.push(row(name, &line));
        }
    }
    let file = app.layout().settings().display().to_string();
    page(&SettingsPage { frame, file, sections })
}

fn row(name: &str, line: &SettingLine) -> Row {
    let source = match (line.is_set, line.is_usual) {
        (true, true) => "配置文件（同默认值）",
        (true, false) => "配置文件",
        (false, true) => "默认值",
        (false, false) => "启动时给定",
    };
    Row { name: name.to_owned(), value: line.value.clone(), source, meaning: meaning(&line.name) }
}

/// What a part of the file is about.
fn section_title(section: &str) -> &'static str {
    match section {
        "alarms" => "到期预警",
        "ca" => "签发",
        "contact" => "联系方式",
        "crl" => "撤销列表",
        "directory" => "证书目录（LDAP）",
        "disclosure" => "信息公开",
        "institution" => "机构",
        "kmc" => "密钥管理中心",
        "letters" => "文书",
        "limits" => "访问限额",
        "mail" => "邮件",
        "ocsp" => "状态应答（OCSP）",
        "policy" => "证书策略",
        "sample" => "签发抽查",
        "sandbox" => "测试环境",
        "server" => "服务",
        "storage" => "数据库和日志",
        "timestamp" => "时间戳",
        "verification" => "签名与证书验证",
        "voice" => "投诉和问题报告",
        _ => "其他",
    }
}

/// What a setting means, in a sentence.
fn meaning(name: &str) -> &'static str {
    match name {
        "institution.name" => "机构全称，写入所签发的证书和每一个页面。",
        "institution.credit_code" => "机构的统一社会信用代码；未填写时不开通证书注册业务。",
        "institution.origin" => "日志在检查点中的名称，全国唯一，启用后不应更改。",
        "server.listen" => "网页、接口、状态查询和撤销列表的监听地址。",
        "server.public_url" => "依赖方访问本机构的地址，写入证书。",
        "server.max_in_flight" => "同时办理的请求数，超过时请稍后重试（503）。",
        "server.trusted_proxies" => "前面的反向代理；只采信它们转告的来访地址。",
        "server.forms_per_minute" => "未登录的同一来源每分钟可以提交的表单数。",
        "contact.phone" => "服务电话，显示在每个页面。",
        "contact.hours" => "电话和窗口的服务时间。",
        "contact.email" => "服务邮箱，显示在每个页面。",
        "contact.address" => "办公地址，显示在每个页面。",
        "contact.filing" => "网站备案号，显示在页脚。",
        "storage.url" => "数据库地址；空为数据目录中的内置数据库。登录信息不显示。",
        "storage.anchor" => "日志锚点的目录；空为数据目录内，宜放在另一块磁盘。",
        "storage.checkpoint_seconds" => "日志增长时，每隔多少秒签署一次检查点。",
        "kmc.remote" => "独立的密钥管理中心的地址；空为内置。",
        "kmc.remote_key" => "独立的密钥管理中心的公钥或证书文件。",
        "kmc.url" => "密钥管理中心的数据库地址；空为它自己的内置数据库。",
        "kmc.listen" => "密钥管理中心独立运行时的监听地址。",
        "kmc.standby" => "备用库中常备的密钥对数。",
        "ca.renewals_keep_key" => "更新时可以沿用签名密钥的证书种类；其他种类更新须换新密钥。",
        "crl.full_every" => "完整撤销列表的发布间隔（秒）。",
        "crl.full_window" => "完整撤销列表的有效时间（秒）。",
        "crl.delta_every" => "增量撤销列表的发布间隔（秒），0 为不发布。",
        "crl.delta_window" => "增量撤销列表的有效时间（秒）。",
        "crl.spare_window" => "备用撤销列表的有效时间（秒），设备故障时使用，0 为不备。",
        "crl.on_change" => "证书状态变更后是否立即发布新列表。",
        "crl.min_gap" => "因变更而发布的两份列表之间最短间隔（秒）。",
        "crl.shards" => "撤销列表分成几片，在密钥仪式中确定；0 为不分片。",
        "crl.keep" => "保留多少份已被取代的列表供核查。",
        "mail.host" => "发送邮件的服务器；空为只存入发件箱文件夹。",
        "mail.port" => "发送邮件的服务器的端口，0 为按连接方式取常用端口。",
        "mail.tls" => "与邮件服务器的连接怎样保护。",
        "mail.user" => "邮件服务器的账号；空为不登录。",
        "mail.passphrase_file" => "邮件账号口令所在的文件；口令本身不在配置中。",
        "mail.from" => "邮件的发件人。",
        "letters.typesetter" => "制作文书 PDF 的程序；没有时从页面打印，内容相同。",
        "sample.least" => "每周签发抽查至少抽多少张；不足的全部抽查。",
        "sample.per_mille" => "每周签发抽查抽上一周签发数的千分之几。",
        "sample.most" => "每周签发抽查至多抽多少张。",
        "disclosure.licence_number" => "资质证书编号，对外公示。",
        "disclosure.licence_term" => "资质证书有效期，对外公示。",
        "disclosure.licence_issuer" => "资质证书的发证机关，对外公示。",
        "disclosure.licence_date" => "资质证书的发证日期，对外公示。",
        "disclosure.scope" => "业务范围，对外公示。",
        "disclosure.fees" => "收费标准，对外公示；不收费的也要写明。",
        "disclosure.supervision_phone" => "监督管理部门的电话，对外公示。",
        "disclosure.complaint_accept_days" => "投诉在几个工作日内受理。",
        "disclosure.complaint_answer_days" => "投诉在几个工作日内答复。",
        "voice.evidence_days" => {
            "问题报告办结后，所附证据再保存多少天，届时销毁；有证书因此暂停或者撤销的，依电子签名法第二十四条保存到证书失效后满五年，不受此限。"
        }
        "voice.complaint_days" => {
            "投诉和问题报告办结后，内容和答复再保存多少天，届时销毁；有证书因此暂停或者撤销的，保存到证书失效后满五年。"
        }
        "disclosure.documents" => "业务规则和证书策略文件所在的文件夹。",
        name if name.starts_with("timestamp.") => meaning_in_timestamp(name),
        name if name.starts_with("verification.") => meaning_in_verification(name),
        name if name.starts_with("ocsp.") => meaning_in_ocsp(name),
        name if name.starts_with("directory.") => meaning_in_directory(name),
        name if name.starts_with("limits.") => meaning_in_limits(name),
        name if name.starts_with("alarms.") => meaning_in_alarms(name),
        name if name.starts_with("policy.") => "本机构为这类证书注册的证书策略标识，写入证书。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

/// `[timestamp]`.
fn meaning_in_timestamp(name: &str) -> &'static str {
    match name {
        "timestamp.enabled" => "是否开通时间戳服务；开通后自动生成密钥并签发时间戳证书。",
        "timestamp.policies" => "本机构注册的时间戳策略标识，第一个为默认；空为示例标识。",
        "timestamp.source" => {
            "外部时间源：none 没有，ntp 直接询问时间服务器，chrony 由 chrony 校时。"
        }
        "timestamp.accuracy" => "时间戳声明的精度（毫秒）；没有时间源时为 0，不声明。",
        "timestamp.servers" => "时间服务器，宜三个以上，过半数相符才采信。",
        "timestamp.chronyc" => "查询 chrony 状态的程序。",
        "timestamp.compare_every" => "与时间源比对的间隔（秒）。",
        "timestamp.compare_term" => "一次比对的有效时间（秒），过后停止签发时间戳。",
        "timestamp.step" => "系统时钟被拨动超过多少毫秒即停止签发时间戳。",
        "timestamp.digits" => "时间戳中秒的小数位数，0 至 6。",
        "timestamp.sha1_name" => "时间戳是否另以 SHA-1 标明签名者证书，供旧软件使用。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

/// `[verification]`.
fn meaning_in_verification(name: &str) -> &'static str {
    match name {
        "verification.per_minute" => "同一来源每分钟可以通过接口验证的证书和签名数。",
        "verification.follow.enabled" => "是否取信任列表所列的其他机构的撤销列表；默认不取。",
        "verification.follow.every_seconds" => "每隔多少秒取一次列表；列表更早过期的提前取。",
        "verification.follow.timeout_seconds" => "取一份列表最多用多少秒。",
        "verification.follow.ask_responders" => {
            "列表不能判定时，是否询问信任列表所列的 OCSP 应答者；默认不询问。"
        }
        "verification.follow.ask_timeout_seconds" => "一次询问最多等多少秒。",
        "verification.follow.ask_keep_seconds" => {
            "应答最多留用多少秒；应答自身更早过期的，到那时为止。"
        }
        "verification.follow.most_octets" => "一份列表最大多少字节，超过的不采用。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

/// `[ocsp]`.
fn meaning_in_ocsp(name: &str) -> &'static str {
    match name {
        "ocsp.window" => "状态应答的有效时间（秒）。",
        "ocsp.cached" => "最多保存多少份签好的状态应答，其中一半可以事先备好。",
        "ocsp.prepare" => "按哪些杂凑算法为每张有效证书事先备好应答；其余的在查询时签名。",
        "ocsp.cache_seconds" => "途中的 HTTP 缓存可以保存应答多少秒，不超过其下次更新时间。",
        "ocsp.max_certificates" => "一次查询最多可以问多少张证书。",
        "ocsp.unissued" => "对没有签发过的证书怎样答复：unknown 未知，revoked 撤销。",
        "ocsp.archive_years" => "证书到期后，其状态至少还可以查询多少年。",
        "ocsp.certificate_days" => "状态应答证书的有效天数；还剩三分之一时自动换发。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

/// The same, of the certificate directory.
fn meaning_in_directory(name: &str) -> &'static str {
    match name {
        "directory.listen" => "证书目录（LDAP）的监听地址；空为不开通。",
        "directory.listen_tls" => "证书目录在 TLS 中（LDAPS）的监听地址；空为不开通。",
        "directory.certificate" => "证书目录的传输证书（PEM）；空为没有 TLS。",
        "directory.key" => "传输证书的私钥文件（PEM）。",
        "directory.base" => "证书目录的起点；空为以机构全称为名。",
        "directory.kinds" => "在证书目录中公开的证书种类；自然人的证书不公开。",
        "directory.searchable" => "可以用作目录查询条件的属性。",
        "directory.max_connections" => "证书目录的连接数上限。",
        "directory.max_connections_per_address" => "同一地址与证书目录的连接数上限。",
        "directory.max_operations" => "证书目录同时处理的操作数上限。",
        "directory.max_operations_per_address" => {
            "同一地址在证书目录中同时处理的操作数上限，不超过总数的四分之一。"
        }
        "directory.stalled_seconds" => "不读取目录应答的连接多少秒后断开。",
        "directory.idle_seconds" => "与证书目录的连接空闲多少秒后关闭。",
        "directory.max_entries" => "一次目录查询最多返回的条目数。",
        "directory.max_paged_entries" => "一次分页目录查询最多返回的条目总数。",
        "directory.max_candidates" => "一次目录查询最多逐条比对的条目数。",
        "directory.search_seconds" => "一次目录查询的时限（秒）。",
        "directory.replica.url" => "从目录（另一台 LDAP 服务器）的地址；空为不发布。",
        "directory.replica.bind" => "写入从目录所用的名称。",
        "directory.replica.passphrase_file" => "写入从目录的口令文件。",
        "directory.replica.base" => "写到从目录的哪个名称之下；空为与本目录相同。",
        "directory.replica.start_tls" => "与从目录的连接是否转入 TLS；不转入的只能用于本机。",
        "directory.replica.trust" => "验证从目录传输证书所用的 CA 证书文件（PEM）。",
        "directory.replica.repair" => "每日核对从目录时是否同时修复。",
        "directory.clients.enabled" => "应用系统能否用名称和口令登录证书目录。",
        "directory.clients.clear_on_loopback" => "本机的应用系统能否不经 TLS 登录证书目录。",
        "directory.clients.searchable" => "登录后另外可以用作目录查询条件的属性。",
        "directory.clients.max_entries" => "登录后一次目录查询最多返回的条目数。",
        "directory.clients.max_paged_entries" => "登录后一次分页目录查询最多返回的条目总数。",
        "directory.clients.max_candidates" => "登录后一次目录查询最多逐条比对的条目数。",
        "directory.clients.search_seconds" => "登录后一次目录查询的时限（秒）。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

/// `[alarms]`: two figures for each sort of certificate.
fn meaning_in_alarms(name: &str) -> &'static str {
    match name {
        "alarms.watched" => {
            "另外要查看到期时间的证书文件（PEM），例如网页前反向代理的 HTTPS 证书。"
        }
        "alarms.root.days" => "根证书到期前多少天开始预警。",
        "alarms.issuing.days" => "签发证书（下级 CA）到期前多少天开始预警。",
        "alarms.responder.days" => "状态应答证书到期前多少天开始预警。",
        "alarms.timestamp.days" => "时间戳证书到期前多少天开始预警。",
        "alarms.transport.days" => "传输证书（TLS）到期前多少天开始预警。",
        name if name.ends_with(".percent") => {
            "有效期短的证书，剩余时间不足有效期的百分之多少才预警（%）。"
        }
        _ => "证书到期前多少天开始预警。",
    }
}

/// `[limits]`.
fn meaning_in_limits(name: &str) -> &'static str {
    match name {
        "limits.ocsp_per_second" => "同一来源每秒的状态查询（OCSP）数；0 为不限。",
        "limits.tsa_per_second" => "同一来源每秒的时间戳请求数；0 为不限。",
        "limits.verify_per_second" => "同一来源每秒的验证请求数；0 为不限。",
        "limits.lists_per_second" => {
            "同一来源每秒下载列表、CA 证书和目录查询（HTTP）的数量；0 为不限。"
        }
        "limits.ldap_per_second" => "同一来源每秒的目录操作（LDAP）数；0 为不限。",
        "limits.refused_per_minute" => {
            "同一客户端（在同一地址）、同一来源每分钟最多被拒绝几次，超过的须等待（429）；0 为不限。"
        }
        "limits.connections" => "网页和接口的连接数上限。",
        "limits.connections_per_address" => "同一来源与网页和接口的连接数上限。",
        "limits.header_seconds" => "请求头须在多少秒内收到；空闲连接在此后关闭。",
        "limits.stalled_seconds" => "不读取应答的连接多少秒后断开。",
        _ => "见《运行手册》中同名配置项的说明。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_decides_by_has_a_sentence_of_its_own() {
        let fallback = meaning("no.such");
        for name in [
            "institution.name",
            "institution.origin",
            "server.listen",
            "storage.url",
            "kmc.standby",
            "crl.full_every",
            "ocsp.window",
            "policy.person",
            "limits.ocsp_per_second",
            "limits.connections",
            "alarms.root.days",
        ] {
            assert_ne!(meaning(name), fallback, "{name}");
        }
    }
}
