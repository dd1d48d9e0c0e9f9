//! Identity proofing: exactly one row of evidence for each element, by a means that can prove it
//! (Measures Art. 21 ¶3; T-18, T-20).

use std::collections::BTreeSet;

use crate::catalogue::{Kind, Means, Method, Need};
use crate::error::{Error, Refusal};
use crate::model::{Element, EvidenceRow, Finding, InquiryId, MaterialId, ProofOrder};

/// What evidence may refer to.
#[derive(Debug, Default)]
pub(crate) struct Exhibits {
    /// Materials of the application.
    pub materials: BTreeSet<MaterialId>,
    /// Answers of public databases that matched, with the key and the argument of their element.
    pub matches: Vec<(InquiryId, String)>,
    /// Whether the applicant signed this submission with the certificate that it is about.
    pub endorsed: bool,
}

/// Holds a proof against the elements of the form.
pub(crate) fn check(
    (kind, service): (&Kind, &str),
    method: &Method,
    order: &ProofOrder,
    elements: &[Element],
    exhibits: &Exhibits,
) -> Result<(), Error> {
    let allowed = method.kinds.contains(&kind.name)
        && method.services.iter().any(|name| name == service)
        && method.level >= kind.assurance
        && method.name == order.method;
    if !allowed {
        return Err(Refusal::MeansUnfit.at(method.title.as_str()));
    }
    one_row_each(order, elements)?;
    for element in elements {
        let rows = order.evidence.iter().filter(|row| row.element == element.key);
        rows.into_iter().try_for_each(|row| proves(method, row, element, exhibits))?;
    }
    Ok(())
}

/// A bijection: no element without a row, no row without an element, none twice.
fn one_row_each(order: &ProofOrder, elements: &[Element]) -> Result<(), Error> {
    for element in elements {
        let rows = order.evidence.iter().filter(|row| row.element == element.key).count();
        if rows != 1 {
            let detail = format!("“{}”有 {rows} 条核验记录", element.label);
            return Err(Refusal::EvidenceIncomplete.at(detail));
        }
    }
    let stray =
        order.evidence.iter().find(|row| !elements.iter().any(|one| one.key == row.element));
    match stray {
        None if elements.is_empty() => Err(Refusal::EvidenceIncomplete.at("没有可核验的要素")),
        None => Ok(()),
        Some(row) => {
            let detail =
                format!("申请表中没有“{}”", row.element.chars().take(64).collect::<String>());
            Err(Refusal::EvidenceIncomplete.at(detail))
        }
    }
}

fn proves(
    method: &Method,
    row: &EvidenceRow,
    element: &Element,
    exhibits: &Exhibits,
) -> Result<(), Error> {
    let about = |refusal: Refusal| refusal.at(format!("“{}”", element.label));
    let means = method.means(&row.means).ok_or_else(|| about(Refusal::MeansUnfit))?;
    if !means.proves.contains(&element.matter) {
        return Err(about(Refusal::MeansUnfit));
    }
    if row.finding != Finding::Matched {
        return Err(about(Refusal::NotMatched));
    }
    if shown(means, row, element, exhibits) {
        return Ok(());
    }
    Err(about(if means.needs == Need::Inquiry {
        Refusal::PublicDataSilent
    } else {
        Refusal::EvidenceIncomplete
    }))
}

