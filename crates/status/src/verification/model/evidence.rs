//! What an asker encloses: certificates that may help, CRLs, OCSP answers. Nothing of it is believed
//! before its signature is.

use pki::crl::Crl;
use pki::ocsp::{BasicResponse, Reply};
use pki::{Certificate, pem};

use super::Wrong;

/// Most certificates, CRLs or OCSP answers that may come with one question, each.
pub const MOST_ENCLOSED: usize = 32;

/// What came along.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Certificates that may stand between the one in question and an anchor.
    pub certificates: Vec<Certificate>,
    /// Revocation lists, of whichever issuer.
    pub lists: Vec<Crl>,
    /// OCSP answers.
    pub answers: Vec<BasicResponse>,
}

impl Evidence {
    /// Adds certificates: DER, or PEM with any number of them.
    ///
    /// # Errors
    /// When one can't be read, or there are too many.
    pub fn add_certificates(&mut self, octets: &[u8]) -> Result<(), Wrong> {
        for der in several(octets, pem::CERTIFICATE)? {
            let certificate = Certificate::from_der(&der);
            self.certificates
                .push(certificate.map_err(|why| Wrong::Certificates(why.to_string()))?);
        }
        enough(self.certificates.len())
    }

    /// Adds revocation lists: DER, or PEM with any number of them.
    ///
    /// # Errors
    /// When one can't be read, or there are too many.
    pub fn add_lists(&mut self, octets: &[u8]) -> Result<(), Wrong> {
        for der in several(octets, pem::CRL)? {
            let list = Crl::from_der(der).map_err(|why| Wrong::Lists(why.to_string()))?;
            self.lists.push(list);
        }
        enough(self.lists.len())
    }

    /// Adds an OCSP answer in DER.
    ///
    /// # Errors
    /// When it can't be read, tells of no status, or there are too many.
    pub fn add_answer(&mut self, der: &[u8]) -> Result<(), Wrong> {
        match Reply::from_der(der) {
            Ok(Reply::Answered(answer)) => self.answers.push(*answer),
            Ok(Reply::Failed(_)) => {
                return Err(Wrong::Answers(
                    "其中是一个失败应答，没有说明任何证书的状态".to_owned(),
                ));
            }
            Err(why) => return Err(Wrong::Answers(why.to_string())),
        }
        enough(self.answers.len())
    }

    /// Adds what a signed message carries. A list or certificate that can't be read helps nobody and
    /// harms nobody: it is left out.
    pub(crate) fn add_carried(&mut self, certificates: &[Certificate], lists: &[Vec<u8>]) {
        let room = MOST_ENCLOSED.saturating_sub(self.certificates.len());
        self.certificates.extend(certificates.iter().take(room).cloned());
        let room = MOST_ENCLOSED.saturating_sub(self.lists.len());
        let read = lists.iter().filter_map(|der| Crl::from_der(der.clone()).ok());
        self.lists.extend(read.take(room));
    }
}

/// The blocks of a PEM text, or the one DER element.
fn several(octets: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Wrong> {
    if octets.first() == Some(&0x30) {
        return Ok(vec![octets.to_vec()]);
    }
    let blocks = pem::blocks(octets, label).map_err(|why| Wrong::Enclosed(why.to_string()))?;
    if blocks.is_empty() { Err(Wrong::NotPem(label.to_owned())) } else { Ok(blocks) }
}

fn enough(count: usize) -> Result<(), Wrong> {
    if count > MOST_ENCLOSED { Err(Wrong::TooMany(MOST_ENCLOSED)) } else { Ok(()) }
}
