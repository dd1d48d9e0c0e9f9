//! What a text becomes when its places are filled in. What is filled in is never read again: a name
//! with braces in it stays what it is.

use crate::catalogue::{TemplateBlock, Version};
use crate::error::Error;
use crate::model::{Block, Facts, LetterKind, Row};

/// The places of a text, in order.
pub(crate) fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(place, _)| place)
}

/// The body of a letter.
pub(crate) fn body(
    kind: LetterKind,
    version: &Version,
    facts: &Facts,
) -> Result<Vec<Block>, Error> {
    let filled = |text: &str| filled(text, facts).map_err(|place| missing(kind, place));
    let mut body = Vec::new();
    for block in &version.blocks {
        match block {
            TemplateBlock::Paragraph(text) => body.push(Block::Paragraph { text: filled(text)? }),
            TemplateBlock::Heading(text) => body.push(Block::Heading { text: filled(text)? }),
            TemplateBlock::List(items) => {
                let items = items.iter().map(|item| filled(item)).collect::<Result<_, _>>()?;
                body.push(Block::List { items });
            }
            TemplateBlock::Rows(rows) => {
                let row = |[label, value]: &[String; 2]| Ok(Row::new(label, filled(value)?));
                let rows: Vec<Row> = rows.iter().map(row).collect::<Result<_, Error>>()?;
                let rows = rows.into_iter().filter(|row| !row.value.trim().is_empty()).collect();
                body.push(Block::Rows { rows });
            }
            TemplateBlock::Insert(name) => {
                let blocks = facts.inserts.get(&**name).ok_or_else(|| missing(kind, name))?;
                body.extend(blocks.iter().cloned());
            }
        }
    }
    Ok(body)
}

fn missing(kind: LetterKind, place: &str) -> Error {
    Error::Missing { kind: kind.chinese(), place: place.to_owned() }
}

/// The text with its places filled in, or the place for which there is nothing.
fn filled<'t>(text: &'t str, facts: &Facts) -> Result<String, &'t str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((place, behind)) = after.split_once('}') else {
            return Err(after);
        };
        out.push_str(facts.texts.get(place).ok_or(place)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(blocks: Vec<TemplateBlock>) -> Version {
        Version { number: "1".into(), effective: "2026-01-01".parse().unwrap(), blocks }
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        let text = version(vec![TemplateBlock::Paragraph("{addressee}：{reason}。".into())]);
        let facts = Facts::default().text("addressee", "甄{reason}").text("reason", "{basis}");
        let body = body(LetterKind::NotIssued, &text, &facts).unwrap();
        assert_eq!(body, [Block::Paragraph { text: "甄{reason}：{basis}。".into() }]);
    }

    #[test]
    fn a_place_without_a_fact_is_named_and_nothing_is_printed() {
        let text = version(vec![TemplateBlock::Paragraph("{addressee}".into())]);
        let error = body(LetterKind::NotIssued, &text, &Facts::default()).unwrap_err();
        assert!(error.to_string().contains("addressee"), "{error}");
        let text = version(vec![TemplateBlock::Insert("items".into())]);
        assert!(body(LetterKind::Supplement, &text, &Facts::default()).is_err());
    }

    #[test]
    fn a_row_without_a_value_is_left_out() {
        let row = |label: &str, value: &str| [label.to_owned(), value.to_owned()];
        let rows = TemplateBlock::Rows(vec![row("甲", "{serial}"), row("乙", "{enc_serial}")]);
        let facts = Facts::default().text("serial", "01").text("enc_serial", "");
        let body = body(LetterKind::Delivery, &version(vec![rows]), &facts).unwrap();
        assert_eq!(body, [Block::Rows { rows: vec![Row::new("甲", "01")] }]);
    }
}
