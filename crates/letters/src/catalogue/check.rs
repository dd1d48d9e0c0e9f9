//! What a text must hold to before any letter is made from it.

use super::{Template, TemplateBlock, Version};
use crate::model::LetterKind;
use crate::rules::fill::places;

/// What a refusing letter must say: why, under what, and what can be done about it.
const REFUSING: [&str; 4] = ["reason", "basis", "complaints", "supervision"];

/// Says what is wrong.
pub(super) fn template(template: &Template) -> Result<(), String> {
    if template.title.trim().is_empty() || template.basis.trim().is_empty() {
        return Err("缺少标题或依据".to_owned());
    }
    if template.versions.is_empty() {
        return Err("没有文本版本".to_owned());
    }
    if !template.versions.is_sorted_by(|a, b| a.effective < b.effective) {
        return Err("文本版本应按施行日期先后排列".to_owned());
    }
    for version in &template.versions {
        check(template.kind, version).map_err(|why| format!("版本 {}：{why}", version.number))?;
    }
    Ok(())
}

fn check(kind: LetterKind, version: &Version) -> Result<(), String> {
    let known = |place: &str| LetterKind::COMMON.contains(&place) || kind.places().contains(&place);
    let mut named = Vec::new();
    for text in version.blocks.iter().flat_map(texts) {
        for place in places(text) {
            if !known(place) {
                return Err(format!("没有填入处“{{{place}}}”"));
            }
            named.push(place);
        }
    }
    let lacks = |place: &&str| !named.contains(place);
    let needed = kind.places().iter().copied();
    let refusing = REFUSING.into_iter().filter(|_| kind.refuses());
    if let Some(place) = needed.chain(refusing).find(lacks) {
        return Err(format!("缺少填入处“{{{place}}}”"));
    }
    let inserted = |name: &str| {
        version
            .blocks
            .iter()
            .any(|block| matches!(block, TemplateBlock::Insert(one) if one == name))
    };
    if let Some(name) = kind.inserts().iter().find(|name| !inserted(name)) {
        return Err(format!("缺少插入内容“{name}”"));
    }
    let stranger = version.blocks.iter().find_map(|block| match block {
        TemplateBlock::Insert(name) if !kind.inserts().contains(&&**name) => Some(name),
        _ => None,
    });
    stranger.map_or(Ok(()), |name| Err(format!("没有插入内容“{name}”")))
}

fn texts(block: &TemplateBlock) -> Vec<&str> {
    match block {
        TemplateBlock::Paragraph(text) | TemplateBlock::Heading(text) => vec![text],
        TemplateBlock::List(items) => items.iter().map(String::as_str).collect(),
        TemplateBlock::Rows(rows) => rows.iter().flatten().map(String::as_str).collect(),
        TemplateBlock::Insert(_) => Vec::new(),
    }
}
