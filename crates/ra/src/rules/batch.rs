//! Batches: what a row of a sheet means, what a list is, and which evidence each application gets from
//! one act over all of them (Measures Art. 21; T-18).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::catalogue::{Field, FieldKind, Kind, Method, SearchField};
use crate::error::{Error, FieldError, Refusal};
use crate::model::{
    BatchEvidence, BatchState, Element, EvidenceRow, Finding, Form, Material, Pace,
    ProofBatchOrder, ProofOrder,
};
use crate::sheet::{Cell, Column, EXPLANATION, Line};

/// The heading of the column with the request for the certificate.
pub(crate) const REQUEST: &str = "证书请求";
/// The heading of the column with what the device says about the key. A sheet may do without it.
pub(crate) const ATTESTATION: &str = "设备证明";
/// The heading of the column that says what is wrong.
pub(crate) const PROBLEM: &str = "问题";

/// What a column of a sheet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning<'k> {
    Field(&'k Field),
    Request,
    Attestation,
    /// Our own remark of last time.
    Problem,
}

/// A batch is worked on while it is open; `asked` is what was asked for.
pub(crate) const fn open(state: BatchState, asked: &'static str) -> Result<(), Error> {
    match state {
        BatchState::Open => Ok(()),
        other => Err(Error::BatchTurn { asked, state: other.chinese() }),
    }
}

/// The field with the number of the person that the certificate is for, if it is for one.
pub(crate) fn holder_number(kind: &Kind) -> Option<&Field> {
    let of_holder = |field: &&Field| {
        field.index == Some(SearchField::IdNumber) && !field.name.starts_with("agent_")
    };
    kind.fields.iter().find(of_holder)
}

/// The columns of a sheet of a kind.
pub(crate) fn columns(kind: &Kind) -> Vec<Column> {
    let field = |field: &Field| Column {
        heading: field.label.clone(),
        choices: field.choices.iter().map(|choice| choice.title.clone()).collect(),
        width: if field.kind.is_list() { 30 } else { 22 },
    };
    let request = Column { heading: REQUEST.to_owned(), choices: Vec::new(), width: 40 };
    let attestation = Column { heading: ATTESTATION.to_owned(), choices: Vec::new(), width: 40 };
    kind.fields.iter().map(field).chain([request, attestation]).collect()
}

/// The row that explains the columns.
pub(crate) fn explanation(kind: &Kind) -> Vec<String> {
    let field = |field: &Field| {
        let need = if field.required { "必填。" } else { "" };
        let lines =
            if field.kind.is_list() { "几个值之间用空格或换行隔开。" } else { "" };
        format!("{need}{}{lines}", field.help)
    };
    let request = "由密码设备的管理工具产生的 PKCS#10 证书请求，Base64 或 PEM 文本。";
    let mut cells: Vec<String> = kind.fields.iter().map(field).collect();
    cells.push(request.to_owned());
    let attestation = "密码设备为该密钥出具的证书链，PEM 文本或 Base64；没有的不填。";
    cells.push(attestation.to_owned());
    if let Some(first) = cells.first_mut() {
        *first = format!("{EXPLANATION}本行不导入。{first}");
    }
    cells
}

/// What each column is, by its heading. The order is free; nothing unknown, nothing twice, and nothing
/// missing that has to be filled in.
pub(crate) fn meanings<'k>(
    kind: &'k Kind,
    headings: &[String],
) -> Result<Vec<Option<Meaning<'k>>>, Error> {
    let mut seen: Vec<&str> = Vec::new();
    let mut meanings = Vec::new();
    for heading in headings {
        if seen.contains(&heading.as_str()) && !heading.is_empty() {
            return Err(Error::Sheet(format!("标题“{}”出现了两次，请删去一列", short(heading))));
        }
        seen.push(heading);
        let field = kind.fields.iter().find(|field| field.label == *heading);
        meanings.push(match (field, heading.as_str()) {
            (Some(field), _) => Some(Meaning::Field(field)),
            (None, REQUEST) => Some(Meaning::Request),
            (None, ATTESTATION) => Some(Meaning::Attestation),
            (None, PROBLEM) => Some(Meaning::Problem),
            (None, "") => None,
            (None, other) => {
                let text = format!("没有标题为“{}”的列，请使用{}的模板", short(other), kind.title);
                return Err(Error::Sheet(text));
            }
        });
    }
    let needed = kind.fields.iter().filter(|field| field.required).map(|field| &*field.label);
    let missing: Vec<&str> =
        needed.chain([REQUEST]).filter(|heading| !seen.contains(heading)).collect();
    if missing.is_empty() {
        return Ok(meanings);
    }
    Err(Error::Sheet(format!("缺少“{}”列，请使用下载的模板", missing.join("”“"))))
}

fn short(text: &str) -> String {
    text.chars().take(30).collect()
}

/// The texts of a row that are about the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyCells {
    pub request: String,
    pub attestation: String,
}

