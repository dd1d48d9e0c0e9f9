//! Seeds of the parsers of `gm` and `access`, and of texts.

use std::fs;

use access::signature::{Outgoing, sign};
use gm::{UserId, sm2};
use yinxin_fuzz::{key, now};

use crate::write::{Counted, put, put_bent};

pub fn forms() {
    let signature = key().sign(&UserId::default(), b"message");
    let ciphertext = sm2::encrypt(key().public_key(), &[7; 16], &mut Counted(0)).expect("cipher");
    put_bent("gm_forms", "signature", &signature.to_der());
    put_bent("gm_forms", "ciphertext", &ciphertext.to_der());
    put("gm_forms", "ciphertext-raw", &ciphertext.to_raw());
    put_bent("gm_forms", "point", &key().public_key().to_sec1());
    put_bent("gm_forms", "pkcs8", &key().to_pkcs8_der().expect("a key"));
    put("gm_forms", "sec1", &key().to_sec1_der().expect("a key"));
}

pub fn texts() {
    put("pki_text", "id-number", b"11010519491231002X");
    put("pki_text", "id-number-wrong", b"110105194912310021");
    put("pki_text", "credit-code", b"91110000600037341L");
    put("pki_text", "officer", "军字第12345号".as_bytes());
    put("pki_text", "oid", b"1.2.156.10260.4.1.1");
    put("pki_text", "serial", b"00ff1234567890abcdef");
    for name in ["person-sign", "subca", "ocsp"] {
        let text = fs::read(format!("profiles/{name}.toml")).expect("a profile");
        put("pki_profile", name, &text);
    }
}

pub fn signed_requests() {
    let client = "11111111111111111111111111111111"
        .parse()
        .expect("a client");
    let bodies: [(&str, &str, Option<&str>, &[u8]); 2] = [
        ("post", "/api/v1/requests", None, b"{\"kind\":\"person\"}"),
        (
            "get",
            "/api/v1/certificates",
            Some("page=2&status=good"),
            b"",
        ),
    ];
    for (name, path, query, body) in bodies {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let outgoing = Outgoing {
            method,
            path,
            query,
            body,
        };
        let mut random = Counted(400);
        let headers = sign(&outgoing, &client, key(), (now(), &mut random)).expect("headers");
        let digest = headers.content_digest.unwrap_or_default();
        let (input, signature) = (headers.signature_input, headers.signature);
        let head = [
            method,
            path,
            query.unwrap_or(""),
            &digest,
            &input,
            &signature,
        ]
        .join("\n");
        put(
            "access_request",
            name,
            &[head.as_bytes(), b"\n", body].concat(),
        );
    }
    put(
        "access_request",
        "unsigned",
        b"GET\n/api/v1/certificates\n\n\n\n\n",
    );
}
