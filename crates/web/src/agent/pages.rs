//! The assistant's own pages: no script, nothing from elsewhere.

use askama::Template;
use axum::response::Html;

use super::KeyOffer;
use super::ask::{Ask, Origin};

#[derive(Template)]
#[template(path = "agent/home.html")]
struct Home<'a> {
    offers: &'a [KeyOffer],
    origins: &'a [Origin],
}

#[derive(Template)]
#[template(path = "agent/confirm.html")]
struct Confirmation<'a> {
    ask: &'a Ask,
    members: Vec<(String, String)>,
    token: &'a str,
    offers: &'a [KeyOffer],
    sealed: bool,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "agent/refusal.html")]
struct Refusal<'a> {
    why: &'a str,
}

/// A page that cannot be rendered says so in plain text.
fn page(template: &impl Template) -> Html<String> {
    Html(template.render().unwrap_or_else(|_| "页面生成失败，请重试。".to_owned()))
}

pub(super) fn home(offers: &[KeyOffer], origins: &[Origin]) -> Html<String> {
    page(&Home { offers, origins })
}

pub(super) fn refusal(why: &str) -> Html<String> {
    page(&Refusal { why })
}

pub(super) fn confirmation(
    ask: &Ask,
    token: &str,
    offers: &[KeyOffer],
    error: Option<&str>,
) -> Html<String> {
    let sealed = offers.iter().any(|offer| offer.sealed);
    page(&Confirmation { ask, members: ask.members(), token, offers, sealed, error })
}

/// What a member of a statement is called; unknown ones keep their name.
fn member_title(name: &str) -> &str {
    match name {
        "v" => "文本类型",
        "title" => "办理事项",
        "act" => "事项代码",
        "object" => "业务对象",
        "login" => "登录名",
        "person" => "办理人编号",
        "payload_sm3" => "内容摘要（SM3）",
        "at" => "时间",
        "id" => "签名编号",
        other => other,
    }
}
