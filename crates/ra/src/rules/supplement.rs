//! Everything that is to be mended is told at once (一次性告知; Licensing Law Art. 32, followed here
//! for the acceptance of Measures Art. 21). A second list may name only what is new since the first,
//! or what the first named and the applicant did not mend.

use std::collections::BTreeSet;

use crate::catalogue::Kind;
use crate::error::{Error, Refusal};
use crate::model::{Form, SupplementItem};

/// Holds a list against what was told before and what has changed since.
pub(crate) fn check(
    kind: &Kind,
    items: &[SupplementItem],
    told: &BTreeSet<String>,
    changed: &BTreeSet<String>,
) -> Result<(), Error> {
    if items.is_empty() || !items.iter().all(complete) {
        return Err(Refusal::SupplementEmpty.into());
    }
    for item in items {
        let label = label(kind, &item.target)?;
        let first = told.is_empty();
        if !first && !told.contains(&item.target) && !changed.contains(&item.target) {
            return Err(Refusal::ToldOnce.at(format!("“{label}”在上次通知时已经存在")));
        }
    }
    Ok(())
}

fn complete(item: &SupplementItem) -> bool {
    let said = |text: &str| (2..=500).contains(&text.trim().chars().count());
    said(&item.defect) && said(&item.article) && said(&item.remedy)
}

/// What people call the target of an item.
pub(crate) fn label<'k>(kind: &'k Kind, target: &str) -> Result<&'k str, Error> {
    let found = match target.strip_prefix("material:") {
        Some(name) => kind.material(name).map(|rule| rule.title.as_str()),
        None => kind.field(target).map(|field| field.label.as_str()),
    };
    found.ok_or_else(|| Error::Unknown {
        what: "申请表字段或材料",
        name: target.chars().take(64).collect(),
    })
}

/// The fields that differ between two forms.
pub(crate) fn changed_fields(kind: &Kind, old: &Form, new: &Form) -> BTreeSet<String> {
    let differs = |name: &&str| old.value(name) != new.value(name);
    kind.fields.iter().map(|field| field.name.as_str()).filter(differs).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn verdict(targets: &[&str], told: &[&str], changed: &[&str]) -> &'static str {
        let catalogue = Catalogue::embedded().unwrap();
        let item = |target: &&str| SupplementItem {
            target: (*target).into(),
            defect: "不清晰".into(),
            article: "《办法》第二十一条".into(),
            remedy: "重新扫描后上传".into(),
        };
        let items: Vec<_> = targets.iter().map(item).collect();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let kind = catalogue.kind("person").unwrap();
        check(kind, &items, &set(told), &set(changed)).map_or_else(|e| e.code(), |()| "ok")
    }

    #[test]
    fn a_second_list_names_only_what_is_new_or_was_not_mended() {
        let photo = "material:identity_document";
        assert_eq!(verdict(&["phone", photo], &[], &[]), "ok");
        assert_eq!(verdict(&["phone"], &["phone"], &[]), "ok");
        assert_eq!(verdict(&["email"], &["phone"], &["email"]), "ok");
        assert_eq!(verdict(&["email"], &["phone"], &["phone"]), "ra.told_once");
        assert_eq!(verdict(&["phone", "email"], &["phone"], &[]), "ra.told_once");
        assert_eq!(verdict(&[photo], &["phone"], &[]), "ra.told_once");
    }

    #[test]
    fn an_item_names_a_place_a_defect_an_article_and_a_remedy() {
        assert_eq!(verdict(&[], &[], &[]), "ra.supplement_empty");
        assert_eq!(verdict(&["nothing"], &[], &[]), "ra.unknown");
        let mut item = SupplementItem {
            target: "phone".into(),
            defect: "不清晰".into(),
            article: "《办法》第二十一条".into(),
            remedy: "重新填写".into(),
        };
        assert!(complete(&item));
        item.article.clear();
        assert!(!complete(&item));
        let kind = Catalogue::embedded().unwrap().kind("person").unwrap().clone();
        let none = BTreeSet::new();
        let error = check(&kind, &[item.clone()], &none, &none).unwrap_err();
        assert_eq!(error.code(), "ra.supplement_empty");
        item.article = "《办法》第二十一条".into();
        assert!(complete(&item));
        assert!(!complete(&SupplementItem { defect: "x".into(), ..item.clone() }));
        assert!(!complete(&SupplementItem { remedy: " ".into(), ..item }));
    }

    #[test]
    fn a_target_is_called_as_on_the_page_and_what_changed_is_found_field_by_field() {
        let kind = Catalogue::embedded().unwrap().kind("person").unwrap().clone();
        assert_eq!(label(&kind, "phone").unwrap(), "手机号码");
        assert_eq!(label(&kind, "material:identity_document").unwrap(), "本人身份证件");
        let old = Form::new([("phone", "13000000000"), ("email", "a@example.cn")]);
        let mut new = old.clone();
        assert_eq!(changed_fields(&kind, &old, &new), BTreeSet::new());
        new.set("phone", "13100000000");
        new.set("locality", "东城区");
        let changed = changed_fields(&kind, &old, &new);
        assert_eq!(changed, BTreeSet::from(["phone".to_owned(), "locality".to_owned()]));
    }
}
