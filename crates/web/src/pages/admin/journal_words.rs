//! Records of the journal in words: what happened, who did it, what it was about, and the names of
//! its members. What has no word here stays as it is, so that nothing is hidden.

use std::collections::BTreeMap;

use access::{Action, Principal};
use serde_json::Value;
use store::Stored;

use crate::api::App;

macro_rules! kinds {
    ($($name:literal $chinese:literal,)*) => {
        /// Kinds of records with their Chinese names.
        pub const KINDS: &[(&str, &str)] = &[$(($name, $chinese),)*];
    };
}

kinds! {
    "application.created" "受理申请",
    "application.saved" "保存申请表",
    "application.endorsed" "申请人以证书签名",
    "application.submitted" "提交申请",
    "application.acknowledged" "确认告知事项",
    "application.inquired" "查询公共数据",
    "application.proofed" "核验身份",
    "application.returned" "退回补正",
    "application.reviewed" "审核通过",
    "application.refused" "不予签发",
    "application.agreed" "签订服务协议",
    "application.requested" "提交证书请求",
    "application.issued" "按申请签发",
    "application.delivered" "交付证书",
    "application.confirmed" "确认领取",
    "application.withdrawn" "撤回申请",
    "application.expired" "申请逾期终止",
    "application.transferred" "移交申请",
    "application.locked" "编码输错，暂时锁定",
    "application.unmasked" "查看未遮盖的信息",
    "application.declined" "不予受理",
    "batch.created" "建立批量导入",
    "batch.started" "开始批量办理",
    "batch.entered" "批量录入",
    "batch.proofed" "批量核验",
    "batch.reviewed" "批量审核",
    "batch.paused" "暂停批量办理",
    "batch.resumed" "继续批量办理",
    "batch.cancelled" "取消批量办理",
    "batch.done" "批量办理完毕",
    "revocation.drafted" "起草撤销",
    "revocation.entered" "录入撤销",
    "revocation.approved" "批准撤销",
    "revocation.rejected" "不同意撤销",
    "revocation.dropped" "放弃撤销",
    "revocation.stopped" "中止撤销",
    "revocation.done" "撤销办结",
    "letter.issued" "出具文书",
    "letter.opened" "查看文书",
    "letter.typeset" "制作文书 PDF",
    "message.requeued" "重发通知",
    "message.swept" "清理通知",
    "rating.given" "服务评价",
    "rating.answered" "回复评价",
    "complaint.received" "收到投诉",
    "complaint.accepted" "受理投诉",
    "complaint.answered" "答复投诉",
    "complaint.closed" "投诉办结",
    "complaint.opened" "查看投诉",
    "certificate.intended" "证书签发意向",
    "certificate.issued" "签发证书",
    "certificate.abandoned" "放弃签发",
    "certificate.suspended" "暂停证书",
    "certificate.resumed" "恢复证书",
    "certificate.revoked" "撤销证书",
    "certificate.expired" "证书到期",
    "enrolment.accepted" "接受签发申请",
    "enrolment.issued" "完成签发申请",
    "enrolment.refused" "拒绝签发申请",
    "order.refused" "拒绝请求",
    "crl.ordered" "指令发布撤销列表",
    "crl.intended" "撤销列表签发意向",
    "crl.published" "发布撤销列表",
    "crl.rejected" "撤销列表未通过核对",
    "crl.abandoned" "放弃撤销列表",
    "key.generated" "生成密钥",
    "key.blocked" "封锁密钥",
    "kmc.refill_ordered" "指令补充备用密钥",
    "signer.alarm" "签名次数不符",
    "signer.quarantined" "停用签发密钥",
    "signer.trial" "试签",
    "signer.released" "恢复签发密钥",
    "signer.settled" "签名次数核对完毕",
    "profile.adopted" "采用证书模板",
    "ceremony.convened" "召开密钥仪式",
    "person.created" "新增人员",
    "person.enrolled" "人员登记凭证",
    "person.changed" "变更人员",
    "person.invited" "发出人员邀请",
    "person.disabled" "停用人员",
    "person.key_ended" "人员密钥停用",
    "person.credential_added" "增加登录凭据",
    "person.credential_ended" "停用登录凭据",
    "person.locked" "登录失败，暂时锁定",
    "person.sessions_ended" "结束人员会话",
    "session.opened" "登录",
    "session.ended" "退出",
    "client.created" "登记客户端",
    "client.disabled" "停用客户端",
    "client.roles_changed" "变更客户端角色",
    "office.established" "设立注册机构",
    "office.amended" "变更注册机构",
    "office.filed" "注册机构备案",
    "office.announced" "注册机构公示",
    "office.limited" "调整注册机构配额",
    "office.recorded" "注册机构监督记录",
    "office.suspended" "暂停注册机构",
    "office.resumed" "恢复注册机构",
    "journal.audited" "审计标记",
    "journal.reanchored" "重建日志锚点",
}

