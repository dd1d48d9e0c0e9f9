//! Records of the journal in words: who did it, what it was about, and the names of its members. What
//! has no word here stays as it is, so that nothing is hidden. What happened: `journal_kinds`.

use std::collections::BTreeMap;

use access::{Action, Principal};
use ra::Catalogue;
use serde_json::Value;
use store::Stored;

use crate::api::App;
use crate::pages::frame::Frame;
use crate::pages::wording::Wording;
use crate::pages::words;

/// The names of the people who act in some records, for who may see them.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Of these actors.
    pub async fn of<'a>(
        app: &App,
        principal: &Principal,
        actors: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut names = BTreeMap::new();
        let Ok(permit) = app.permit(principal, Action::ReadPeople) else {
            return Self(names);
        };
        for actor in actors {
            let Some(id) = actor.strip_prefix("person:").and_then(|id| id.parse().ok()) else {
                continue;
            };
            if !names.contains_key(actor)
                && let Ok(person) = app.access().person(&permit, &id).await
            {
                names.insert(actor.to_owned(), person.name.to_string());
            }
        }
        Self(names)
    }

    /// Who it was, in words.
    pub fn who(&self, actor: &str) -> String {
        match actor.split_once(':') {
            _ if actor == "system" => "系统".to_owned(),
            // Complaints come from whoever wants to: nobody is asked for a name.
            _ if actor == "public" => "公众".to_owned(),
            Some(("person", id)) => match self.0.get(actor) {
                Some(name) => name.clone(),
                None => format!("工作人员 {}", short(id)),
            },
            Some(("client", id)) => format!("客户端 {}", short(id)),
            // Which one says the object: an applicant has no other name here.
            Some(("applicant", _)) => "申请人".to_owned(),
            _ => actor.to_owned(),
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Where what a record is about is shown, if there is a page of it that this visitor may open.
pub fn link(frame: &Frame, subject: &str) -> Option<String> {
    let (page, address) = place(subject)?;
    frame.opens(page).then_some(address)
}

/// The page in the table of routes, and the address of what a record is about.
fn place(subject: &str) -> Option<(&'static str, String)> {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match subject.split_once(':')? {
        ("application", id) if is_name(id) => {
            Some(("/desk/applications/{id}", format!("/desk/applications/{id}")))
        }
        ("certificate", name) => {
            let (_, serial) = name.split_once('/')?;
            let address =
                || ("/admin/certificates/{serial}", format!("/admin/certificates/{serial}"));
            is_name(serial).then(address)
        }
        ("person", id) if is_name(id) => {
            Some(("/admin/people/{id}", format!("/admin/people/{id}")))
        }
        ("office", id) if is_name(id) => {
            Some(("/admin/offices/{id}", format!("/admin/offices/{id}")))
        }
        ("complaint", id) if is_name(id) => {
            Some(("/admin/complaints/{id}", format!("/admin/complaints/{id}")))
        }
        ("batch", id) if is_name(id) => Some(("/desk/batches/{id}", format!("/desk/batches/{id}"))),
        ("revocation", id) if is_name(id) => {
            Some(("/desk/revocations/{id}", format!("/desk/revocations/{id}")))
        }
        ("sample", week) if is_name(week) => {
            Some(("/admin/samples/{week}", format!("/admin/samples/{week}")))
        }
        ("crl" | "kmc", _) => Some(("/admin/ca", "/admin/ca".to_owned())),
        ("profile", name) if is_name(name) => {
            Some(("/admin/profiles", format!("/admin/profiles?profile={name}")))
        }
        _ => None,
    }
}

/// What a record is about, for a list: what sort of thing, and which. The record itself has the whole.
pub fn object(subject: &str) -> (&'static str, String) {
    let (sort, id) = subject.split_once(':').unwrap_or((subject, ""));
    let sort = match sort {
        "application" => "申请",
        "certificate" => {
            let serial = id.rsplit('/').next().unwrap_or_default();
            return ("证书", words::groups(serial));
        }
        "enrolment" => "签发请求",
        "person" => "人员",
        "login" => "登录名",
        "office" => "注册机构",
        "batch" => "批次",
        "revocation" => "登记",
        "complaint" => "投诉",
        "letter" => "文书",
        "sample" => "抽查报告",
        "session" => "会话",
        "client" => "客户端",
        "crl" => "撤销列表",
        "kmc" => "密钥管理中心",
        "key" => "密钥",
        "signing-key" => "应用签名密钥",
        "profile" => "证书模板",
        "ceremony" => "密钥仪式",
        "journal" => "日志",
        "messages" => "通知",
        "clients" => "客户端",
        _ => return ("", subject.to_owned()),
    };
    (sort, id.to_owned())
}

/// The particulars of a record, one line for each value.
pub fn members(record: &Stored, catalogue: Option<&Catalogue>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    // The words of the registration mean this in records of applications only.
    let catalogue = catalogue.filter(|_| record.kind.starts_with("application."));
    let order = record.body.as_object().cloned().unwrap_or_default();
    let known = catalogue.map(|catalogue| (catalogue, Wording::of(Some(catalogue), &order)));
    let known = Known { kind: &record.kind, registration: known };
    flatten((&record.body, ""), String::new(), (&known, &mut lines));
    lines
}

/// What is known of a record: its kind, what the registration calls things, and what it says of the application.
struct Known<'a> {
    kind: &'a str,
    registration: Option<(&'a Catalogue, Wording<'a>)>,
}

