//! How one certificate stands, as relying parties see it: by OCSP, by the delta list, by LDAP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use directory::message::{Frame, ReplyBody, Scope, decode_reply, frame_within, search_request};
use gm::UserId;
use gm::sm2::PrivateKey;
use gm::{OsRandom, Random as _};
use pki::ocsp::{CertId, HashAlgorithm, Nonce, Reply, Request};
use pki::strict::Tag;
use pki::{Certificate, Name, Serial, Spki, csr, oid};

use super::support::{World, agent};

/// What is looked at.
pub struct Sight {
    url: String,
    port: u16,
    serial: String,
    id: CertId,
    dn: String,
}

impl Sight {
    /// The certificate of a serial number; LDAP is at this port.
    pub fn new(world: &World, port: u16, serial: &str) -> Self {
        let issuer = fetch(&format!("{}/ca/{}.cer", world.url, app::ISSUER)).unwrap();
        let issuer = Certificate::from_pem_or_der(&issuer).unwrap();
        let key = Spki::of(&issuer.public_key().unwrap());
        let number = Serial::from_hex(serial).unwrap();
        let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), &key, number).unwrap();
        let settings = app::Settings::load(&app::Layout::new(world.data()).settings()).unwrap();
        let base = directory::DirectoryConfig::base_of(&settings.institution.name);
        let dn = format!("serialNumber={serial},ou=Certificates,{base}");
        Self { url: world.url.clone(), port, serial: serial.to_owned(), id, dn }
    }

    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Until the certificate is in the directory.
    pub fn wait_until_published(&self, patience: Duration) {
        let begin = Instant::now();
        while self.ldap_status().is_none() {
            assert!(begin.elapsed() < patience, "the certificate is not in the directory");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether it is seen as revoked, by `OCSP`, `delta list` or `LDAP`.
    pub fn sees_revoked(&self, way: &str) -> bool {
        match way {
            "OCSP" => self.ocsp_revoked(),
            "delta list" => self.delta_revoked(),
            _ => self.ldap_status().as_deref() == Some("revoked"),
        }
    }

    fn ocsp_revoked(&self) -> bool {
        let mut nonce = [0; 16];
        OsRandom.fill(&mut nonce).unwrap();
        let request =
            Request::new(vec![self.id.clone()], Some(Nonce::new(nonce).unwrap())).unwrap();
        let answer = agent().post(format!("{}/ocsp", self.url)).send(request.der()).unwrap();
        let octets = answer.into_body().read_to_vec().unwrap();
        let Ok(Reply::Answered(basic)) = Reply::from_der(&octets) else { return false };
        let found = basic.find(&self.id);
        found.is_some_and(|one| matches!(one.status, pki::ocsp::CertStatus::Revoked { .. }))
    }

    /// By the full list as the delta list changes it (RFC 5280 §5.2.4). The delta is fetched first, so
    /// that the full list at hand is its base or a later one: a delta that builds on a list that isn't out
    /// could be combined with nothing.
    fn delta_revoked(&self) -> bool {
        let serial = Serial::from_hex(&self.serial).unwrap();
        let list = |which: &str| {
            let octets = fetch(&format!("{}/crl/{}{which}.crl", self.url, app::ISSUER))?;
            Some(pki::crl::Crl::from_der(octets).unwrap())
        };
        let (delta, full) = (list("-delta"), list(""));
        let Some(full) = full else { return false };
        if let Some(delta) = &delta {
            let (base, number) = (delta.base(), full.number());
            assert!(base.is_some() && base <= number, "the base {base:?} is beyond {number:?}");
        }
        let newer = delta.as_ref().filter(|delta| delta.number() >= full.number());
        [newer, Some(&full)].into_iter().flatten().any(|list| list.lookup(&serial).is_some())
    }

    /// `certificateStatus` of its entry.
    fn ldap_status(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(&search_request(1, (&self.dn, Scope::Base), None)).ok()?;
        let mut octets = Vec::new();
        loop {
            if let Frame::Whole(whole) = frame_within(&octets, 1 << 20) {
                let first: Vec<u8> = octets.drain(..whole).collect();
                let ReplyBody::Entry { attributes, .. } = decode_reply(&first).ok()?.body else {
                    return None;
                };
                let own = attributes.iter().find(|(name, _)| name == "certificateStatus")?;
                return String::from_utf8(own.1.first()?.to_vec()).ok();
            }
            let mut part = [0; 4096];
            match stream.read(&mut part) {
                Ok(read) if read > 0 => octets.extend_from_slice(&part[..read]),
                _ => return None,
            }
        }
    }
}

/// A request for a device of a unit, as PEM: such a certificate is in the directory.
pub fn device_request(key: &PrivateKey, name: &str) -> String {
    let name = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "示例局"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, name),
    ]);
    let info = csr::request_info(&name, key.public_key());
    let der = csr::signed_request(&info, &key.sign(&UserId::default(), &info));
    pki::pem::encode("CERTIFICATE REQUEST", &der).unwrap()
}

fn fetch(url: &str) -> Option<Vec<u8>> {
    let answer = agent().get(url).call().ok()?;
    (answer.status().as_u16() == 200).then(|| answer.into_body().read_to_vec().unwrap())
}
