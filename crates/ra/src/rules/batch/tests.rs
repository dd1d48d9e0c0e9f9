//! Sheets, lists and the evidence of a batch.

use super::*;
use crate::catalogue::{Catalogue, Matter};

fn staff() -> Kind {
    Catalogue::embedded().unwrap().kind("staff").unwrap().clone()
}

fn headings(kind: &Kind) -> Vec<String> {
    columns(kind).into_iter().map(|column| column.heading).collect()
}

#[test]
fn headings_are_known_in_any_order_and_wrong_ones_are_named() {
    let kind = staff();
    let mut all = headings(&kind);
    all.reverse();
    all.push(PROBLEM.to_owned());
    assert!(meanings(&kind, &all).is_ok());
    let refusal = |headings: &[String]| meanings(&kind, headings).unwrap_err().to_string();
    let mut twice = all.clone();
    twice.push("姓名".into());
    assert!(refusal(&twice).contains("“姓名”出现了两次"));
    let mut foreign = all.clone();
    foreign.push("血型".into());
    assert!(refusal(&foreign).contains("“血型”"));
    let fewer: Vec<String> = all.iter().filter(|one| *one != "手机号码").cloned().collect();
    assert!(refusal(&fewer).contains("缺少“手机号码”"));
    let optional: Vec<String> = all.into_iter().filter(|one| one != "工作邮箱").collect();
    assert!(meanings(&kind, &optional).is_ok());
}

#[test]
fn choices_go_by_their_titles_and_lists_by_lines() {
    let kind = staff();
    let all = headings(&kind);
    let meanings = meanings(&kind, &all).unwrap();
    let mut cells = vec![Cell::Text(String::new()); all.len()];
    let at = |label: &str| all.iter().position(|one| one == label).unwrap();
    cells[at("证书有效期")] = Cell::Text("两年".into());
    cells[at("姓名")] = Cell::Wrong { shown: String::new(), why: "公式不计算" };
    cells.push(Cell::Text("多余".into()));
    let (form, _, errors) = row(&meanings, &Line { number: 3, cells });
    assert_eq!(form.value("term_years"), "2");
    assert_eq!(told(&errors), "姓名：公式不计算；没有标题的列：请删去，或补上标题");
    let catalogue = Catalogue::embedded().unwrap();
    let domains = catalogue.kind("server").unwrap().field("domains").unwrap().clone();
    assert_eq!(value(&domains, "a.cn，b.cn c.cn"), "a.cn\nb.cn\nc.cn");
}

#[test]
fn a_column_without_heading_is_nothing_as_long_as_it_is_empty() {
    let kind = staff();
    let mut all = headings(&kind);
    all.extend([String::new(), String::new()]);
    let meanings = meanings(&kind, &all).unwrap();
    assert_eq!(meanings[all.len() - 1], None);
    let mut cells = vec![Cell::Text("x".into()); all.len()];
    let last = all.len() - 1;
    cells[last] = Cell::Text(String::new());
    cells[last - 1] = Cell::Text(String::new());
    let (_, key, errors) = row(&meanings, &Line { number: 3, cells: cells.clone() });
    assert_eq!(errors, []);
    assert_eq!((key.request.as_str(), key.attestation.as_str()), ("x", "x"));
    cells[last] = Cell::Text("多余".into());
    let (_, _, errors) = row(&meanings, &Line { number: 3, cells });
    assert_eq!(errors[0].code, "ra.sheet.stray");
    let catalogue = Catalogue::embedded().unwrap();
    let domains = catalogue.kind("server").unwrap().field("domains").unwrap().clone();
    assert_eq!(value(&domains, "a.cn， b.cn；"), "a.cn\nb.cn");
}

#[test]
fn the_template_explains_each_column_and_says_what_is_needed() {
    let kind = staff();
    let told = explanation(&kind);
    assert_eq!(told.len(), headings(&kind).len());
    assert!(told[0].starts_with(EXPLANATION) && told[0].contains("必填"), "{}", told[0]);
    let at = |name: &str| kind.fields.iter().position(|field| field.name == name).unwrap();
    assert!(!told[at("email")].contains("必填"));
    assert!(told[told.len() - 2].contains("PKCS#10"));
    assert!(told[told.len() - 1].contains("证书链"));
    let catalogue = Catalogue::embedded().unwrap();
    let server = explanation(catalogue.kind("server").unwrap());
    assert!(server[0].contains("几个值之间"), "{}", server[0]);
    assert_eq!(holder_number(&kind).map(|field| &*field.name), Some("id_number"));
    assert!(holder_number(catalogue.kind("unit").unwrap()).is_none(), "that is the agent's");
}