fn flatten(
    (value, member): (&Value, &str),
    name: String,
    (known, lines): (&Known<'_>, &mut Vec<(String, String)>),
) {
    let below = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name}　{part}"),
    };
    match value {
        Value::Null => lines.push((name, "（无）".to_owned())),
        Value::Object(members) => {
            for (member, value) in members {
                let title = title_in(known.kind, member).unwrap_or_else(|| member_title(member));
                flatten((value, member), below(title), (known, &mut *lines));
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten((value, member), below(&format!("{}", at + 1)), (known, &mut *lines));
            }
        }
        Value::String(text) => {
            let told = known.registration.as_ref().and_then(|(catalogue, wording)| {
                registered(catalogue, member, text).or_else(|| wording.title(member, text))
            });
            lines.push((name, told.unwrap_or_else(|| word(member, text).to_owned())));
        }
        Value::Bool(yes) => lines.push((name, if *yes { "是" } else { "否" }.to_owned())),
        Value::Number(number) => lines.push((name, number.to_string())),
    }
}

/// The words of the registration that a member holds.
fn registered(catalogue: &Catalogue, member: &str, text: &str) -> Option<String> {
    match member {
        "kind" => Some(catalogue.kind(text).ok()?.title.clone()),
        "service" => Some(catalogue.service(text).ok()?.title.clone()),
        "method" => Some(catalogue.method(text).ok()?.title.clone()),
        "state" => Some(ra::State::chinese_of(text).to_owned()),
        _ => None,
    }
}

/// The words that some members hold.
fn word<'t>(member: &str, text: &'t str) -> &'t str {
    match (member, text) {
        ("kind", "software") => "软件设备",
        ("way", "key") => "证书",
        ("way", "passphrase") => "口令与动态口令",
        ("way", "code") => "编号和查询码",
        ("verdict", "clear") => "未见异常",
        ("outcome", "changed") => "有证书因此暂停或者撤销",
        ("outcome", "nothing") => "没有证书因此暂停或者撤销",
        ("verdict", "findings") => "发现问题",
        ("decision", "confirm") => "通过",
        ("decision", "reject") => "不通过",
        (_, text) => text,
    }
}

/// The words of members that mean something else in every kind of record.
fn title_in(kind: &str, member: &str) -> Option<&'static str> {
    Some(match (kind, member) {
        ("access.refusals", "rows") => "各来源",
        ("access.refusals", "others") => "其他来源合计（次）",
        ("access.refusals", "network") => "网络",
        ("access.refusals", "unproven") => "身份未通过验证（次）",
        ("access.refusals", "denied") => "没有权限（次）",
        ("access.refusals", "refused") => "依规则不予办理（次）",
        ("access.refusals", "quota") => "超过限额（次）",
        ("access.refusals", "slowed") => "被要求等待（次）",
        ("batch.sheet-added", "rows") => "行数",
        ("batch.act-done", "done") => "已办理的申请（件）",
        ("batch.act-done", "refused") => "未能办理的申请（件）",
        ("message.swept", "counts") => "各类通知（条）",
        ("sample.reported", "counts") => "张数",
        ("sample.reported", "own") => "本机构自用",
        _ => return None,
    })
}

