//! What a form must hold. All that is wrong is told at once, field by field (一次性告知).

use core::net::IpAddr;
use std::collections::BTreeSet;

use jiff::civil::Date;
use law::CivilDate;
use pki::ident::{CreditCode, DocumentNumber, IdNumber, OfficerNumber};
use pki::name::is_invisible;
use pki::tbs::{is_domain, is_mailbox};

use crate::catalogue::{Field, FieldKind, Kind};
use crate::error::{Error, FieldError};
use crate::model::{Element, Form, lines};

/// A value longer than this is no value: it is not even kept.
const MOST_OCTETS: usize = 8 * 1024;

/// What is wrong with one value: code and text.
pub(crate) type Defect = (&'static str, String);

/// A form that is kept, whatever is wrong with it: only names that the kind does not know and
/// values beyond all measure are refused, for they come from no page of ours.
pub(crate) fn keepable(kind: &Kind, form: &Form) -> Result<(), Error> {
    let mut long = Vec::new();
    for name in form.names() {
        let Some(field) = kind.field(name) else {
            let name = name.chars().take(64).collect();
            return Err(Error::Unknown { what: "申请表字段", name });
        };
        if form.raw(name).len() > MOST_OCTETS {
            let count = form.raw(name).chars().count();
            long.push(FieldError {
                field: field.name.clone(),
                label: field.label.clone(),
                code: "ra.form.too_long",
                text: format!("填写的内容过长，现有 {count} 字，没有保存；请删减"),
            });
        }
    }
    if long.is_empty() { Ok(()) } else { Err(Error::Form(long)) }
}

/// All that is wrong with a form.
pub(crate) fn check(kind: &Kind, form: &Form, today: CivilDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in kind.fields.iter().filter(|field| form.asks(field)) {
        let raw = form.raw(&field.name);
        let mut found = match (form.value(&field.name).is_empty(), field.required) {
            (true, true) if field.kind == FieldKind::Choice => {
                vec![("ra.form.missing", "请选择".to_owned())]
            }
            (true, true) => vec![("ra.form.missing", "请填写".to_owned())],
            (true, false) => Vec::new(),
            (false, _) => defects(field, raw),
        };
        if found.is_empty() && field.kind == FieldKind::IdNumber && born_after(raw, today) {
            found.push(("ra.form.birth", "号码中的出生日期晚于今天，请核对".to_owned()));
        }
        let error = |(code, text)| FieldError {
            field: field.name.clone(),
            label: field.label.clone(),
            code,
            text,
        };
        errors.extend(found.into_iter().map(error));
    }
    errors
}

/// Whether an identity number that holds is of somebody not born yet.
fn born_after(number: &str, today: CivilDate) -> bool {
    let number = number.trim();
    let part = |from, to| number.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    let date = || {
        let (month, day) = (i8::try_from(part(10, 12)?).ok()?, i8::try_from(part(12, 14)?).ok()?);
        Date::new(part(6, 10)?, month, day).ok()
    };
    let now = Date::new(today.year(), today.month(), today.day());
    matches!((date(), now), (Some(born), Ok(now)) if born > now)
}

/// What is wrong with a value that is filled in.
pub(crate) fn defects(field: &Field, raw: &str) -> Vec<Defect> {
    let value = raw.trim();
    if field.kind.is_list() {
        return list(field, raw);
    }
    if value.chars().any(|c| c.is_control()) || value.chars().count() > field.max {
        return vec![(
            "ra.form.length",
            format!("应为一行，最多 {} 个字，不含控制字符", field.max),
        )];
    }
    match one(field, value) {
        None => Vec::new(),
        Some(defect) => vec![defect],
    }
}

fn one(field: &Field, value: &str) -> Option<Defect> {
    let pki = |result: Result<(), pki::Error>| {
        result.err().map(|error| (error.code(), format!("{error}，请核对")))
    };
    match field.kind {
        FieldKind::IdNumber => pki(IdNumber::parse(value).map(drop)),
        FieldKind::CreditCode => pki(CreditCode::parse(value).map(drop)),
        FieldKind::Passport => pki(DocumentNumber::parse(value).map(drop)),
        FieldKind::OfficerNumber => pki(OfficerNumber::parse(value).map(drop)),
        FieldKind::Name | FieldKind::UnitName | FieldKind::Text => text(field.kind, value),
        FieldKind::Phone => (!is_phone(value))
            .then(|| ("ra.form.phone", "应为 11 位手机号码，以 1 开头".to_owned())),
        FieldKind::Email => (!is_mailbox(value))
            .then(|| ("ra.form.email", "邮箱地址写法不对，例如 name@example.cn".to_owned())),
        FieldKind::Choice => (!field.choices.iter().any(|choice| choice.value == value))
            .then(|| ("ra.form.choice", "请从所列选项中选择".to_owned())),
        FieldKind::Domains | FieldKind::Addresses => None,
    }
}

/// A name of a person has letters only; other names may hold signs, but none that is not seen.
fn text(kind: FieldKind, value: &str) -> Option<Defect> {
    if value.chars().any(is_invisible) {
        return Some(("ra.form.unseen", "含有看不见的字符，请重新输入".to_owned()));
    }
    if kind == FieldKind::Name {
        let letter = |c: char| c.is_alphabetic() || matches!(c, '·' | ' ' | '-' | '\'' | '.');
        if !value.chars().all(letter) {
            return Some((
                "ra.form.name",
                "姓名只能由文字和间隔号“·”组成，请与证件核对".to_owned(),
            ));
        }
    }
    if kind != FieldKind::Text && value.chars().count() < 2 {
        return Some(("ra.form.short", "至少两个字，请填写全称".to_owned()));
    }
    None
}

pub(crate) fn is_phone(value: &str) -> bool {
    let mut digits = value.bytes();
    value.len() == 11
        && value.bytes().all(|b| b.is_ascii_digit())
        && digits.next() == Some(b'1')
        && digits.next().is_some_and(|second| second >= b'3')
}

fn list(field: &Field, raw: &str) -> Vec<Defect> {
    let lines = lines(raw);
    let mut found = Vec::new();
    if lines.len() > field.max {
        found.push(("ra.form.count", format!("最多 {} 行", field.max)));
    }
    let mut seen = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        let place = at + 1;
        let good = match field.kind {
            FieldKind::Domains => is_domain(line),
            _ => line.parse::<IpAddr>().is_ok_and(is_host),
        };
        if !good {
            found.push(("ra.form.line", format!("第 {place} 行“{}”写法不对", shortened(line))));
        } else if !seen.insert(line.to_ascii_lowercase()) {
            found.push(("ra.form.twice", format!("第 {place} 行与前面重复")));
        }
    }
    found
}