/// The form and the key of a row, with what is wrong with its cells as such.
pub(crate) fn row(
    meanings: &[Option<Meaning<'_>>],
    line: &Line,
) -> (Form, KeyCells, Vec<FieldError>) {
    let (mut form, mut key, mut errors) = (Form::default(), KeyCells::default(), Vec::new());
    for (at, cell) in line.cells.iter().enumerate() {
        let meaning = meanings.get(at).copied().flatten();
        let label = match meaning {
            Some(Meaning::Field(field)) => field.label.as_str(),
            Some(Meaning::Request) => REQUEST,
            Some(Meaning::Attestation) => ATTESTATION,
            Some(Meaning::Problem) => continue,
            None => "没有标题的列",
        };
        match (cell, meaning) {
            (Cell::Wrong { why, .. }, _) => {
                errors.push(defect(label, "ra.sheet.cell", (*why).to_owned()));
            }
            (Cell::Text(text), None) if text.is_empty() => {}
            (Cell::Text(_), None) => {
                errors.push(defect(label, "ra.sheet.stray", "请删去，或补上标题".to_owned()));
            }
            (Cell::Text(text), Some(Meaning::Field(field))) => {
                form.set(field.name.clone(), value(field, text));
            }
            (Cell::Text(text), Some(Meaning::Attestation)) => key.attestation.clone_from(text),
            (Cell::Text(text), Some(_)) => key.request.clone_from(text),
        }
    }
    (form, key, errors)
}

/// Something wrong with one column of a row.
pub(crate) fn defect(label: &str, code: &'static str, text: String) -> FieldError {
    FieldError { field: label.to_owned(), label: label.to_owned(), code, text }
}

/// The value of a form for the text of a cell: choices by their titles, lists by lines.
fn value(field: &Field, text: &str) -> String {
    if field.kind.is_list() {
        let separators = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
        return text
            .split(separators)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n");
    }
    if field.kind == FieldKind::Choice
        && let Some(choice) = field.choices.iter().find(|choice| choice.title == text)
    {
        return choice.value.clone();
    }
    text.to_owned()
}

/// The PEM text of a request that came as PEM or as bare Base64.
pub(crate) fn pem(request: &str) -> String {
    if request.trim_start().starts_with("-----") {
        return request.to_owned();
    }
    let bare: String = request.split_whitespace().collect();
    let letters: Vec<char> = bare.chars().collect();
    let lines: Vec<String> = letters.chunks(64).map(|line| line.iter().collect()).collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n")
}

/// What is wrong with a row, in one cell for the person who mends it.
pub(crate) fn told(errors: &[FieldError]) -> String {
    let one = |error: &FieldError| format!("{}：{}", error.label, error.text);
    errors.iter().map(one).collect::<Vec<_>>().join("；")
}

/// SM3 over a list: one line for each application, in the order of the ids, with the version of its form
/// and its own. Whoever signs it signs for these contents and no others.
pub(crate) fn list_sm3<'a>(members: impl IntoIterator<Item = (&'a str, i64, i64)>) -> String {
    gm::sm3::hash(list_text(members).as_bytes()).to_hex()
}

/// The lines of a list.
pub(crate) fn list_text<'a>(members: impl IntoIterator<Item = (&'a str, i64, i64)>) -> String {
    let mut text = String::new();
    for (id, form, version) in members {
        text.push_str(&format!("{id} {form} {version}\n"));
    }
    text
}

/// The pace of a run is that of its last minute.
pub(crate) const PACE_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// How fast it goes, and for how long with what is left: `done` since `first`, the earliest in the
/// window. Nothing as long as nothing was done in it.
pub(crate) fn pace((done, left): (u64, u64), first: Timestamp, now: Timestamp) -> Option<Pace> {
    let seconds = u64::try_from(now.duration_since(first).as_secs()).unwrap_or(0).max(1);
    let per_minute = done.saturating_mul(60).checked_div(seconds)?;
    let needed = left.saturating_mul(seconds).checked_div(done)?;
    Some(Pace { per_minute, left, seconds: needed })
}

/// Whether a method may be used for a batch, and the order has one entry for each matter of the forms.
pub(crate) fn proofable(
    (kind, service): (&Kind, &str),
    methods: &[String],
    (method, order): (&Method, &ProofBatchOrder),
) -> Result<(), Error> {
    let fits = methods.contains(&method.name)
        && method.kinds.contains(&kind.name)
        && method.services.iter().any(|name| name == service)
        && method.level >= kind.assurance;
    if !fits {
        return Err(Refusal::MeansUnfit.at(method.title.as_str()));
    }
    let mut seen: BTreeMap<&str, &BatchEvidence> = BTreeMap::new();
    for field in &kind.fields {
        let Some(matter) = field.matter else { continue };
        let mut entries = order.evidence.iter().filter(|entry| entry.matter == matter);
        let entry = entries.next().filter(|_| entries.next().is_none());
        let about = || Refusal::EvidenceIncomplete.at(format!("“{}”", field.label));
        seen.insert(&field.name, entry.ok_or_else(about)?);
    }
    if seen.is_empty() { Err(Refusal::EvidenceIncomplete.into()) } else { Ok(()) }
}

/// The proof of one application out of the order for all: each element of its form gets a row of its
/// own, by the means for its matter, with the material of this application (T-18). That nothing is
/// missing is for [`super::proof::check`] to say.
pub(crate) fn proof_of(
    order: &ProofBatchOrder,
    (elements, materials): (&[Element], &[Material]),
    version: i64,
) -> ProofOrder {
    let row = |element: &Element| {
        let entry = order.evidence.iter().find(|entry| entry.matter == element.matter)?;
        let named = |name: &String| materials.iter().find(|material| material.name == *name);
        Some(EvidenceRow {
            element: element.key.clone(),
            means: entry.means.clone(),
            finding: Finding::Matched,
            material: entry.material.as_ref().and_then(named).map(|material| material.id.clone()),
            inquiry: None,
            note: entry.note.clone(),
        })
    };
    let evidence = elements.iter().filter_map(row).collect();
    ProofOrder { version, method: order.method.clone(), evidence }
}

#[cfg(test)]
mod tests;