/// The words of records.
fn member_title(member: &str) -> &str {
    match member {
        "opened" => "打开的件数",
        "found" => "找到的件数",
        "requeued" => "重发的条数",
        "chosen" => "所选通知的编号",
        "failed_until" => "此时已经失败的全部通知",
        "messages" => "通知条数",
        "number" => "编号",
        "device" => "密码设备",
        "product" => "产品",
        "decision" => "结论",
        "from" => "起",
        "to" => "止",
        "count" => "数量",
        "request" | "request_id" => "请求编号",
        "common_name" => "名称",
        "organization" => "单位",
        "material" => "材料",
        "means" => "核验手段",
        "element" | "elements" => "要素",
        "evidence" => "核验记录",
        "batch" => "批次",
        "sheet" => "表格",
        "minutes" => "分钟数",
        "sessions_ended" => "结束的会话数",
        "custodians" => "保管人",
        "shares" => "分管份额",
        "witnesses" | "witness" => "见证人",
        "leader" => "主持人",
        "authority" => "机构",
        "address" => "地址",
        "problems" => "有问题的件数",
        "answer" => "答复",
        "notice" => "告知",
        "letter" => "文书",
        "certificate" => "证书",
        "application" => "申请",
        "document" => "文件",
        "per_day" => "每日限额",
        "public_key" => "公钥",
        "destroyed" => "已销毁",
        "service" => "业务",
        "kind" => "种类",
        "state" => "状态",
        "version" => "版本",
        "reason" => "理由或原因",
        "basis" => "依据",
        "order" => "指令",
        "act" => "签名",
        "statement" => "签名的文字",
        "signature" => "签名值",
        "key" => "公钥",
        "payload" => "签名事项的密封数据",
        "particulars" => "具体内容的密封数据",
        "blob" | "id" => "标识",
        "commitment" => "承诺值",
        "ticked" => "已审查的项目",
        "duplicates" => "已查看的其他申请",
        "method" => "核验方式",
        "level" => "级别",
        "serial" => "序列号",
        "role" => "用途或角色",
        "roles" => "角色",
        "profile" => "证书模板",
        "profile_sm3" => "模板杂凑值",
        "policies" => "证书策略",
        other => later_title(other),
    }
}

