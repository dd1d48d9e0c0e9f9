//! The protocol of the ceremony of the root's next key, in Chinese.

use std::fmt::Write as _;

use serde_json::Value;

use super::protocol::person;
use super::run::Ceremony;

/// The text of the recorded document; `digest` is its SM3.
pub(super) fn text(ceremony: &Ceremony, document: &Value, digest: &str) -> String {
    let all = ceremony.quorum.participants();
    let mut lines = vec![
        format!("{}根密钥换代记录", ceremony.plan.institution),
        format!("仪式编号：{}", ceremony.plan.name),
        format!("主持人：{}", person(&all.leader)),
    ];
    lines.extend(all.witnesses.iter().map(|one| format!("见证人：{}", person(one))));
    for (member, title) in
        [("/holders", "旧密钥分量保管人"), ("/participants/custodians", "新密钥分量保管人")]
    {
        let people = document.pointer(member).and_then(Value::as_array);
        for one in people.into_iter().flatten() {
            let (name, office, id) = (of(one, "name"), of(one, "office"), of(one, "id"));
            lines.push(format!("{title}：{name}（{office}，{id}）"));
        }
    }
    lines.push("\n步骤（时间为协调世界时）：".to_owned());
    let steps = document.get("steps").and_then(Value::as_array);
    for (number, step) in steps.into_iter().flatten().enumerate() {
        lines.push(format!("{}. {} {}", number + 1, of(step, "at"), of(step, "title")));
    }
    lines.push("\n证书：".to_owned());
    for (member, title) in [
        ("/certificates/before", "旧根证书"),
        ("/certificates/root", "新根证书"),
        ("/certificates/new_with_old", "新根链接证书（旧密钥签发）"),
        ("/certificates/old_with_new", "旧根链接证书（新密钥签发）"),
    ] {
        let Some(made) = document.pointer(member) else { continue };
        lines.push(format!("{title}：{}", of(made, "subject")));
        lines.push(format!("  序列号 {}", of(made, "serial")));
        lines.push(format!("  有效期 {} 至 {}", of(made, "not_before"), of(made, "not_after")));
        lines.push(format!("  SM3 指纹 {}", of(made, "sm3")));
    }
    let from = of(document, "certifies_from");
    lines.push(format!("\n自 {from} 起，下级机构证书由新根密钥签发。"));
    lines.push(
        "新根密钥分为五份，任意三份可以恢复；新旧根密钥均已从密码设备中销毁，旧密钥的分量继续保存，到登记销毁为止。"
            .to_owned(),
    );
    lines.push(format!("记录文件 ceremony.json 的 SM3 值：{digest}"));
    lines.push("本记录由签发机构密钥签署，签名见 ceremony.json.sig。".to_owned());
    let mut out = String::new();
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{line}");
    }
    out
}

fn of<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
