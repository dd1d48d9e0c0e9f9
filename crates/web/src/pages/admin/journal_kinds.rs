//! What the kinds of journal records are called. Every kind that the program writes has a name here:
//! a test reads the sources.

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
    "application.material-added" "上传材料",
    "application.material-removed" "删除材料",
    "application.material-opened" "查看材料",
    "application.elements-shown" "查看未遮盖的核验要素",
    "application.agreement-drawn" "生成服务协议文本",
    "application.issue-failed" "未能签发",
    "application.run-failed" "批量签发时未能办理",
    "application.carried-out" "办结，证书状态已变更",
    "application.still-held" "申请的暂停已解除，另有暂停",
    "application.not-carried-out" "未能办理，已办结",
    "application.replaced-ended" "换发后撤销原证书",
    "application.code-renewed" "补发查询码",
    "application.status-told" "告知证书状态变更",
    "sample.reported" "生成签发抽查报告",
    "sample.reviewed" "核实签发抽查报告",
    "batch.created" "建立批量导入",
    "batch.started" "开始批量办理",
    "batch.entered" "批量录入",
    "batch.proofed" "批量核验",
    "batch.reviewed" "批量审核",
    "batch.paused" "暂停批量办理",
    "batch.resumed" "继续批量办理",
    "batch.cancelled" "取消批量办理",
    "batch.done" "批量办理完毕",
    "batch.material-added" "上传批量材料",
    "batch.material-opened" "查看批量材料",
    "batch.sheet-added" "导入表格",
    "batch.sheet-done" "表格导入完毕",
    "batch.bad-rows-fetched" "下载有问题的行",
    "batch.agreement-kept" "交存批量协议",
    "batch.agreement-signed" "单位签署批量协议",
    "batch.act-done" "批量步骤办理完毕",
    "batch.sample-drawn" "抽取抽查样本",
    "batch.sample-opened" "打开抽查样本",
    "revocation.drafted" "起草撤销",
    "revocation.entered" "录入撤销",
    "revocation.approved" "批准撤销",
    "revocation.rejected" "不同意撤销",
    "revocation.dropped" "放弃撤销",
    "revocation.stopped" "来电先行暂停证书",
    "revocation.stop-lifted" "解除来电的先行暂停",
    "revocation.stop-kept" "先行暂停不作解除",
    "revocation.lapsed" "来电撤销逾期失效",
    "revocation.closed" "持有人恢复证书，来电终结",
    "revocation.done" "撤销办结",
    "revocation.item" "逐张执行撤销",
    "revocation.code-sent" "发送来电核对代码",
    "revocation.caller-proven" "来电人核对无误",
    "revocation.evidence-opened" "查看撤销证据",
    "lifting.drafted" "起草解除暂停",
    "lifting.entered" "登记解除暂停",
    "lifting.approved" "同意解除暂停",
    "lifting.rejected" "不同意解除暂停",
    "lifting.dropped" "放弃解除暂停的登记",
    "lifting.item" "逐项解除暂停",
    "lifting.done" "解除暂停办结",
    "letter.issued" "出具文书",
    "letter.opened" "查看文书",
    "letter.typeset" "制作文书 PDF",
    "message.requeued" "重发通知",
    "message.swept" "清理通知",
    "rating.given" "服务评价",
    "rating.answered" "回复评价",
    "access.refusals" "接口请求被拒绝（汇总）",
    "complaint.received" "收到投诉",
    "complaint.accepted" "受理投诉",
    "complaint.answered" "答复投诉",
    "complaint.closed" "投诉办结",
    "complaint.opened" "查看投诉",
    "complaint.evidence-opened" "下载问题报告的证据",
    "complaint.evidence-erased" "按保存期限销毁问题报告的证据",
    "complaint.words-erased" "按保存期限销毁投诉的内容",
    "complaint.held" "暂缓销毁投诉的内容和证据",
    "complaint.freed" "解除暂缓销毁",
    "complaint.outcome-marked" "补写投诉或问题报告对证书状态的影响",
    "complaint.locked" "投诉查询码输错，暂时锁定",
    "complaint.searched" "按文字查找投诉",
    "certificate.intended" "证书签发意向",
    "certificate.issued" "签发证书",
    "certificate.abandoned" "放弃签发",
    "certificate.ordered" "下达证书状态变更指令",
    "certificate.held" "登记一项暂停",
    "certificate.hold-ended" "解除一项暂停",
    "certificate.suspended" "暂停证书",
    "certificate.resumed" "恢复证书",
    "certificate.revoked" "撤销证书",
    "certificate.expired" "证书到期",
    "certificate.permitted-again" "再次许可签发证书",
    "enrolment.accepted" "接受签发申请",
    "enrolment.issued" "完成签发申请",
    "enrolment.refused" "拒绝签发申请",
    "order.refused" "拒绝请求",
    "crl.ordered" "下达发布撤销列表的指令",
    "crl.intended" "撤销列表签发意向",
    "crl.published" "发布撤销列表",
    "crl.rejected" "撤销列表未通过核对",
    "crl.abandoned" "放弃撤销列表",
    "crl.spare-kept" "存入备用撤销列表",
    "crl.number-raised" "提高撤销列表编号",
    "key.generated" "生成密钥",
    "key.blocked" "封锁密钥",
    "key.assigned" "分配加密密钥",
    "key.delivered_again" "再次交付加密密钥",
    "key.restored" "恢复加密密钥",
    "key.ended" "加密密钥转入历史库",
    "kmc.refill_ordered" "下达补充备用密钥的指令",
    "directory.replica-checked" "核对从目录",
    "signing.ordered" "下达设立应用签名密钥",
    "signing.decided" "复核应用签名密钥",
    "signing.key_made" "启用应用签名密钥",
    "signing.intended" "使用应用签名密钥",
    "signing.stopped" "停用应用签名密钥",
    "signing.ending_confirmed" "复核撤销停用密钥的证书",
    "signing.destruction_intended" "将销毁停用的应用签名私钥",
    "signing.destroyed" "销毁停用的应用签名私钥",
    "signing.renewed" "更新应用签名密钥的证书",
    "signing.made_too_late" "停用后才签发的应用证书",
    "timestamp.issued" "签发时间戳",
    "ocsp.key-made" "启用状态应答密钥",
    "ocsp.key-destruction-intended" "状态应答密钥销毁意向",
    "ocsp.key-destroyed" "销毁状态应答密钥",
    "timestamp.key-made" "启用时间戳密钥",
    "timestamp.key-destruction-intended" "时间戳密钥销毁意向",
    "timestamp.key-destroyed" "销毁时间戳密钥",
    "timestamp.clock-doubted" "时间不可信，停止签发时间戳",
    "timestamp.clock-trusted" "时间恢复可信",
    "signer.alarm" "签名次数不符",
    "signer.quarantined" "停用签发密钥",
    "signer.trial" "试签",
    "signer.released" "恢复签发密钥",
    "signer.settled" "签名次数核对完毕",
    "signer.account-closed" "签名次数结账",
    "profile.adopted" "采用证书模板",
    "ceremony.convened" "召开密钥仪式",
    "ceremony.root-key-made" "仪式：生成根密钥",
    "ceremony.root-intended" "仪式：根证书签发意向",
    "ceremony.root-certified" "仪式：签发根证书",
    "ceremony.root-shared" "仪式：分割根密钥",
    "ceremony.root-retired" "仪式：根密钥离线",
    "ceremony.root-restored" "仪式：合成根密钥",
    "ceremony.root-destruction-intended" "仪式：根密钥销毁意向",
    "ceremony.root-destroyed" "仪式：销毁根密钥",
    "ceremony.new-with-old-certified" "仪式：旧根密钥签发新根的链接证书",
    "ceremony.old-with-new-certified" "仪式：新根密钥签发旧根的链接证书",
    "ceremony.old-root-list-published" "仪式：旧根密钥发布撤销列表",
    "ceremony.root-list-published" "仪式：发布根撤销列表",
    "ceremony.issuing-key-made" "仪式：生成签发密钥",
    "ceremony.issuing-certified" "仪式：签发机构证书",
    "ceremony.issuing-list-published" "仪式：发布首份撤销列表",
    "ceremony.responder-key-made" "仪式：生成应答密钥",
    "ceremony.responder-certified" "仪式：签发应答证书",
    "ceremony.permitted-again" "仪式：再次许可签发",
    "ceremony.cross-certified" "仪式：签发交叉证书",
    "authority.revocation-ordered" "决定撤销链接证书或签发机构证书",
    "cross.withdrawn" "撤销交叉证书",
    "cross.received" "登记其他机构签发的交叉证书",
    "cross.taken-back" "不再公布其他机构签发的交叉证书",
    "ceremony.successor-appointed" "仪式：确定新一代密钥的启用时刻",
    "issuer.appointed" "确定新一代密钥的启用时刻",
    "issuer.over" "一代密钥签发的证书全部到期",
    "issuer.key-destruction-intended" "一代密钥的销毁意向",
    "issuer.key-destroyed" "销毁一代密钥",
    "ceremony.given-up" "仪式：被放弃",
    "ceremony.other-given-up" "仪式：了结所放弃的仪式",
    "ceremony.unused-key-found" "仪式：查明未启用的密钥",
    "ceremony.unused-key-destroyed" "仪式：销毁未启用的密钥",
    "issuer.given-up" "放弃未启用的一代密钥",
    "ceremony.protocol-intended" "仪式：记录签名意向",
    "ceremony.protocol-written" "仪式：写成仪式记录",
    "ceremony.protocol-signed" "仪式：签署仪式记录",
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
    "client.directory-secret-drawn" "生成客户端的目录口令",
    "client.directory-secret-removed" "撤去客户端的目录口令",
    "client.directory-bound" "客户端登录证书目录",
    "client.roles_changed" "变更客户端角色",
    "office.established" "设立注册机构",
    "office.amended" "变更注册机构",
    "office.filed" "注册机构备案",
    "office.announced" "注册机构公示",
    "office.limited" "调整注册机构配额",
    "office.recorded" "注册机构监督记录",
    "office.taken_over" "接管注册机构未办结的申请",
    "office.suspended" "暂停注册机构",
    "office.resumed" "恢复注册机构",
    "journal.audited" "审计标记",
    "journal.reanchored" "重建日志锚点",
    "expiry.notified" "发出到期提醒",
    "recovery.opened" "密钥恢复立案",
    "recovery.done" "密钥恢复办结",
    "recovery.delivered_again" "再次交付恢复的密钥",
    "recovery.refused" "不予恢复密钥",
    "recovery.notice_given" "密钥恢复已告知",
    "officer.registered" "登记密钥管理人员",
    "officer.closed" "注销密钥管理人员",
    "ca.registered" "登记签发机构",
    "ca.rekeyed" "签发机构更换密钥",
    "ca.closed" "注销签发机构",
}

