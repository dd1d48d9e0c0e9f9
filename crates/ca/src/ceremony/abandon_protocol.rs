//! The protocol of a ceremony that gives up another one, in Chinese.

use std::fmt::Write as _;

use serde_json::Value;

use super::protocol::person;
use super::run::Ceremony;

/// The text of the recorded document; `digest` is its SM3.
pub(super) fn text(ceremony: &Ceremony, document: &Value, digest: &str) -> String {
    let all = ceremony.quorum.participants();
    let mut lines = vec![
        format!("{}放弃仪式记录", ceremony.plan.institution),
        format!("仪式编号：{}", ceremony.plan.name),
        format!("主持人：{}", person(&all.leader)),
    ];
    lines.extend(all.witnesses.iter().map(|one| format!("见证人：{}", person(one))));
    let custodian = |one: &super::Custodian| format!("密钥分量保管人：{}", person(&one.person));
    lines.extend(all.custodians.iter().map(custodian));
    lines.extend(given_up(document));
    lines.push("\n步骤（时间为协调世界时）：".to_owned());
    let steps = document.get("steps").and_then(Value::as_array);
    for (number, step) in steps.into_iter().flatten().enumerate() {
        lines.push(format!("{}. {} {}", number + 1, of(step, "at"), of(step, "title")));
    }
    lines.push("\n根密钥已从密码设备中销毁，分量仍由保管人保存。".to_owned());
    lines.push(format!("记录文件 ceremony.json 的 SM3 值：{digest}"));
    lines.push("本记录由签发机构密钥签署，签名见 ceremony.json.sig。".to_owned());
    let mut out = String::new();
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{line}");
    }
    out
}

fn given_up(document: &Value) -> Vec<String> {
    let empty = Value::Null;
    let other = document.get("gives_up").unwrap_or(&empty);
    let closed = other.get("closed").unwrap_or(&empty);
    let mut lines = vec![
        format!("\n所放弃的仪式：{}“{}”", of(other, "what"), of(other, "ceremony")),
        format!("理由：{}", of(other, "reason")),
    ];
    let intents = closed.get("intents").and_then(Value::as_u64).unwrap_or_default();
    if intents > 0 {
        lines.push(format!("终止的签发意向：{intents} 项"));
    }
    let revoked = closed.get("revoked").and_then(Value::as_array);
    for serial in revoked.into_iter().flatten().filter_map(Value::as_str) {
        lines.push(format!("撤销的证书：序列号 {serial}，已列入根的撤销列表"));
    }
    if let Some(name) = closed.get("generation").and_then(Value::as_str) {
        lines.push(format!("结束的一代：{name}，从未启用，此后不能启用"));
    }
    if let Some(serial) = closed.get("stands").and_then(Value::as_str) {
        lines.push(format!(
            "已签发的交叉证书：序列号 {serial}，仍然有效；不再认可的，由两人另行撤销"
        ));
    }
    lines.extend(key(document.get("unused_key").unwrap_or(&empty)));
    lines
}

/// What became of the key that nobody will use.
fn key(unused: &Value) -> Option<String> {
    let label = unused.get("label").and_then(Value::as_str)?;
    let is = |name: &str| unused.get(name).and_then(Value::as_bool).unwrap_or_default();
    let mut line = match is("destroyed") {
        true if is("stray") => format!(
            "密码设备中“{label}”名下的密钥不是所放弃的仪式生成的那一把，也没有任何仪式的记录，已销毁；请查明它的来历"
        ),
        true => format!("未启用的密钥“{label}”已从密码设备中销毁"),
        false => format!("密码设备中没有未启用的密钥“{label}”"),
    };
    if is("alarm") {
        line.push_str("，它的签名次数与记录不符，已记入日志（signer.alarm）");
    }
    let out = unused.get("shares_out").and_then(Value::as_array);
    let out: Vec<_> =
        out.into_iter().flatten().filter_map(Value::as_u64).map(|n| n.to_string()).collect();
    if !out.is_empty() {
        let numbers = out.join("、");
        let whose = if is("stray") { "所放弃的仪式生成的密钥" } else { "它" };
        line.push_str(&format!(
            "；{whose}的第 {numbers} 份分量不在写出的位置，应向保管人收回并销毁，程序不再接受"
        ));
    }
    Some(line)
}

fn of<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
