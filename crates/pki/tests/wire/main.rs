//! Revocation lists, OCSP, key envelopes and messages, held against OpenSSL and against
//! whatever octets may come.

mod compare;
mod crl;
mod crl_judge;
mod envelope;
mod hostile;
mod message;
mod ocsp;
mod ocsp_judge;
mod openssl;
mod world;