/// T-18, T-20: each condition by itself, and one entry for each matter of the forms.
#[test]
fn a_batch_is_proofed_by_a_method_for_it_with_one_entry_for_each_matter() {
    let catalogue = Catalogue::embedded().unwrap();
    let kind = staff();
    let matters: std::collections::BTreeSet<Matter> =
        kind.fields.iter().filter_map(|field| field.matter).collect();
    let entry = |matter: &Matter| BatchEvidence {
        matter: *matter,
        means: "letter".into(),
        material: None,
        note: None,
    };
    let list = crate::model::ListRef {
        batch: crate::model::BatchId::from_random([1; 16]),
        count: 1,
        list_sm3: String::new(),
    };
    let order = ProofBatchOrder {
        list,
        method: "unit-letter".into(),
        evidence: matters.iter().map(entry).collect(),
    };
    let verdict = |change: fn(&mut Method), order: &ProofBatchOrder, methods: &[&str]| {
        let mut method = catalogue.method("unit-letter").unwrap().clone();
        change(&mut method);
        let methods: Vec<String> = methods.iter().map(|name| (*name).to_owned()).collect();
        let done = proofable((&kind, "new"), &methods, (&method, order));
        done.map_or_else(|error| error.code(), |()| "ok")
    };
    let listed = ["unit-letter"];
    assert_eq!(verdict(|_| (), &order, &listed), "ok");
    assert_eq!(verdict(|_| (), &order, &["in-person"]), "ra.means_unfit");
    assert_eq!(verdict(|method| method.kinds.clear(), &order, &listed), "ra.means_unfit");
    let no_new = |method: &mut Method| method.services.retain(|name| name != "new");
    assert_eq!(verdict(no_new, &order, &listed), "ra.means_unfit");
    assert_eq!(verdict(|method| method.level = 1, &order, &listed), "ra.means_unfit");
    let mut fewer = order.clone();
    fewer.evidence.pop();
    assert_eq!(verdict(|_| (), &fewer, &listed), "ra.evidence_incomplete");
    let mut twice = order.clone();
    twice.evidence.extend_from_within(..1);
    assert_eq!(verdict(|_| (), &twice, &listed), "ra.evidence_incomplete");
    let none = Kind { fields: Vec::new(), ..kind.clone() };
    let method = catalogue.method("unit-letter").unwrap();
    let nothing = proofable((&none, "new"), &["unit-letter".to_owned()], (method, &order));
    assert_eq!(nothing.unwrap_err().code(), "ra.evidence_incomplete");
}

#[test]
fn a_list_is_its_members_and_their_versions() {
    let one = list_sm3([("a", 1, 2), ("b", 1, 2)]);
    assert_eq!(one, list_sm3([("a", 1, 2), ("b", 1, 2)]));
    for other in [
        list_sm3([("a", 1, 2)]),
        list_sm3([("a", 2, 2), ("b", 1, 2)]),
        list_sm3([("a", 1, 3), ("b", 1, 2)]),
        list_sm3([("b", 1, 2), ("a", 1, 2)]),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn each_of_one_to_a_hundred_elements_gets_a_row_of_its_own() {
    let catalogue = Catalogue::embedded().unwrap();
    let kind = catalogue.kind("server").unwrap();
    let evidence = |matter| BatchEvidence {
        matter,
        means: "domain-control".into(),
        material: None,
        note: Some("逐一查到核验值".into()),
    };
    let order = ProofBatchOrder {
        list: crate::model::ListRef {
            batch: crate::model::BatchId::from_random([1; 16]),
            count: 1,
            list_sm3: String::new(),
        },
        method: "unit-letter".into(),
        evidence: vec![evidence(Matter::Domain)],
    };
    for count in 1..=100 {
        let domains: Vec<String> = (0..count).map(|n| format!("h{n}.example.cn")).collect();
        let form = Form::new([("domains", domains.join("\n"))]);
        let elements = crate::rules::form::elements(kind, &form);
        let proof = proof_of(&order, (&elements, &[]), 1);
        let keys: std::collections::BTreeSet<&str> =
            proof.evidence.iter().map(|row| row.element.as_str()).collect();
        assert_eq!((proof.evidence.len(), keys.len()), (count, count));
    }
}

#[test]
fn a_row_of_evidence_names_the_material_that_the_order_names() {
    let material = |name: &str, octet: u8| Material {
        id: crate::model::MaterialId::from_random([octet; 16]),
        name: name.into(),
        media: crate::model::Media::Pdf,
        size: 1,
        added_at: Timestamp::UNIX_EPOCH,
        round: 0,
        blob: String::new(),
    };
    let materials = [material("unit_letter", 1), material("unit_document", 2)];
    let elements = crate::rules::form::elements(&staff(), &Form::new([("phone", "13000000000")]));
    let proof = |name: Option<&str>| {
        let evidence = vec![BatchEvidence {
            matter: Matter::Phone,
            means: "list".into(),
            material: name.map(str::to_owned),
            note: None,
        }];
        let list = crate::model::ListRef {
            batch: crate::model::BatchId::from_random([1; 16]),
            count: 1,
            list_sm3: String::new(),
        };
        let order = ProofBatchOrder { list, method: "unit-letter".into(), evidence };
        proof_of(&order, (&elements, &materials), 4).evidence.remove(0).material
    };
    assert_eq!(proof(Some("unit_document")), Some(materials[1].id.clone()));
    assert_eq!(proof(Some("other")), None);
    assert_eq!(proof(None), None);
}

#[test]
fn a_batch_is_worked_on_while_it_is_open() {
    for state in BatchState::ALL {
        assert_eq!(open(state, "核验").is_ok(), state == BatchState::Open, "{state:?}");
    }
}

#[test]
fn the_pace_is_that_of_the_last_minute_and_none_before_anything_is_done() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let known = |done, left, seconds: i64| {
        pace((done, left), at(1_000), at(1_000 + seconds))
            .map(|pace| (pace.per_minute, pace.left, pace.seconds))
    };
    assert_eq!(known(100, 50, 20), Some((300, 50, 10)));
    assert_eq!(known(3, 0, 60), Some((3, 0, 0)));
    assert_eq!(known(5, 10, 0), Some((300, 10, 2)));
    assert_eq!(known(0, 10, 20), None);
}

#[test]
fn a_request_may_come_as_bare_base64() {
    let bare = "A".repeat(70);
    let text = pem(&bare);
    assert!(text.contains(&format!("\n{}\n{}\n", "A".repeat(64), "A".repeat(6))), "{text}");
    assert_eq!(pem(&text), text);
}