/// What happened, in words; the kind itself where it has none.
pub fn title(kind: &str) -> &str {
    KINDS.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, chinese)| chinese)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

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

    /// Who writes records.
    const CRATES: [&str; 7] = ["access", "app", "ca", "kmc", "letters", "ra", "store"];
    /// Words of the same shape that are no kinds of records: labels of sealed data, what a fault is
    /// injected at, why a message did not go out, what somebody signs, files.
    const OTHERS: [&str; 21] = [
        "voice.statement",
        "application.code",
        "enrolment.order",
        "letter.code",
        "letter.content",
        "letter.pdf",
        "mail.address",
        "mail.connection",
        "mail.content",
        "mail.timeout",
        "mail.tls",
        "mail.unset",
        "message.content",
        "outbox.unwritable",
        "ra.element",
        "recovery_case.record",
        "recovery_officer.person",
        "store.after_anchor",
        "store.after_commit",
        "store.before_commit",
        "voice.complaint",
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match name.as_str() {
                // Codes of errors, orders that people sign and settings have the same shape.
                "tests" | "tests.rs" | "error.rs" | "settings.rs" | "kind.rs" => {}
                _ if path.is_dir() => sources(&path, found),
                _ if name.ends_with(".rs") => found.push(path),
                _ => {}
            }
        }
    }

    /// The texts in quotes of a source, without its comments and its tests.
    fn literals(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
    }

    fn has_the_shape_of_a_kind(text: &str) -> bool {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b"-_".contains(&b))
        };
        let is_file = |end: &str| ["toml", "json", "txt", "db", "typ", "id"].contains(&end);
        text.split_once('.').is_some_and(|(a, b)| is_word(a) && is_word(b) && !is_file(b))
    }

    /// The codes of errors and the names of actions: they stand elsewhere, and in calls too.
    fn is_known_elsewhere(crates: &Path) -> Vec<String> {
        let mut known: Vec<_> = access::Action::ALL.iter().map(|a| a.name().to_owned()).collect();
        for name in CRATES {
            let errors = crates.join(name).join("src/error.rs");
            known.extend(literals(&std::fs::read_to_string(errors).unwrap()));
        }
        let refusals = crates.join("app/src/signing/rules.rs");
        known.extend(literals(&std::fs::read_to_string(refusals).unwrap()));
        known
    }

    #[test]
    fn every_kind_of_record_in_the_sources_has_a_chinese_name() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let known = is_known_elsewhere(crates);
        let mut seen = BTreeMap::new();
        for name in CRATES {
            let mut files = Vec::new();
            sources(&crates.join(name).join("src"), &mut files);
            for file in files {
                let words = literals(&std::fs::read_to_string(&file).unwrap());
                let kinds = words.into_iter().filter(|word| has_the_shape_of_a_kind(word));
                seen.extend(kinds.map(|kind| (kind, file.clone())));
            }
        }
        assert!(seen.contains_key("letter.opened") && seen.contains_key("crl.spare-kept"));
        let nameless: Vec<_> = seen
            .iter()
            .filter(|(kind, _)| title(kind) == kind.as_str())
            .filter(|(kind, _)| !OTHERS.contains(&kind.as_str()) && !known.contains(kind))
            .map(|(kind, file)| format!("{kind} in {}", file.display()))
            .collect();
        assert!(nameless.is_empty(), "records without a Chinese name:\n{}", nameless.join("\n"));
    }
}
