//! Writing requests, as a client of another directory: what is published there goes out with these
//! (RFC 4511 §4.2 to §4.8, RFC 2696 for pages).

use bytes::Bytes;

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, SEQUENCE, SET, put, put_number};
use super::encode::message;
use super::model::{PAGED_RESULTS, Paging, START_TLS, Scope};

/// An attribute as messages carry it: description and values.
pub type WireAttribute = (String, Vec<Bytes>);

/// A simple bind.
#[must_use]
pub fn bind_request(id: u32, name: &str, passphrase: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    put_number(&mut inner, INTEGER, 3);
    put(&mut inner, OCTETS, name.as_bytes());
    put(&mut inner, 0x80, passphrase);
    operation(id, 0x60, &inner)
}

/// The end of a connection.
#[must_use]
pub fn unbind_request(id: u32) -> Vec<u8> {
    operation(id, 0x42, &[])
}

/// TLS from here on.
#[must_use]
pub fn start_tls_request(id: u32) -> Vec<u8> {
    let mut inner = Vec::new();
    put(&mut inner, 0x80, START_TLS.as_bytes());
    operation(id, 0x77, &inner)
}

/// A new entry.
#[must_use]
pub fn add_request(id: u32, dn: &str, attributes: &[WireAttribute]) -> Vec<u8> {
    let (mut inner, mut list) = (Vec::new(), Vec::new());
    put(&mut inner, OCTETS, dn.as_bytes());
    attributes.iter().for_each(|attribute| put(&mut list, SEQUENCE, &written(attribute)));
    put(&mut inner, SEQUENCE, &list);
    operation(id, 0x68, &inner)
}

/// Other values for some attributes of an entry; an attribute without values goes, and one that
/// isn't there may be told to go (RFC 4511 §4.6, replace): asking twice changes nothing.
#[must_use]
pub fn replace_request(id: u32, dn: &str, attributes: &[WireAttribute]) -> Vec<u8> {
    let (mut inner, mut list) = (Vec::new(), Vec::new());
    put(&mut inner, OCTETS, dn.as_bytes());
    for attribute in attributes {
        let mut change = Vec::new();
        put_number(&mut change, ENUMERATED, 2);
        put(&mut change, SEQUENCE, &written(attribute));
        put(&mut list, SEQUENCE, &change);
    }
    put(&mut inner, SEQUENCE, &list);
    operation(id, 0x66, &inner)
}

/// An entry goes.
#[must_use]
pub fn delete_request(id: u32, dn: &str) -> Vec<u8> {
    operation(id, 0x4a, dn.as_bytes())
}

/// Every entry in scope with the attributes of users; a page of them where a page is given.
#[must_use]
pub fn search_request(id: u32, (base, scope): (&str, Scope), page: Option<&Paging>) -> Vec<u8> {
    let mut inner = Vec::new();
    put(&mut inner, OCTETS, base.as_bytes());
    let scope = match scope {
        Scope::Base => 0,
        Scope::One => 1,
        Scope::Subtree => 2,
    };
    // Scope, no following of aliases, no limits of ours.
    put_number(&mut inner, ENUMERATED, scope);
    put_number(&mut inner, ENUMERATED, 0);
    put_number(&mut inner, INTEGER, 0);
    put_number(&mut inner, INTEGER, 0);
    put(&mut inner, BOOLEAN, &[0]);
    put(&mut inner, 0x87, b"objectClass");
    let mut list = Vec::new();
    put(&mut list, OCTETS, b"*");
    put(&mut inner, SEQUENCE, &list);
    let mut search = Vec::new();
    put(&mut search, 0x63, &inner);
    message(id, &search, &page.map(control).unwrap_or_default())
}

fn control(page: &Paging) -> Vec<u8> {
    let (mut inner, mut value, mut control) = (Vec::new(), Vec::new(), Vec::new());
    put_number(&mut inner, INTEGER, page.size);
    put(&mut inner, OCTETS, &page.cookie);
    put(&mut value, SEQUENCE, &inner);
    put(&mut control, OCTETS, PAGED_RESULTS.as_bytes());
    // Whoever can't give pages would give everything at once.
    put(&mut control, BOOLEAN, &[0xff]);
    put(&mut control, OCTETS, &value);
    let (mut list, mut out) = (Vec::new(), Vec::new());
    put(&mut list, SEQUENCE, &control);
    put(&mut out, 0xa0, &list);
    out
}

fn written((description, values): &WireAttribute) -> Vec<u8> {
    let (mut out, mut set) = (Vec::new(), Vec::new());
    put(&mut out, OCTETS, description.as_bytes());
    values.iter().for_each(|value| put(&mut set, OCTETS, value));
    put(&mut out, SET, &set);
    out
}

fn operation(id: u32, tag: u8, inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len() + 8);
    put(&mut out, tag, inner);
    message(id, &out, &[])
}

#[cfg(test)]
mod tests {
    use super::super::{Authentication, Message, Operation, Write, decode};
    use super::*;

    #[test]
    fn what_a_client_writes_the_server_reads() {
        let page = Paging { size: 500, cookie: b"next".to_vec() };
        let octets = search_request(9, ("ou=CA,c=CN", Scope::Subtree), Some(&page));
        let message = decode(&octets).unwrap();
        assert_eq!(message.paging().and_then(Paging::of), Some(page));
        let Message { id: 9, operation: Operation::Search(search), .. } = message else {
            panic!("no search")
        };
        assert_eq!((search.base.as_slice(), search.scope), (&b"ou=CA,c=CN"[..], Scope::Subtree));
        assert_eq!(search.attributes, [b"*".to_vec()]);
        let bound = decode(&bind_request(1, "cn=writer", b"secret")).unwrap().operation;
        let Operation::Bind { version: 3, name, authentication } = bound else { panic!("no bind") };
        assert_eq!(name, b"cn=writer");
        let Authentication::Simple(passphrase) = authentication else { panic!("not simple") };
        assert_eq!(passphrase.octets(), b"secret");
        assert!(!format!("{passphrase:?}").contains("secret"));
        let attributes = [("cn".to_owned(), vec![Bytes::from_static(b"a")])];
        for (octets, write) in [
            (add_request(2, "cn=a", &attributes), Write::Add),
            (replace_request(2, "cn=a", &attributes), Write::Modify),
            (delete_request(2, "cn=a"), Write::Delete),
        ] {
            assert_eq!(decode(&octets).unwrap().operation, Operation::Write(write));
        }
        assert_eq!(decode(&unbind_request(3)).unwrap().operation, Operation::Unbind);
        let tls = Operation::Extended { oid: START_TLS.to_owned(), value: None };
        assert_eq!(decode(&start_tls_request(4)).unwrap().operation, tls);
    }

    #[test]
    fn an_addition_looks_as_the_standard_has_it() {
        let attributes = [("cn".to_owned(), vec![Bytes::from_static(b"a")])];
        let octets = add_request(1, "cn=a", &attributes);
        let wanted = [
            &[0x30, 24, 2, 1, 1, 0x68, 19, 4, 4][..],
            b"cn=a",
            &[0x30, 11, 0x30, 9, 4, 2],
            b"cn",
            &[0x31, 3, 4, 1],
            b"a",
        ];
        assert_eq!(octets, wanted.concat());
    }
}