/// What happened, in words; the kind itself where it has none.
pub fn title(kind: &str) -> &str {
    KINDS.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, chinese)| chinese)
}

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
            Some(("person", id)) => match self.0.get(actor) {
                Some(name) => name.clone(),
                None => format!("工作人员 {}", short(id)),
            },
            Some(("client", id)) => format!("客户端 {}", short(id)),
            Some(("applicant", id)) => format!("申请人 {}", short(id)),
            _ => actor.to_owned(),
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Where what a record is about is shown, if there is a page of it.
pub fn link(subject: &str) -> Option<String> {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match subject.split_once(':')? {
        ("application", id) if is_name(id) => Some(format!("/desk/applications/{id}")),
        ("certificate", name) => {
            let (_, serial) = name.split_once('/')?;
            is_name(serial).then(|| format!("/admin/certificates/{serial}"))
        }
        ("person", id) if is_name(id) => Some(format!("/admin/people/{id}")),
        ("office", id) if is_name(id) => Some(format!("/admin/offices/{id}")),
        ("crl" | "kmc", _) => Some("/admin/ca".to_owned()),
        ("profile", name) if is_name(name) => Some(format!("/admin/profiles?profile={name}")),
        _ => None,
    }
}

/// The particulars of a record, one line for each value.
pub fn members(record: &Stored) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    flatten(&record.body, String::new(), &mut lines);
    lines
}

fn flatten(value: &Value, name: String, lines: &mut Vec<(String, String)>) {
    let below = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name}　{part}"),
    };
    match value {
        Value::Null => lines.push((name, "（无）".to_owned())),
        Value::Object(members) => {
            for (member, value) in members {
                flatten(value, below(member_title(member)), lines);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(value, below(&format!("{}", at + 1)), lines);
            }
        }
        Value::String(text) => lines.push((name, text.clone())),
        Value::Bool(yes) => lines.push((name, if *yes { "是" } else { "否" }.to_owned())),
        Value::Number(number) => lines.push((name, number.to_string())),
    }
}

/// The words of records.
fn member_title(member: &str) -> &str {
    match member {
        "number" => "编号",
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
        "finding" => "审计情况",
        "code" => "代码",
        "name" => "名称",
        "office" => "注册机构",
        "login" => "登录名",
        "source" => "来源",
        "way" => "方式",
        "size" => "记录数",
        "anchored" => "锚点记载",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_one_name_each_and_unknown_ones_stay_readable() {
        let mut names: Vec<_> = KINDS.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        assert_eq!(title("certificate.revoked"), "撤销证书");
        assert_eq!(title("something.new"), "something.new");
    }

    #[test]
    fn only_what_is_a_name_becomes_part_of_an_address() {
        assert_eq!(link("application:0a1b"), Some("/desk/applications/0a1b".into()));
        assert_eq!(link("certificate:issuing/0a"), Some("/admin/certificates/0a".into()));
        for other in ["journal", "application:../x", "certificate:issuing/a?b", "person:a b", "x:y"]
        {
            assert_eq!(link(other), None, "{other}");
        }
    }

    #[test]
    fn nobody_is_named_who_is_not_known() {
        let names = Names([("person:1".to_owned(), "甲".to_owned())].into());
        assert_eq!(names.who("person:1"), "甲");
        assert_eq!(names.who("person:0123456789"), "工作人员 01234567");
        assert_eq!((names.who("system"), names.who("odd")), ("系统".into(), "odd".into()));
    }
}
