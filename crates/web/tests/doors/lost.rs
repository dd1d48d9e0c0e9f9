//! What a page says to a text that is too long: so, beside the field, and everything that was typed is there again.

use crate::door::Answer;
use crate::fill::text;
use crate::markup::{self, Field, Form, Tag};

/// Letters over every limit of what people write, within that of a whole form.
pub const OVER: usize = 5_000;

/// Fields that take what programs make, however long: requests, chains of certificates, lists of serials.
const MADE_BY_PROGRAMS: [&str; 5] = ["csr", "attestation", "serials", "c_text", "s_text"];

/// Check codes, and one-time codes that are asked for by no other sign: they open something, so no page sends
/// them back.
const CODE: &str = "code";

/// Whether people write a text into a field, that has a limit.
pub fn is_written(field: &Field) -> bool {
    let typed = ["text", "search", "tel", "email", "url", "textarea"];
    let is_other = MADE_BY_PROGRAMS.contains(&&*field.name) || field.name == CODE || field.once;
    typed.contains(&field.kind.as_str()) && !is_other
}

/// What is wrong with the answer to a form in which `field` was too long; `is_told`: whether the form goes through
/// otherwise, so that its length is what is told.
pub fn flaws(
    answer: &Answer,
    (form, field, is_told): (&Form, &Field, bool),
    sent: &[(String, String)],
    found: impl Fn(&Form) -> bool,
) -> Vec<String> {
    let code = answer.status.as_u16();
    if code != 422 {
        return vec![format!("answers {code}, not with the page")];
    }
    let page = text(answer);
    let mut wrong = Vec::new();
    if is_told && !is_told_beside(&markup::tags(&page), &field.name) {
        wrong.push("no message beside the field".to_owned());
    }
    match markup::forms(&page).into_iter().find(found) {
        None => wrong.push("the form is gone".to_owned()),
        Some(again) => wrong.extend(lost(form, &again, sent)),
    }
    wrong
}

/// What was sent and is not in the form that came back. Secrets are never sent back, and browsers keep no files.
fn lost(form: &Form, again: &Form, sent: &[(String, String)]) -> Vec<String> {
    let kept = |name: &str, value: &str| {
        again.fields.iter().filter(|field| field.name == name).any(|field| match &*field.kind {
            "radio" | "checkbox" => field.value == value && field.checked,
            "select" => field.options.iter().any(|(option, chosen)| option == value && *chosen),
            _ => field.value == value,
        })
    };
    let is_kept_back = |name: &str| {
        let mut fields = form.fields.iter().filter(|field| field.name == name);
        let is_one =
            |field: &Field| field.once || matches!(&*field.kind, "hidden" | "password" | "file");
        name == "token" || name == CODE || fields.all(is_one)
    };
    let gone = sent.iter().filter(|(name, value)| !is_kept_back(name) && !kept(name, value));
    gone.map(|(name, value)| format!("{name} “{value:.12}” is lost")).collect()
}

/// Whether a mistake of the summary leads to the field, or to what it stands in, and is written there too.
fn is_told_beside(tags: &[Tag], name: &str) -> bool {
    let is_field = |tag: &Tag| {
        tag.value("name") == name && matches!(&*tag.name, "input" | "textarea" | "select")
    };
    let summary = tags.iter().position(|tag| tag.value("class") == "error-summary");
    let links = tags.iter().skip(summary.unwrap_or(tags.len()));
    let links = links.take_while(|tag| tag.name != "/div").filter(|tag| tag.name == "a");
    let targets: Vec<&str> = links.filter_map(|tag| tag.value("href").strip_prefix('#')).collect();
    // The name may stand in another form of the page as well.
    let mut fields = (0..tags.len()).filter(|at| is_field(&tags[*at]));
    fields.any(|field| {
        let leads = places(tags, &targets).any(|at| at == field || holds(tags, at, field));
        leads && (is_described(tags, &tags[field]) || is_in_row(tags, &targets, field))
    })
}

fn places<'t>(tags: &'t [Tag], ids: &'t [&str]) -> impl Iterator<Item = usize> + 't {
    ids.iter().filter_map(move |id| tags.iter().position(|tag| tag.value("id") == *id))
}

/// Whether what a field is described by is a mistake.
fn is_described(tags: &[Tag], field: &Tag) -> bool {
    field.value("aria-describedby").split(' ').any(|id| {
        let told = tags.iter().find(|tag| tag.value("id") == id && tag.value("class") == "error");
        told.is_some_and(|tag| !tag.text.trim().is_empty())
    })
}

/// Whether an element holds another one: as many of its name were closed as were opened behind it.
fn holds(tags: &[Tag], outer: usize, inner: usize) -> bool {
    let Some(between) = tags.get(outer + 1..inner) else { return false };
    let name = &tags[outer].name;
    let mut open = 1_i32;
    for tag in between {
        open += i32::from(tag.name == *name);
        open -= i32::from(tag.name.strip_prefix('/') == Some(name));
        if open == 0 {
            return false;
        }
    }
    !matches!(&**name, "input" | "textarea" | "select" | "a" | "p")
}

/// A row of a table, or a group, that the mistake names says it once for its fields.
fn is_in_row(tags: &[Tag], targets: &[&str], field: usize) -> bool {
    places(tags, targets).filter(|at| *at != field && holds(tags, *at, field)).any(|at| {
        let inside = tags.iter().enumerate().skip(at).filter(|(to, _)| holds(tags, at, *to));
        let mut errors = inside.filter(|(_, tag)| tag.value("class") == "error");
        errors.any(|(_, tag)| !tag.text.trim().is_empty())
    })
}

/// The judge sees what it is for.
#[test]
fn a_page_that_loses_something_or_says_nothing_is_seen() {
    let shown = |class: &str, value: &str| {
        format!(
            "<div class=\"error-summary\"><ul><li><a href=\"#a\">长</a></ul></div>\
             <form method=\"post\" action=\"/x\"><p class=\"{class}\" id=\"a-error\">长</p>\
             <input id=\"a\" name=\"a\" value=\"{value}\" aria-describedby=\"a-error\"></form>"
        )
    };
    let told = |page: &str| is_told_beside(&markup::tags(page), "a");
    assert!(told(&shown("error", "x")));
    assert!(!told(&shown("hint", "x")), "not said there");
    assert!(!told(&shown("error", "x").replace("#a", "#b")), "leads elsewhere");
    let row = "<div class=\"error-summary\"><a href=\"#r\">长</a></div><table><tr id=\"r\"><td>\
         <p class=\"error\">长</p></td><td><input name=\"a\"></td></tr></table>";
    assert!(told(row));
    assert!(!told(&row.replace("</p></td>", "</p></td></tr><tr>")), "another row");
    let form = markup::forms(&shown("error", "x")).pop().unwrap();
    let again = |value: &str| markup::forms(&shown("error", value)).pop().unwrap();
    let sent = [("a".to_owned(), "x".to_owned())];
    assert!(lost(&form, &again("x"), &sent).is_empty());
    assert_eq!(lost(&form, &again(""), &sent).len(), 1);
}
