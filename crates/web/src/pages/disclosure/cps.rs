//! 业务规则: the institution's own documents in versions, and what this program factually does, made
//! from the profiles and settings it runs by, so that word and deed can be compared (Measures Art. 17;
//! C17-4).

use app::disclosure::Document;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use pki::ext::KeyUsage;
use pki::profile::{Profile, Role};

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "hall/cps.html")]
struct Cps {
    frame: Frame,
    documents: Vec<Line>,
    profiles: Vec<Row>,
    facts: Vec<(&'static str, String)>,
}

struct Line {
    document: Document,
    sm3: Option<String>,
}

/// A profile as relying parties meet it.
struct Row {
    title: String,
    default_days: u32,
    max_days: u32,
    usages: String,
    policies: String,
    sm3: String,
}

/// `GET /cps`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    let documents = app.practice_documents().await?;
    let line =
        |document: Document| Line { sm3: document.sm3.as_deref().map(words::groups), document };
    page(&Cps {
        frame,
        documents: documents.into_iter().map(line).collect(),
        profiles: app.ca().profiles().iter().map(row).collect(),
        facts: facts(&app),
    })
}

fn row(profile: &Profile) -> Row {
    let document = profile.document();
    let usages = document.key_usage.usages.iter().map(|usage| told(usage)).collect::<Vec<_>>();
    let policies: Vec<_> = document.policy.iter().map(|rule| rule.oid.as_str()).collect();
    let policies = if policies.is_empty() { "—".to_owned() } else { policies.join("、") };
    Row {
        title: profile.title().to_owned(),
        default_days: document.validity.default_days,
        max_days: document.validity.max_days,
        usages: usages.join("、"),
        policies,
        sm3: words::groups(&profile.hash().to_hex()),
    }
}

/// A usage of RFC 5280 §4.2.1.3 in Chinese.
fn told(usage: &str) -> String {
    KeyUsage::named(usage).map_or_else(|| usage.to_owned(), |usage| usage.to_string())
}

/// What the settings make this program do.
fn facts(app: &App) -> Vec<(&'static str, String)> {
    let (crl, ocsp) = (&app.settings().crl, &app.settings().ocsp);
    let pairs = app.ca().profiles().iter().filter(|profile| profile.role() == Role::Sign).count();
    let mut facts = vec![
        ("签名算法", "SM2（GB/T 32918.2），杂凑算法 SM3（GB/T 32905）".to_owned()),
        ("加密密钥交付", "SM2 密钥对数字信封，对称算法 SM4（GM/T 0092、GM/T 0009）".to_owned()),
        (
            "双证书",
            format!(
                "{pairs} 类最终用户证书均为签名证书和加密证书一对；签名密钥由申请人自己生成，本机构不掌握"
            ),
        ),
        (
            "撤销列表",
            format!("每 {}发布一次，有效期 {}", span(crl.full_every), span(crl.full_window)),
        ),
    ];
    if crl.delta_every > 0 {
        let text =
            format!("每 {}发布一次，有效期 {}", span(crl.delta_every), span(crl.delta_window));
        facts.push(("增量撤销列表", text));
    }
    let on_change =
        if crl.on_change { "证书状态改变后立即另行发布" } else { "按周期发布" };
    facts.push(("状态改变后", on_change.to_owned()));
    facts.push(("在线状态查询（OCSP）", format!("实时应答，应答有效期 {}", span(ocsp.window))));
    facts.push(("序列号", "由密码设备产生的随机数，全机构唯一，不重复使用".to_owned()));
    facts.push((
        "日志",
        "每一项业务都先记入防篡改日志再生效；日志由本机构签名，可以核对包含和一致性证明".to_owned(),
    ));
    facts
}

/// Seconds in the largest whole unit.
fn span(seconds: u32) -> String {
    match seconds {
        s if s >= 86_400 && s.is_multiple_of(86_400) => format!("{} 天", s / 86_400),
        s if s >= 3_600 && s.is_multiple_of(3_600) => format!("{} 小时", s / 3_600),
        s if s >= 60 && s.is_multiple_of(60) => format!("{} 分钟", s / 60),
        s => format!("{s} 秒"),
    }
}

/// `GET /cps/files/{name}`: a document of the index, as it is.
pub async fn file(State(app): State<App>, Path(name): Path<String>) -> Answer {
    let octets = app.practice_file(&name).await?;
    let octets =
        octets.ok_or_else(|| Problem::not_found("没有这份文件，请回到业务规则页面查看"))?;
    let media = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("pdf") => "application/pdf",
        Some("ofd") => "application/ofd",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, octets).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usage_of_a_profile_is_told_in_chinese() {
        for profile in pki::profile::ProfileSet::embedded().unwrap().iter() {
            let usages = row(profile).usages;
            assert!(!usages.is_empty() && !usages.contains(char::is_lowercase), "{usages}");
        }
    }

    #[test]
    fn spans_are_told_in_their_largest_whole_unit() {
        let told = [86_400, 172_800, 3_600, 5_400, 90].map(span);
        assert_eq!(told, ["1 天", "2 天", "1 小时", "90 分钟", "90 秒"]);
    }
}