/// Whether the row names what the means needs, and that is there.
fn shown(means: &Means, row: &EvidenceRow, element: &Element, exhibits: &Exhibits) -> bool {
    match means.needs {
        Need::Material => row.material.as_ref().is_some_and(|id| exhibits.materials.contains(id)),
        Need::Note => {
            row.note.as_deref().is_some_and(|note| (4..=500).contains(&note.trim().chars().count()))
        }
        Need::Inquiry => row.inquiry.as_ref().is_some_and(|id| {
            exhibits.matches.iter().any(|(known, key)| known == id && *key == element.key)
        }),
        Need::Signature => exhibits.endorsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::model::Form;

    struct Case {
        catalogue: Catalogue,
        elements: Vec<Element>,
        exhibits: Exhibits,
        order: ProofOrder,
    }

    /// A server with so many domains, proofed in person without a fault.
    fn case(domains: usize) -> Case {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind("server").unwrap();
        let mut form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        let names: Vec<String> = (0..domains).map(|n| format!("h{n}.example.gov.cn")).collect();
        form.set("domains", names.join("\n"));
        let elements = crate::rules::form::elements(kind, &form);
        let material = MaterialId::from_random([7; 16]);
        let method = catalogue.method("in-person").unwrap();
        let row = |element: &Element| {
            let means = method.means.iter().find(|m| m.proves.contains(&element.matter)).unwrap();
            EvidenceRow {
                element: element.key.clone(),
                means: means.name.clone(),
                finding: Finding::Matched,
                material: (means.needs == Need::Material).then(|| material.clone()),
                inquiry: None,
                note: (means.needs == Need::Note).then(|| "已按规定核对无误".to_owned()),
            }
        };
        let evidence = elements.iter().map(row).collect();
        let order = ProofOrder { version: 1, method: "in-person".into(), evidence };
        let exhibits = Exhibits { materials: [material].into(), ..Exhibits::default() };
        Case { catalogue, elements, exhibits, order }
    }

    impl Case {
        fn verdict(&self) -> &'static str {
            let kind = self.catalogue.kind("server").unwrap();
            let method = self.catalogue.method(&self.order.method).unwrap();
            let done = check((kind, "new"), method, &self.order, &self.elements, &self.exhibits);
            done.map_or_else(|error| error.code(), |()| "ok")
        }
    }

    #[test]
    fn one_to_a_hundred_elements_need_exactly_one_row_each() {
        for domains in 1..=100 {
            let mut case = case(domains);
            assert_eq!(case.verdict(), "ok");
            assert_eq!(case.order.evidence.len(), case.elements.len());
            let last = case.order.evidence.pop().unwrap();
            assert_eq!(case.verdict(), "ra.evidence_incomplete", "one too few of {domains}");
            case.order.evidence.push(last.clone());
            case.order.evidence.push(last);
            assert_eq!(case.verdict(), "ra.evidence_incomplete", "one twice of {domains}");
        }
    }

    #[test]
    fn one_domain_checked_many_times_proves_no_other() {
        let mut case = case(5);
        for row in case.order.evidence.iter_mut().filter(|row| row.element.starts_with("domains")) {
            row.element = "domains/0".into();
        }
        assert_eq!(case.verdict(), "ra.evidence_incomplete");
    }

    #[test]
    fn evidence_for_what_nobody_stated_is_refused() {
        let mut case = case(1);
        let mut stray = case.order.evidence[0].clone();
        stray.element = "domains/1".into();
        case.order.evidence.push(stray);
        assert_eq!(case.verdict(), "ra.evidence_incomplete");
    }

    #[test]
    fn a_means_proves_only_what_it_can() {
        let mut case = case(1);
        let domain = case.order.evidence.iter_mut().find(|r| r.element == "domains/0").unwrap();
        domain.means = "unit-document".into();
        assert_eq!(case.verdict(), "ra.means_unfit");
    }

    #[test]
    fn what_was_not_determined_does_not_pass() {
        for finding in [Finding::Undetermined, Finding::Mismatched] {
            let mut case = case(2);
            case.order.evidence[1].finding = finding;
            assert_eq!(case.verdict(), "ra.not_matched");
        }
    }

    #[test]
    fn evidence_must_be_there() {
        let mut unknown = case(1);
        unknown.exhibits.materials.clear();
        assert_eq!(unknown.verdict(), "ra.evidence_incomplete");
        let mut silent = case(1);
        let with_note = |row: &&mut EvidenceRow| row.note.is_some();
        silent.order.evidence.iter_mut().find(with_note).unwrap().note = Some("  ".into());
        assert_eq!(silent.verdict(), "ra.evidence_incomplete");
    }

    /// T-18: an answer of a public database about one value says nothing about another.
    #[test]
    fn an_answer_counts_for_the_element_that_was_asked_about_and_no_other() {
        let (asked, other) = (InquiryId::from_random([1; 16]), InquiryId::from_random([2; 16]));
        let mut case = case(1);
        let mut method = case.catalogue.method("in-person").unwrap().clone();
        let means = case.order.evidence[0].means.clone();
        method.means.iter_mut().filter(|m| m.name == means).for_each(|m| m.needs = Need::Inquiry);
        let key = case.order.evidence[0].element.clone();
        let kind = case.catalogue.kind("server").unwrap();
        let mut verdict = |inquiry: Option<&InquiryId>, matches: Vec<(InquiryId, String)>| {
            for row in case.order.evidence.iter_mut().filter(|row| row.means == means) {
                row.inquiry = inquiry.cloned();
            }
            case.exhibits.matches = matches;
            let elements = &case.elements[..];
            let done = check((kind, "new"), &method, &case.order, elements, &case.exhibits);
            done.map_or_else(|error| error.code(), |()| "ok")
        };
        let about = |id: &InquiryId, key: &str| vec![(id.clone(), key.to_owned())];
        assert_eq!(verdict(Some(&asked), about(&asked, &key)), "ok");
        assert_eq!(verdict(None, about(&asked, &key)), "ra.public_data_silent");
        assert_eq!(verdict(Some(&asked), vec![]), "ra.public_data_silent");
        assert_eq!(verdict(Some(&asked), about(&asked, "phone")), "ra.public_data_silent");
        assert_eq!(verdict(Some(&other), about(&asked, &key)), "ra.public_data_silent");
    }

    /// T-20: the kind, the service, the level and the name that was signed for, each by itself.
    #[test]
    fn a_method_that_misses_one_condition_is_not_used() {
        let case = case(1);
        let verdict = |change: fn(&mut Method), order: &ProofOrder| {
            let mut method = case.catalogue.method("in-person").unwrap().clone();
            change(&mut method);
            let kind = case.catalogue.kind("server").unwrap();
            let done = check((kind, "new"), &method, order, &case.elements, &case.exhibits);
            done.map_or_else(|error| error.code(), |()| "ok")
        };
        let kind = case.catalogue.kind("server").unwrap();
        assert_eq!(kind.assurance, 2);
        assert_eq!(verdict(|method| method.level = 2, &case.order), "ok", "just the level");
        assert_eq!(verdict(|method| method.level = 1, &case.order), "ra.means_unfit");
        assert_eq!(verdict(|method| method.kinds.clear(), &case.order), "ra.means_unfit");
        let no_new = |method: &mut Method| method.services.retain(|name| name != "new");
        assert_eq!(verdict(no_new, &case.order), "ra.means_unfit");
        let signed = ProofOrder { method: "unit-letter".into(), ..case.order.clone() };
        assert_eq!(verdict(|_| (), &signed), "ra.means_unfit", "another was signed for");
    }

    #[test]
    fn a_form_without_elements_is_proofed_by_nothing() {
        let mut case = case(1);
        case.elements.clear();
        case.order.evidence.clear();
        assert_eq!(case.verdict(), "ra.evidence_incomplete");
    }

    #[test]
    fn a_method_is_for_its_kinds_and_services_only() {
        let mut case = case(1);
        case.order.method = "remote".into();
        assert_eq!(case.verdict(), "ra.means_unfit");
        case.order.method = "certificate".into();
        assert_eq!(case.verdict(), "ra.means_unfit", "a new subscriber has no certificate");
    }
}
