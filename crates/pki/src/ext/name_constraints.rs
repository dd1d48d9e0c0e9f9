//! nameConstraints (RFC 5280 §4.2.1.10): the names a CA may certify.

use super::{GeneralName, TypedExtension};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Reader, Writer};

/// Names below a CA must lie in one of the permitted subtrees of their kind, and
/// in none of the excluded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameConstraints {
    /// Permitted; empty when absent.
    pub permitted: Vec<GeneralName>,
    /// Excluded; empty when absent.
    pub excluded: Vec<GeneralName>,
}

impl TypedExtension for NameConstraints {
    const OID: Oid = oid::NAME_CONSTRAINTS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut content = Reader::sequence_of(value)?;
        let permitted = subtrees(&mut content, 0)?;
        let excluded = subtrees(&mut content, 1)?;
        content.finish()?;
        if permitted.is_empty() && excluded.is_empty() {
            return Err(Error::malformed("名称约束扩展", "内容为空"));
        }
        Ok(Self { permitted, excluded })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (number, bases) in [(0, &self.permitted), (1, &self.excluded)] {
                if !bases.is_empty() {
                    w.explicit(number, |w| {
                        bases.iter().for_each(|base| w.sequence(|w| base.write(w)))
                    });
                }
            }
        });
    }
}

/// `GeneralSubtrees`: minimum is 0, left out; maximum does not occur. A dns or
/// directory base may be empty, which stands for every name.
fn subtrees(reader: &mut Reader<'_>, number: u8) -> Result<Vec<GeneralName>, Error> {
    let Some(mut list) = reader.explicit(number)? else {
        return Ok(Vec::new());
    };
    let mut bases = Vec::new();
    while !list.is_empty() {
        let mut subtree = list.sequence()?;
        bases.push(base(&mut subtree)?);
        if !subtree.is_empty() {
            return Err(Error::malformed("名称约束扩展", "不应写出最小值或最大值"));
        }
    }
    if bases.is_empty() {
        Err(Error::malformed("名称约束扩展", "子树列表为空"))
    } else {
        Ok(bases)
    }
}

fn base(subtree: &mut Reader<'_>) -> Result<GeneralName, Error> {
    let empty_text = |octet, name: fn(String) -> GeneralName| (octet, name);
    for (octet, name) in [
        empty_text(0x81, GeneralName::Email),
        empty_text(0x82, GeneralName::Dns),
        empty_text(0x86, GeneralName::Uri),
    ] {
        if subtree.remaining() == [octet, 0] {
            subtree.read()?;
            return Ok(name(String::new()));
        }
    }
    GeneralName::read(subtree)
}
