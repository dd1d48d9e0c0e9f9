//! What both doors say of every certificate, held against what was acknowledged, against the database past the program,
//! and, for a sample, against OpenSSL.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gm::UserId;
use jiff::{SignedDuration, Timestamp};
use pki::crl::{Crl, Reason};
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Reply, Request};
use pki::{Certificate, Serial, Spki};
use serde_json::Value;

use super::load::{HANGS, Told};
use super::site::Site;
use super::support::{agent, ocsp};

/// Clocks of one machine, and the second to which instants are rounded.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Certificates that OpenSSL is asked about at each door, of each status.
const SAMPLE: usize = 2;

/// Looks at everything.
pub struct Judge<'s> {
    site: &'s Site,
    issuer: Certificate,
}

impl<'s> Judge<'s> {
    pub fn of(site: &'s Site) -> Self {
        let issuer = fetch(&format!("{}/ca/issuing.cer", site.urls[0])).unwrap();
        Self { site, issuer: Certificate::from_pem_or_der(&issuer).unwrap() }
    }

    pub fn judge(&self, told: &Told) {
        self.judge_rows();
        let all = self.all_statuses();
        self.judge_orders(told, &all);
        for url in &self.site.urls {
            self.judge_answers(url, &all);
            self.judge_lists(url, &all);
            self.judge_doctor(url);
            self.ask_openssl(url, &all);
        }
        println!("{} certificates at two doors, {} orders", all.len(), told.issued.len());
    }

    /// Serials of the issuing authority with their status, as the tables have them.
    fn all_statuses(&self) -> BTreeMap<String, String> {
        let rows = self.site.database.ask(
            "SELECT c.serial, c.status FROM certificate c JOIN issuer i ON i.id = c.issuer_id \
             WHERE i.name = 'issuing'",
        );
        let pair = |row: &String| row.split_once('|').map(|(a, b)| (a.to_owned(), b.to_owned()));
        rows.iter().map(|row| pair(row).unwrap()).collect()
    }

    /// A question for the database that no code of ours asks: instants that nobody set, windows that are none, a status
    /// that is not the last change, a certificate without its octets, anything that is half done.
    fn judge_rows(&self) {
        for (what, question) in ROWS {
            let found = self.site.database.ask(question);
            assert!(found.is_empty(), "{what}: {found:?}");
        }
    }

    /// Each order once, with both certificates, and each status as it was acknowledged last.
    fn judge_orders(&self, told: &Told, all: &BTreeMap<String, String>) {
        let rows = self.site.database.ask(
            "SELECT request_id, COUNT(*), COUNT(DISTINCT role), MIN(CASE WHEN role = 'sign' THEN serial END) \
             FROM certificate WHERE request_id LIKE 'node-%' GROUP BY request_id",
        );
        let made: BTreeMap<&str, (&str, &str, &str)> = rows
            .iter()
            .map(|row| {
                let parts: Vec<&str> = row.split('|').collect();
                (parts[0], (parts[1], parts[2], parts[3]))
            })
            .collect();
        for (id, serial) in &told.issued {
            assert_eq!(made.get(id.as_str()), Some(&("2", "2", serial.as_str())), "{id}");
        }
        assert_eq!(
            made.len(),
            told.issued.len(),
            "no order without its answer, no answer without its order"
        );
        for (serial, state) in &told.states {
            assert_eq!(all.get(serial).map(String::as_str), Some(*state), "{serial}");
        }
        assert!(!told.issued.is_empty());
        for state in ["good", "suspended", "revoked"] {
            assert!(told.states.values().any(|one| *one == state), "the load left nothing {state}");
        }
    }

