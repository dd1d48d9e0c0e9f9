//! Text armour (RFC 7468), in and out.

use pem_rfc7468::LineEnding;

use crate::error::Error;

/// Label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// Label of a certification request.
pub const REQUEST: &str = "CERTIFICATE REQUEST";
/// Older label of a certification request.
pub const NEW_REQUEST: &str = "NEW CERTIFICATE REQUEST";
/// Label of a CRL.
pub const CRL: &str = "X509 CRL";

/// The DER inside `input`, which is DER itself, or PEM with one of `labels`.
/// Blank space around the armour and text before it are let through.
///
/// # Errors
/// [`Error::TooLarge`] before anything is decoded; [`Error::Pem`].
pub fn der_of(input: &[u8], labels: &[&str], limit: usize) -> Result<Vec<u8>, Error> {
    let armoured = starts_armour(input);
    let allowed = if armoured { limit.saturating_mul(3) / 2 + 1024 } else { limit };
    if input.len() > allowed {
        return Err(Error::TooLarge { what: "文件", actual: input.len(), limit: allowed });
    }
    if !armoured {
        return Ok(input.to_vec());
    }
    let (label, der) = decode(input)?;
    if labels.contains(&label.as_str()) {
        Ok(der)
    } else {
        Err(Error::Pem("文件中是另一种内容"))
    }
}

/// Every block with this label, in order; blocks with other labels are passed over.
///
/// # Errors
/// [`Error::Pem`] when a block is broken.
pub fn blocks(input: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Error> {
    let text = std::str::from_utf8(input).map_err(|_| Error::Pem("含有非文本内容"))?;
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let block = rest.get(start..).unwrap_or_default();
        let end = block.find("-----END ").ok_or(Error::Pem("缺少结束行"))?;
        let after = block.get(end + 9..).unwrap_or_default();
        let close = after.find("-----").ok_or(Error::Pem("结束行不完整"))? + end + 9 + 5;
        let (name, der) = decode(block.get(..close).unwrap_or_default().as_bytes())?;
        if name == label {
            found.push(der);
        }
        rest = block.get(close..).unwrap_or_default();
    }
    Ok(found)
}

/// DER as armoured text with line feeds.
///
/// # Errors
/// [`Error::Internal`] when the label is malformed.
pub fn encode(label: &str, der: &[u8]) -> Result<String, Error> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .map_err(|_| Error::Internal("PEM 编码失败"))
}

fn starts_armour(input: &[u8]) -> bool {
    input.first() != Some(&0x30)
        && input.windows(11).take(4096).any(|window| window == b"-----BEGIN ")
}

fn decode(input: &[u8]) -> Result<(String, Vec<u8>), Error> {
    let at = input.windows(11).position(|window| window == b"-----BEGIN ");
    let text = at.and_then(|at| input.get(at..)).unwrap_or_default();
    let (label, der) = pem_rfc7468::decode_vec(text.trim_ascii_end())
        .map_err(|_| Error::Pem("格式或 Base64 内容有误"))?;
    Ok((label.to_owned(), der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_comes_off_as_it_went_on() {
        let der = [0x30, 0x03, 0x02, 0x01, 0x05];
        let text = encode(CERTIFICATE, &der).unwrap();
        assert_eq!(der_of(text.as_bytes(), &[CERTIFICATE], 100).unwrap(), der);
        assert_eq!(der_of(&der, &[CERTIFICATE], 100).unwrap(), der);
        let noisy = format!("subject=CN = 张三\n{text}\n\n");
        assert_eq!(der_of(noisy.as_bytes(), &[CERTIFICATE], 100).unwrap(), der);
        assert_eq!(blocks(format!("{text}{text}").as_bytes(), CERTIFICATE).unwrap().len(), 2);
    }

    #[test]
    fn another_label_is_refused() {
        let text = encode("PRIVATE KEY", &[0x30, 0x00]).unwrap();
        assert_eq!(der_of(text.as_bytes(), &[REQUEST], 100).unwrap_err().code(), "pem.malformed");
    }

    #[test]
    fn size_is_looked_at_first() {
        assert_eq!(
            der_of(&vec![0; 10_000_000], &[REQUEST], 65536).unwrap_err().code(),
            "input.too-large"
        );
    }
}
