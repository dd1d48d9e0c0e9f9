//! TLS of the directory: a transport certificate with a key of RSA or ECDSA, as usual clients know
//! them, out of PEM files.

use std::io::{Error, Result};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Accepts TLS with this certificate and key; with it the chain that was loaded (DER). No client has to have a
/// certificate.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<(TlsAcceptor, Vec<Vec<u8>>)> {
    let wrong = |path: &Path, error: &dyn std::fmt::Display| {
        let path = path.display();
        Error::other(format!("证书目录的传输证书或密钥 {path} 不能使用：{error}；请检查 PEM 文件"))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|all| all.collect::<std::result::Result<Vec<_>, _>>())
        .map_err(|error| wrong(certificate, &error))?;
    let loaded = chain.iter().map(|one| one.to_vec()).collect();
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| wrong(certificate, &error))?;
    Ok((TlsAcceptor::from(Arc::new(config)), loaded))
}
