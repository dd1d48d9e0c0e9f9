//! Records of the journal in words: who did it, what it was about, and its particulars. What has no word stays as it is,
//! so that nothing is hidden. What happened: `journal_kinds`; what members are called: `journal_members`.

use std::collections::BTreeMap;

use access::{Action, Principal};
use ra::Catalogue;
use serde_json::Value;
use store::Stored;

use super::journal_members::{member_title, title_in, word};
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
        "issuer" => "签发机构",
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
            (
                "application.proofed",
                json!({ "evidence": [{ "means": "x" }] }),
                "核验记录　1　核验手段：x",
            ),
            ("complaint.evidence-opened", json!({ "evidence": 2 }), "证据：2"),
            ("revocation.evidence-opened", json!({ "evidence": "a.pdf" }), "证据：a.pdf"),
            ("lifting.drafted", json!({ "evidence": [{ "name": "a" }] }), "证据　1　名称：a"),
            ("complaint.evidence-erased", json!({ "why": "key" }), "销毁的原因：失密的私钥"),
            ("complaint.evidence-erased", json!({ "why": "term" }), "销毁的原因：保存期限已满"),
            ("complaint.evidence-erased", json!({ "days": 90 }), "设定的保存天数：90"),
            ("complaint.words-erased", json!({ "closed_at": "x" }), "办结时间：x"),
        ] {
            assert!(title(kind) != kind, "{kind} is no kind");
            assert_eq!(lines(kind, body), [told], "{kind}");
        }
        let piece = json!({ "evidence": [{ "position": 1, "octets": 9, "blob": "b" }] });
        let mut told = lines("complaint.evidence-erased", piece);
        told.sort_unstable();
        assert_eq!(told, ["证据　1　大小（字节）：9", "证据　1　序号：1", "证据　1　标识：b"]);
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
    fn what_a_ceremony_found_of_an_unused_key_is_a_key_and_no_number_of_things() {
        let found = json!({ "gives_up": "root-2", "label": "root-2", "found": "8f3a", "stray": true,
            "alarm": false, "shares": [1, 4] });
        let destroyed = json!({ "destroyed": true, "stray": false, "alarm": true,
            "shares_removed": [2], "shares_out": [5] });
        for (kind, body, told) in [
            (
                "ceremony.unused-key-found",
                found,
                &[
                    "所放弃的仪式：root-2",
                    "密钥名称：root-2",
                    "查到的密钥（公钥指纹）：8f3a",
                    "不是该仪式生成的密钥：是",
                    "签名次数与记录不符：否",
                    "仍在原处的分量（编号）　1：1",
                    "仍在原处的分量（编号）　2：4",
                ][..],
            ),
            (
                "ceremony.unused-key-destroyed",
                destroyed,
                &[
                    "已销毁：是",
                    "不是该仪式生成的密钥：否",
                    "签名次数与记录不符：是",
                    "已销毁的分量文件（编号）　1：2",
                    "不在原处的分量（编号）　1：5",
                ][..],
            ),
        ] {
            assert!(title(kind) != kind, "{kind} is no kind");
            let (mut lines, mut told) = (lines(kind, body), told.to_vec());
            lines.sort_unstable();
            told.sort_unstable();
            assert_eq!(lines, told, "{kind}");
        }
        assert_eq!(lines("complaint.searched", json!({ "found": 3 })), ["找到的件数：3"]);
        assert_eq!(lines("ceremony.convened", json!({ "shares": 5 })), ["分管份额：5"]);
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
        assert_eq!(object("issuer:issuing2"), ("签发机构", "issuing2".into()));
        assert_eq!(object("journal"), ("日志", String::new()));
        assert_eq!(object("odd:thing"), ("", "odd:thing".into()));
    }
}