fn is_host(address: IpAddr) -> bool {
    !(address.is_unspecified() || address.is_multicast() || address.is_loopback())
}

fn shortened(line: &str) -> String {
    line.chars().take(40).collect()
}

/// What has to be proofed, one element for each value (T-18).
pub(crate) fn elements(kind: &Kind, form: &Form) -> Vec<Element> {
    let mut elements = Vec::new();
    for field in form.filled(kind) {
        let Some(matter) = field.matter else { continue };
        let element = |key: String, label: String, value: &str| Element {
            key,
            field: field.name.clone(),
            label,
            matter,
            value: value.to_owned(),
        };
        if field.kind.is_list() {
            for (at, line) in form.lines(&field.name).into_iter().enumerate() {
                let label = format!("{}（第 {} 个）", field.label, at + 1);
                elements.push(element(format!("{}/{at}", field.name), label, line));
            }
        } else {
            let value = form.value(&field.name);
            elements.push(element(field.name.clone(), field.label.clone(), value));
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn today() -> CivilDate {
        CivilDate::new(2026, 11, 22).unwrap()
    }

    fn sample(kind: &str) -> (Kind, Form) {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind(kind).unwrap().clone();
        let form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        (kind, form)
    }

    fn codes(field: &str, value: &str, kind: &str) -> Vec<&'static str> {
        let (kind, mut form) = sample(kind);
        form.set(field, value);
        check(&kind, &form, today()).iter().map(|error| error.code).collect()
    }

    #[test]
    fn the_sample_of_every_kind_holds() {
        for kind in ["person", "staff", "unit", "device", "server"] {
            let (kind, form) = sample(kind);
            assert_eq!(check(&kind, &form, today()), [], "{}", kind.name);
        }
    }

    #[test]
    fn identifiers_are_held_to_their_check_digits() {
        for (field, value, kind, code) in [
            ("id_number", "110101190001010015", "person", "ident.id-check"),
            ("id_number", "110101190013010015", "person", "ident.id-date"),
            ("id_number", "990101190001010014", "person", "ident.id-region"),
            ("id_number", "11010119000101001", "person", "ident.id-length"),
            ("credit_code", "12110101YX0000016C", "unit", "ident.credit-check"),
            ("credit_code", "12110101OX0000016B", "unit", "ident.credit-character"),
            ("phone", "12000000000", "person", "ra.form.phone"),
            ("phone", "１３０００００００００", "person", "ra.form.phone"),
            ("email", "甄@example.cn", "person", "ra.form.email"),
            ("holder_name", "甄有印1", "person", "ra.form.name"),
            ("holder_name", "甄\u{202e}有印", "person", "ra.form.unseen"),
            ("holder_name", "甄", "person", "ra.form.short"),
            ("holder_name", "<b>甄</b>", "person", "ra.form.name"),
            ("term_years", "9", "person", "ra.form.choice"),
            ("domains", "www.example.cn\nWWW.example.cn", "server", "ra.form.twice"),
            ("domains", "www.example.cn\n政务.cn", "server", "ra.form.line"),
            ("addresses", "127.0.0.1", "server", "ra.form.line"),
        ] {
            assert_eq!(codes(field, value, kind), [code], "{field} {value}");
        }
    }

    #[test]
    fn a_value_is_refused_from_just_beyond_each_bound_and_taken_up_to_it() {
        let long = |count: usize| "甄".repeat(count);
        for (field, value, kind, wanted) in [
            ("holder_name", "贾真".to_owned(), "person", None),
            ("holder_name", "买买提·示例".to_owned(), "person", None),
            ("holder_name", long(32), "person", None),
            ("holder_name", long(33), "person", Some("ra.form.length")),
            ("holder_name", "甄\n有印".to_owned(), "person", Some("ra.form.length")),
            ("unit_name", "馆".to_owned(), "unit", Some("ra.form.short")),
            ("locality", "县".to_owned(), "person", None),
            ("phone", "13000000000".to_owned(), "person", None),
            ("phone", "1300000000".to_owned(), "person", Some("ra.form.phone")),
            ("phone", "1300000000a".to_owned(), "person", Some("ra.form.phone")),
            ("phone", "23000000000".to_owned(), "person", Some("ra.form.phone")),
            ("phone", "12999999999".to_owned(), "person", Some("ra.form.phone")),
            ("addresses", "192.0.2.1\n2001:db8::1".to_owned(), "server", None),
            ("addresses", "0.0.0.0".to_owned(), "server", Some("ra.form.line")),
            ("addresses", "224.0.0.1".to_owned(), "server", Some("ra.form.line")),
            ("addresses", "::1".to_owned(), "server", Some("ra.form.line")),
            ("addresses", "192.0.2".to_owned(), "server", Some("ra.form.line")),
        ] {
            assert_eq!(codes(field, &value, kind), Vec::from_iter(wanted), "{field} {value}");
        }
        assert!(is_phone("13000000000") && !is_phone("130000000000") && !is_phone(""));
    }

    #[test]
    fn a_wrong_line_and_an_element_are_named_by_their_place() {
        let (kind, mut form) = sample("server");
        form.set("domains", "www.example.cn\n政务.cn\nWWW.example.cn");
        let texts: Vec<String> =
            check(&kind, &form, today()).into_iter().map(|error| error.text).collect();
        assert_eq!(texts, ["第 2 行“政务.cn”写法不对", "第 3 行与前面重复"]);
        form.set("domains", "www.example.cn\nmail.example.cn");
        let all = elements(&kind, &form);
        let labels: Vec<&str> =
            all.iter().filter(|e| e.field == "domains").map(|e| e.label.as_str()).collect();
        assert!(labels[0].ends_with("（第 1 个）") && labels[1].ends_with("（第 2 个）"));
    }

    #[test]
    fn who_is_born_today_is_born() {
        for (day, wanted) in [("20261122", vec![]), ("20261123", vec!["ra.form.birth"])] {
            let body = format!("110101{day}001");
            let number = format!("{body}{}", testkit::identity::id_number_check(&body));
            assert_eq!(codes("id_number", &number, "person"), wanted, "{day}");
        }
    }

    #[test]
    fn somebody_not_born_yet_is_noticed() {
        // 11010120270101 with its check digit.
        let body = "11010120270101001";
        let number = format!("{body}{}", testkit::identity::id_number_check(body));
        assert_eq!(codes("id_number", &number, "person"), ["ra.form.birth"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let (kind, _) = sample("person");
        let errors = check(&kind, &Form::default(), today());
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        let wanted = ["holder_name", "document_type", "show_identifier", "phone", "term_years"];
        assert_eq!(fields, wanted);
        let texts: Vec<&str> = errors.iter().map(|error| error.text.as_str()).collect();
        assert_eq!(texts, ["请填写", "请选择", "请选择", "请填写", "请选择"]);
    }

    #[test]
    fn a_field_that_is_not_asked_for_is_neither_checked_nor_proofed() {
        let (kind, mut form) = sample("person");
        form.set("passport_number", "不是护照号");
        assert_eq!(check(&kind, &form, today()), []);
        assert!(!elements(&kind, &form).iter().any(|e| e.key == "passport_number"));
        form.set("document_type", "passport");
        assert_eq!(check(&kind, &form, today()).len(), 1);
    }

    #[test]
    fn one_to_a_hundred_domains_are_as_many_elements_each_with_its_own_value() {
        let (mut kind, mut form) = sample("server");
        kind.fields.iter_mut().filter(|f| f.name == "domains").for_each(|f| f.max = 100);
        for count in 1..=100 {
            let names: Vec<String> =
                (0..count).map(|n| format!("host-{n}.example.gov.cn")).collect();
            form.set("domains", names.join("\n"));
            assert_eq!(check(&kind, &form, today()), []);
            let all = elements(&kind, &form);
            let domains: Vec<&Element> = all.iter().filter(|e| e.field == "domains").collect();
            let values: BTreeSet<&str> = domains.iter().map(|e| e.value.as_str()).collect();
            let keys: BTreeSet<&str> = domains.iter().map(|e| e.key.as_str()).collect();
            assert_eq!((domains.len(), values.len(), keys.len()), (count, count, count));
        }
    }

    #[test]
    fn only_what_no_page_of_ours_sends_is_not_kept() {
        let (kind, mut form) = sample("person");
        form.set("holder_name", "错".repeat(100));
        assert!(keepable(&kind, &form).is_ok());
        form.set("holder_name", "x".repeat(8192));
        assert!(keepable(&kind, &form).is_ok());
        form.set("holder_name", "x".repeat(8193));
        assert!(keepable(&kind, &form).is_err());
        assert!(keepable(&kind, &Form::new([("role", "admin")])).is_err());
    }
}
