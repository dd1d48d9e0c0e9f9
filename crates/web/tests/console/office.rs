//! An institution with the people who look after it, as their browsers see it.

#![allow(dead_code, reason = "each test takes what it needs")]

use access::Custodians;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::UserId;

use crate::door::{Answer, ask};
use crate::way::{self, Staff};
use crate::world::World;

/// The institution and its people.
pub struct Office {
    pub world: World,
    pub chief: Staff,
    pub watch: Staff,
    pub inspector: Staff,
    pub head: Staff,
    /// Another business administrator.
    pub second: Staff,
    pub clerk: Staff,
    pub reviewer: Staff,
}

/// One sitting before a browser.
pub struct Seat<'o> {
    office: &'o Office,
    staff: &'o Staff,
    cookie: String,
    token: String,
}

impl Office {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut app::Settings)) -> Self {
        let world = World::with(|settings| {
            settings.institution.credit_code = "12110101YX0000016B".into();
            change(settings);
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), Staff(way::key()));
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch.0);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let second = chief.appoint(access, "head-2", "business_admin").await;
        let inspector = watch.appoint(access, "inspector", "inspector").await;
        let clerk = head.appoint(access, "clerk", "entry_clerk").await;
        let reviewer = head.appoint(access, "reviewer", "reviewer").await;
        Self { world, chief, watch, inspector, head, second, clerk, reviewer }
    }

    /// Signs in.
    pub async fn seat<'o>(&'o self, staff: &'o Staff) -> Seat<'o> {
        let access = self.world.institution.access();
        let secret = staff.token(access).await;
        let principal = access.authenticate_cookie(&secret).await.unwrap();
        let token = access.csrf_token(&principal).unwrap();
        Seat { office: self, staff, cookie: format!("yx={secret}"), token }
    }
}

impl Seat<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::builder().uri(path).header("accept", "text/html");
        let request = request.header("cookie", &self.cookie);
        ask(&self.office.world, request.body(Body::empty()).unwrap()).await
    }

    /// A page that is there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{path}: {text}");
        // No script but that of key files, and nothing inline (Invariant 12).
        let scripts = text.matches("<script").count();
        let own = text.matches("<script type=\"module\" src=\"/assets/keyfile-").count();
        assert!(scripts == own && !text.contains(" style="), "{path}");
        text
    }

    /// A list as a file.
    pub async fn file(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert!(answer.field("content-disposition").starts_with("attachment"), "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.starts_with('\u{feff}'), "{path} has its mark");
        text
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &self.token);
        form.extend_pairs(fields);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&self.office.world, request.body(Body::from(form.finish())).unwrap()).await
    }

    /// Sends a PDF in a field with other fields.
    pub async fn upload(&self, path: &str, (fields, file): (&[(&str, &str)], &str)) -> Answer {
        self.upload_all(path, (fields, &[file])).await
    }

    /// Sends a PDF in each of some fields with other fields.
    pub async fn upload_all(
        &self,
        path: &str,
        (fields, files): (&[(&str, &str)], &[&str]),
    ) -> Answer {
        let token = [("token", self.token.as_str())];
        let part = |(name, value): &(&str, &str)| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields: String = token.iter().chain(fields).map(part).collect();
        let paper = |file: &&str| {
            let head =
                format!("content-disposition: form-data; name=\"{file}\"; filename=\"a.pdf\"");
            format!("--x\r\n{head}\r\n\r\n%PDF-1.7\n%%EOF\r\n")
        };
        let files: String = files.iter().map(paper).collect();
        let body = format!("{fields}{files}--x--\r\n");
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=x");
        ask(&self.office.world, request.body(Body::from(body)).unwrap()).await
    }

    /// Fills a form whose order is to be signed; the path of the signature.
    pub async fn order(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status.as_u16(), 303, "{path}: {text}");
        answer.field("location").to_owned()
    }

    /// Posts once more what was signed.
    pub async fn sign_again(&self, path: &str) -> Answer {
        let signature = self.staff.0.sign(&UserId::default(), b"the statement is gone");
        let key = hex::encode(self.staff.0.public_key().to_sec1());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_der());
        self.post(path, &[("signature", &signature), ("key", &key)]).await
    }

    /// Signs what waits at a path, as the assistant would, and confirms it.
    pub async fn sign(&self, path: &str) -> Answer {
        let access = self.office.world.institution.access();
        let secret = self.cookie.trim_start_matches("yx=");
        let principal = access.authenticate_cookie(secret).await.unwrap();
        let id = path.rsplit('/').next().unwrap();
        let statement = access.pending_act(&principal, id).await.unwrap().statement;
        let signature = self.staff.0.sign(&UserId::default(), statement.as_bytes());
        let (signature, key) = (signature.to_der(), self.staff.0.public_key().to_sec1());
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let key = hex::encode(key);
        self.post(path, &[("signature", &signature), ("key", &key)]).await
    }
}

/// Text of a page as a person reads it.
pub fn unescaped(html: &str) -> String {
    let pairs = [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(html.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What stands in the element of an id.
pub fn element(page: &str, id: &str) -> String {
    let start = page.split(&format!("id=\"{id}\"")).nth(1).expect(id);
    let inner = start.split_once('>').unwrap().1.split('<').next().unwrap();
    unescaped(inner)
}

/// What stands in each element of a class.
pub fn elements(page: &str, class: &str) -> Vec<String> {
    let opening = format!("{class}\">");
    let parts = page.split(&opening).skip(1);
    parts.map(|part| unescaped(part.split('<').next().unwrap())).collect()
}