    /// Every serial, under the digest for which answers are made ahead and under another.
    fn judge_answers(&self, url: &str, all: &BTreeMap<String, String>) {
        let window = SignedDuration::from_secs(self.site.settings().ocsp.window.into());
        let begin = Instant::now();
        for (serial, status) in all {
            for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sm3] {
                loop {
                    match self.judge_answer(url, (serial, status), (hash, window)) {
                        Ok(()) => break,
                        Err(wrong) => {
                            assert!(begin.elapsed() < HANGS, "{url} {serial} {hash:?}: {wrong}")
                        }
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    fn judge_answer(
        &self,
        url: &str,
        (serial, status): (&str, &str),
        (hash, window): (HashAlgorithm, SignedDuration),
    ) -> Result<(), String> {
        let key = Spki::of(&self.issuer.public_key().unwrap());
        let number = Serial::from_hex(serial).unwrap();
        let id = CertId::of(hash, self.issuer.subject(), &key, number).unwrap();
        let request = Request::new(vec![id.clone()], None).unwrap();
        let sent = agent().post(format!("{url}/ocsp")).send(request.der());
        let octets = sent.and_then(|mut answer| answer.body_mut().read_to_vec());
        let octets = octets.map_err(|cause| cause.to_string())?;
        let Ok(Reply::Answered(basic)) = Reply::from_der(&octets) else {
            return Err("no answer".to_owned());
        };
        let now = Timestamp::now();
        basic.verify(&self.issuer, &UserId::default(), now).map_err(|cause| cause.to_string())?;
        basic.answers(&request, now, SKEW).map_err(|cause| cause.to_string())?;
        let single = basic.find(&id).ok_or("not answered")?;
        let said = match single.status {
            CertStatus::Good => "good",
            CertStatus::Revoked { reason: Reason::CertificateHold, .. } => "suspended",
            CertStatus::Revoked { .. } => "revoked",
            CertStatus::Unknown => "unknown",
        };
        if said != status {
            return Err(format!("{said} instead of {status}"));
        }
        // Never absent, never shorter than nothing, never longer than what is configured; and not old (T-09).
        let end = single.next_update.ok_or("no nextUpdate")?;
        let (lasts, age) =
            (end.duration_since(single.this_update), now.duration_since(single.this_update));
        let fits = lasts > SignedDuration::ZERO && lasts <= window && age <= window && end > now;
        fits.then_some(()).ok_or(format!("from {} to {end}, now {now}", single.this_update))
    }

    /// The full list, as the delta list changes it, names exactly what is suspended or revoked.
    fn judge_lists(&self, url: &str, all: &BTreeMap<String, String>) {
        let barred: BTreeSet<&str> = all
            .iter()
            .filter(|(_, status)| *status != "good")
            .map(|(serial, _)| serial.as_str())
            .collect();
        let policy = self.site.settings().crl;
        let windows = [policy.full_window, policy.delta_window];
        let begin = Instant::now();
        loop {
            let lists =
                ["", "-delta"].map(|which| self.list(&format!("{url}/crl/issuing{which}.crl")));
            let now = Timestamp::now();
            for (list, window) in lists.iter().zip(windows) {
                let Some(list) = list else { continue };
                let end = list.next_update().expect("nextUpdate");
                let lasts = end.duration_since(list.this_update());
                assert!(lasts > SignedDuration::ZERO, "{url}: {lasts:?}");
                assert!(lasts <= SignedDuration::from_secs(window.into()), "{url}: {lasts:?}");
                assert!(
                    end > now && list.this_update().duration_since(now) <= SKEW,
                    "{url}: {end}"
                );
            }
            let [full, delta] = lists;
            let found = together(&full.expect("a full list"), delta.as_ref());
            if found.iter().map(String::as_str).collect::<BTreeSet<_>>() == barred {
                return;
            }
            assert!(begin.elapsed() < HANGS, "{url}: {found:?} instead of {barred:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn list(&self, url: &str) -> Option<Crl> {
        let list = Crl::from_der(fetch(url)?).unwrap();
        list.verify(&self.issuer.public_key().unwrap(), &UserId::default()).unwrap();
        Some(list)
    }

    fn judge_doctor(&self, url: &str) {
        let said = self.site.admin.at(url).get("/api/v1/doctor");
        let checks: Vec<&Value> = said.as_array().unwrap().iter().collect();
        for check in &checks {
            assert_ne!(check["level"], "failed", "{url}: {check}");
        }
        for name in ["journal", "clock", "device", "signatures", "crl", "background"] {
            let found: Vec<_> = checks.iter().filter(|check| check["name"] == name).collect();
            assert!(!found.is_empty(), "{name}");
            assert!(found.iter().all(|check| check["level"] == "good"), "{url}: {found:?}");
        }
    }

    /// The external judge.
    fn ask_openssl(&self, url: &str, all: &BTreeMap<String, String>) {
        for (status, word) in
            [("good", ": good"), ("suspended", ": revoked"), ("revoked", ": revoked")]
        {
            let some = all.iter().filter(|(_, one)| *one == status).map(|(serial, _)| serial);
            for serial in some.take(SAMPLE) {
                let said = ocsp(self.site.folder(), url, serial);
                assert!(said.contains(word), "{url} {serial} is {status}: {said}");
                assert_eq!(said.contains("certificateHold"), status == "suspended", "{said}");
                assert!(said.contains("This Update") && said.contains("Next Update"), "{said}");
            }
        }
    }
}

/// Each selects what should not be.
const ROWS: [(&str, &str); 9] = [
    (
        "certificates",
        "SELECT serial FROM certificate WHERE issued_at IS NULL OR issued_at <= 0 OR changed_at IS NULL \
         OR changed_at < issued_at OR not_before IS NULL OR not_before <= 0 OR not_after IS NULL \
         OR not_after <= not_before OR (invalid_since IS NOT NULL AND invalid_since <= 0) \
         OR (expired_at IS NOT NULL AND expired_at <= not_after) OR serial = '' \
         OR (status = 'good') <> (reason IS NULL) OR status NOT IN ('good', 'suspended', 'revoked') \
         OR issued_seq IS NULL OR issued_seq < 0 OR length(fingerprint) <> 64",
    ),
    (
        "certificates without their octets",
        "SELECT serial FROM certificate c WHERE NOT EXISTS (SELECT FROM certificate_der d \
         WHERE d.certificate_id = c.id AND length(d.der) > 0)",
    ),
    (
        "statuses that are not the last change",
        "SELECT c.serial, c.status, s.status FROM certificate c JOIN status_change s ON s.certificate_id = c.id \
         WHERE s.seq = (SELECT MAX(t.seq) FROM status_change t WHERE t.certificate_id = c.id) \
         AND (s.status <> c.status OR s.reason IS DISTINCT FROM c.reason OR s.at <> c.changed_at)",
    ),
    (
        "certificates that changed without a change",
        "SELECT serial FROM certificate c WHERE status <> 'good' AND NOT EXISTS \
         (SELECT FROM status_change s WHERE s.certificate_id = c.id)",
    ),
    ("changes", "SELECT seq FROM status_change WHERE at IS NULL OR at <= 0 OR serial = ''"),
    (
        "lists",
        "SELECT number FROM crl WHERE this_update <= 0 OR next_update <= this_update OR published_at <= 0 \
         OR length(der) = 0 OR this_update > published_at",
    ),
    (
        "numbers of lists",
        "SELECT issuer_id, number FROM crl WHERE kind <> 'shard' GROUP BY issuer_id, number HAVING COUNT(*) > 1",
    ),
    (
        "certificates and the records of their issue",
        "SELECT c.serial FROM certificate c WHERE NOT EXISTS (SELECT FROM journal j \
         WHERE j.seq = c.issued_seq AND j.kind = 'certificate.issued')",
    ),
    (
        "alarms, and what one node gave up that another was at",
        "SELECT seq, kind FROM journal WHERE kind IN ('signer.alarm', 'signer.quarantined', 'crl.abandoned', \
         'certificate.abandoned')",
    ),
];

/// RFC 5280 §5.2.4: what a delta list says replaces what its base said.
fn together(full: &Crl, delta: Option<&Crl>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = serials(full, |_| true);
    let newer = delta.filter(|delta| delta.number() >= full.number());
    if let Some(delta) = newer {
        let is_off = |reason: Reason| reason == Reason::RemoveFromCrl;
        let off = serials(delta, is_off);
        found.extend(serials(delta, |reason| !is_off(reason)));
        found.retain(|serial| !off.contains(serial));
    }
    found
}

fn serials(list: &Crl, wanted: impl Fn(Reason) -> bool) -> BTreeSet<String> {
    let entries = list.entries().map(|entry| entry.revoked);
    entries.filter(|entry| wanted(entry.reason)).map(|entry| entry.serial.to_hex()).collect()
}

fn fetch(url: &str) -> Option<Vec<u8>> {
    let mut answer = agent().get(url).call().unwrap();
    (answer.status().as_u16() == 200).then(|| answer.body_mut().read_to_vec().unwrap())
}
