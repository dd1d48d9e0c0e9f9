//! GM/T 0015 (GB/T 20518): identity extensions `1.2.156.10260.4.1.x`.
//!
//! The 2012 edition leaves the tagging of the personal identity code open; the interoperable form is EXPLICIT
//! (two certificate libraries write it, and a public reader skips exactly those octets). The identifiers of the
//! 2023 edition below `.1` are known from one source only; they are read, never required.

mod choice;
mod code_string;
mod known_identity;
mod no_id_in_name;
mod not_critical;
mod not_in_ca;
mod number_form;
mod person_string;
mod person_tagging;
mod resident_id;
mod text_present;
mod unit_code;

use super::check::{Lint, Target};
use super::tlv::{self, tag};
use super::view::{Extension, View};
use crate::oid::{self, Oid};

pub(super) const LINTS: &[&Lint] = &[
    &known_identity::LINT,
    &not_critical::LINT,
    &not_in_ca::LINT,
    &text_present::LINT,
    &choice::LINT,
    &person_tagging::LINT,
    &person_string::LINT,
    &resident_id::LINT,
    &code_string::LINT,
    &unit_code::LINT,
    &number_form::LINT,
    &no_id_in_name::LINT,
];

/// residentIdCardNumber of the 2023 edition.
const RESIDENT_ID_2023: Oid = Oid::new("1.2.156.10260.4.1.1.1");
/// passportNumber of the 2023 edition.
const PASSPORT_2023: Oid = Oid::new("1.2.156.10260.4.1.1.2");

/// The identity extensions that the editions define.
const KNOWN: &[Oid] = &[
    oid::IDENTIFY_CODE,
    oid::INSURANCE_NUMBER,
    oid::IC_REGISTRATION_NUMBER,
    oid::ORGANIZATION_CODE,
    oid::TAXATION_NUMBER,
    RESIDENT_ID_2023,
    PASSPORT_2023,
];

/// The identity extensions of a certificate.
fn identities<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = &'v Extension<'a>> {
    view.extensions().iter().filter(|extension| is_identity(extension.oid))
}

/// Whether an identifier lies below 1.2.156.10260.4.1.
fn is_identity(kind: Oid) -> bool {
    // The arc without its last number: the content octets of a child begin with those of its parent.
    oid::IDENTIFY_CODE
        .as_bytes()
        .split_last()
        .is_some_and(|(_, arc)| kind.as_bytes().starts_with(arc))
}

fn has_identity(target: &Target<'_>) -> bool {
    identities(&target.view).next().is_some()
}

fn has_person(target: &Target<'_>) -> bool {
    target.view.extension(oid::IDENTIFY_CODE).is_some()
}

/// The personal identity code, however it is tagged.
struct Person<'a> {
    /// 0 resident identity card, 1 officer's card, 2 passport.
    choice: u8,
    /// Tag of the string behind an EXPLICIT tag; `None` when the tag is IMPLICIT.
    string: Option<u8>,
    /// The characters.
    text: &'a [u8],
}

fn person<'a>(view: &View<'a>) -> Option<Person<'a>> {
    let outer = view.extension_value(oid::IDENTIFY_CODE)?;
    match outer.tag {
        0xa0..=0xa2 => {
            let inner = tlv::one(outer.content)?;
            Some(Person { choice: outer.tag & 0x1f, string: Some(inner.tag), text: inner.content })
        }
        0x80..=0x82 => Some(Person { choice: outer.tag & 0x1f, string: None, text: outer.content }),
        _ => None,
    }
}

/// The resident identity number, in whichever extension it stands.
fn resident<'a>(view: &View<'a>) -> Option<&'a [u8]> {
    let card = person(view).filter(|person| person.choice == 0).map(|person| person.text);
    card.or_else(|| Some(view.extension_value(RESIDENT_ID_2023)?.content))
}

/// The characters of an identity extension, whichever it is.
fn text<'a>(view: &View<'a>, extension: &Extension<'a>) -> Option<&'a [u8]> {
    if extension.oid == oid::IDENTIFY_CODE {
        return person(view).map(|person| person.text);
    }
    let value = tlv::one(extension.value)?;
    matches!(value.tag, tag::PRINTABLE_STRING | tag::UTF8_STRING | tag::IA5_STRING)
        .then_some(value.content)
}