/// The words of records of keys, lists, audits and samples.
fn later_title(member: &str) -> &str {
    match member {
        "client" => "接口客户端",
        "led_to" => "办理结果",
        "suspended" => "已暂停的证书",
        "evidence_left_out" => "未收下的附件",
        "outcome" => "对证书状态的影响",
        "concerned" => "所涉及的证书",
        "erased" => "已销毁的密封数据",
        "tbs_sm3" => "待签名内容杂凑值",
        "sm3" | "digest" => "SM3 杂凑值",
        "not_before" => "起始时间",
        "not_after" => "终止时间",
        "this_update" => "本次更新",
        "next_update" => "下次更新",
        "entries" => "条目数",
        "label" => "密钥名称",
        "pairs" => "密钥对数",
        "cause" => "缘由",
        "first" => "起始记录",
        "last" => "截止记录",
        "root" => "日志树根",
        "verdict" => "结论",
        "finding" | "report" => "审计情况",
        "code" => "代码",
        "name" => "名称",
        "office" => "注册机构",
        "login" => "登录名",
        "source" => "来源",
        "way" => "方式",
        "size" => "大小或记录数",
        "media" => "文件格式",
        "anchored" => "锚点记载",
        "week" => "一周（周一）",
        "seed" => "抽签种子",
        "population" => "签发",
        "drawn" => "抽查",
        "backed" => "依据齐全",
        "faulty" => "有问题",
        "unjudged" => "未能判定",
        "example_policy" => "示例策略",
        "no_evidence" => "未附核验依据",
        "content" => "内容的密封数据",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::journal_kinds::{KINDS, title};
    use super::*;
    use crate::pages::frame::SignedIn;
    use crate::pages::routes;
    use crate::pages::site::Site;
    use crate::pages::visit::Visit;

    fn frame_of(may: &[Action]) -> Frame {
        let mut frame = Frame::new(Site::of_tests(), &Visit::default());
        let (name, roles) = ("某人".to_owned(), String::new());
        frame.signed_in = Some(SignedIn::Person { name, roles });
        frame.may = may.to_vec();
        frame
    }

    #[test]
    fn only_what_is_a_name_becomes_part_of_an_address() {
        let all = frame_of(Action::ALL);
        assert_eq!(link(&all, "application:0a1b"), Some("/desk/applications/0a1b".into()));
        assert_eq!(link(&all, "certificate:issuing/0a"), Some("/admin/certificates/0a".into()));
        for other in ["journal", "application:../x", "certificate:issuing/a?b", "person:a b", "x:y"]
        {
            assert_eq!(link(&all, other), None, "{other}");
        }
    }

    #[test]
    fn what_the_visitor_may_not_open_is_text_and_no_link() {
        let auditor = frame_of(&[Action::ReadJournal]);
        for subject in ["application:0a", "certificate:issuing/0a", "crl:1", "person:0a"] {
            assert_eq!(link(&auditor, subject), None, "{subject}");
            assert!(link(&frame_of(Action::ALL), subject).is_some(), "{subject}");
        }
        let reader = frame_of(&[Action::ReadCertificate]);
        assert!(link(&reader, "certificate:issuing/0a").is_some());
    }

    #[test]
    fn what_a_record_is_about_stands_in_the_table_of_routes() {
        let subjects = ["application:1", "certificate:issuing/1", "person:1", "office:1", "crl:1"];
        for subject in subjects.into_iter().chain(["batch:1", "revocation:1", "profile:1"]) {
            let (page, _) = place(subject).unwrap();
            assert!(routes::table().iter().any(|route| route.path == page), "{page}");
        }
    }

    /// The particulars of a record.
    fn lines(kind: &str, body: Value) -> Vec<String> {
        let record = Stored {
            seq: store::Seq(0),
            at: jiff::Timestamp::UNIX_EPOCH,
            kind: kind.to_owned(),
            actor: "system".to_owned(),
            subject: "clients".to_owned(),
            body,
            leaf: String::new(),
            leaf_hash: tlog::Hash::leaf(b""),
            intact: true,
        };
        let lines = members(&record, None).into_iter();
        lines.map(|(name, value)| format!("{name}：{value}")).collect()
    }

    #[test]
    fn the_same_member_has_the_words_of_its_record() {
        let row = json!({ "client": "c1", "network": "198.51.100.0/24", "refused": 3, "quota": 2 });
        let mut refusals = lines("access.refusals", json!({ "others": 7, "rows": [row] }));
        refusals.sort_unstable();
        let mut told = [
            "其他来源合计（次）：7",
            "各来源　1　接口客户端：c1",
            "各来源　1　网络：198.51.100.0/24",
            "各来源　1　超过限额（次）：2",
            "各来源　1　依规则不予办理（次）：3",
        ];
        told.sort_unstable();
        assert_eq!(refusals, told);
        for (kind, body, told) in [
            ("batch.sheet-added", json!({ "rows": 120 }), "行数：120"),
            ("batch.act-done", json!({ "refused": 3 }), "未能办理的申请（件）：3"),
            ("batch.act-done", json!({ "done": 9 }), "已办理的申请（件）：9"),
            ("signing.key_made", json!({ "client": "c1" }), "接口客户端：c1"),
            ("signing.ordered", json!({ "order": { "client": "c1" } }), "指令　接口客户端：c1"),
            (
                "message.swept",
                json!({ "counts": { "sent letter mail": 4 } }),
                "各类通知（条）　sent letter mail：4",
            ),
            ("sample.reported", json!({ "counts": { "own": 2 } }), "张数　本机构自用：2"),
        ] {
            assert!(title(kind) != kind, "{kind} is no kind");
            assert_eq!(lines(kind, body), [told], "{kind}");
        }
        // Whatever comes new has no words of another record.
        for member in ["rows", "others", "network", "unproven", "denied", "refused", "quota"] {
            for (kind, _) in KINDS {
                let told = lines(kind, json!({ member: 1 }));
                let own = lines("access.refusals", json!({ member: 1 }));
                assert_eq!(told == own, *kind == "access.refusals", "{kind}: {told:?}");
            }
        }
    }

    #[test]
    fn nobody_is_named_who_is_not_known() {
        let names = Names([("person:1".to_owned(), "甲".to_owned())].into());
        assert_eq!(names.who("person:1"), "甲");
        assert_eq!(names.who("person:0123456789"), "工作人员 01234567");
        assert_eq!((names.who("system"), names.who("odd")), ("系统".into(), "odd".into()));
        assert_eq!(names.who("applicant:0123456789"), "申请人");
    }

    #[test]
    fn what_a_record_is_about_is_told_by_its_sort_and_nothing_of_it_is_lost() {
        assert_eq!(object("application:0a1b"), ("申请", "0a1b".into()));
        assert_eq!(object("certificate:issuing/0a1b2c"), ("证书", "0A1B 2C".into()));
        assert_eq!(object("journal"), ("日志", String::new()));
        assert_eq!(object("odd:thing"), ("", "odd:thing".into()));
    }
}
