//! A browser without scripts: keeps its cookie, fills forms, and signs with the key of a person where
//! a page asks for it.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test takes what it needs")]

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::UserId;
use gm::sm2::PrivateKey;
use hmac::{Hmac, KeyInit, Mac};

use crate::door::{Answer, ask};
use crate::world::World;

/// A browser with what it keeps.
#[derive(Default)]
pub struct Browser {
    session: Option<String>,
    form: Option<String>,
}

/// The text of a page.
pub fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// The value of a field of a page.
pub fn field(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    after.unwrap_or_else(|| panic!("no field {name} in {page}")).split('"').next().unwrap().into()
}

impl Browser {
    /// With the session of somebody who signed in.
    pub fn with(session: &str) -> Self {
        Self { session: Some(session.to_owned()), form: None }
    }

    async fn go(&mut self, world: &World, request: http::request::Builder, body: String) -> Answer {
        let cookies = [("yx", &self.session), ("yx-form", &self.form)].into_iter();
        let cookies =
            cookies.filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = request.header("accept", "text/html").header("cookie", cookies);
        let answer = ask(world, request.body(Body::from(body)).unwrap()).await;
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            match name {
                "yx" => self.session = value,
                _ => self.form = value,
            }
        }
        answer
    }

    pub async fn get(&mut self, world: &World, path: &str) -> Answer {
        self.go(world, Request::builder().uri(path), String::new()).await
    }

    /// Opens a page, takes its token along, and posts these fields to an address.
    pub async fn post(
        &mut self,
        world: &World,
        (page, to): (&str, &str),
        fields: &[(&str, &str)],
    ) -> Answer {
        let token = field(&text(&self.get(world, page).await), "token");
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("token", &token).extend_pairs(fields).finish();
        let request = Request::builder().method("POST").uri(to);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.go(world, request, body).await
    }

    /// Sends a file with fields.
    pub async fn upload(
        &mut self,
        world: &World,
        (page, to): (&str, &str),
        (fields, file): (&[(&str, &str)], &str),
    ) -> Answer {
        let token = field(&text(&self.get(world, page).await), "token");
        let part = |(name, value): &(&str, &str)| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields: String = [("token", token.as_str())].iter().chain(fields).map(part).collect();
        let head = "content-disposition: form-data; name=\"file\"; filename=\"a.pdf\"";
        let body = format!("{fields}--x\r\n{head}\r\n\r\n{file}\r\n--x--\r\n");
        let request = Request::builder().method("POST").uri(to);
        let request = request.header("content-type", "multipart/form-data; boundary=x");
        self.go(world, request, body).await
    }

    /// Signs what an answer leads to, as the assistant would, and posts the signature.
    pub async fn sign(&mut self, world: &World, led: &Answer, key: &PrivateKey) -> Answer {
        let path = led.field("location").to_owned();
        assert!(path.starts_with("/sign/"), "{} {}", led.status, text(led));
        let page = text(&self.get(world, &path).await);
        let statement = field(&page, "text").replace("&#34;", "\"");
        let signed = key.sign(&UserId::default(), statement.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signed.to_der());
        let public = hex::encode(key.public_key().to_sec1());
        let fields = [("signature", signature.as_str()), ("key", public.as_str())];
        // The page that comes back from the assistant has the form with the token.
        let back = format!("{path}?signature={signature}&key={public}");
        self.post(world, (&back, &path), &fields).await
    }

    /// Signs a challenge of a page with a key: address to come back to, and the fields.
    pub async fn offer(
        &mut self,
        world: &World,
        path: &str,
        key: &PrivateKey,
    ) -> (String, [(String, String); 3]) {
        let page = text(&self.get(world, path).await);
        let challenge = field(&page, "text");
        let back = field(&page, "return").replace("&#38;", "&");
        let named = back.split("challenge=").nth(1).unwrap().split('&').next().unwrap();
        let signed = key.sign(&UserId::default(), challenge.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signed.to_der());
        let public = hex::encode(key.public_key().to_sec1());
        let back = format!("{path}?challenge={named}&signature={signature}&key={public}");
        let fields = [
            ("challenge".to_owned(), named.to_owned()),
            ("signature".to_owned(), signature),
            ("key".to_owned(), public),
        ];
        (back, fields)
    }
}

/// The one-time code of a secret as a page shows it (RFC 6238), for now.
pub fn code(world: &World, shown: &str) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = shown.chars().filter_map(|c| letters.find(c));
    let bits: String = letters.map(|value| format!("{value:05b}")).collect();
    let mut key = [0; 64];
    for (to, octet) in key.iter_mut().zip(bits.as_bytes().chunks_exact(8)) {
        *to = u8::from_str_radix(std::str::from_utf8(octet).unwrap(), 2).unwrap();
    }
    let mut mac = Hmac::<sha1::Sha1>::new(&key.into());
    mac.update(&(world.now().as_second() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest.last().unwrap() & 15);
    let number = digest.iter().skip(at).take(4).fold(0_u32, |sum, o| (sum << 8) | u32::from(*o));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}
