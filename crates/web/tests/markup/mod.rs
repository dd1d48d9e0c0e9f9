//! Pages as a browser reads them: tags with their attributes, forms with their fields. Enough of HTML
//! to see what a page would run, and to fill in what it asks for.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

/// A tag that opens or closes, and the text behind it.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Tag {
    /// The value of an attribute; empty if it is not there.
    pub fn value(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| known == name)
    }
}

/// Character references as our templates write them.
fn read(text: &str) -> String {
    let mut text = text.to_owned();
    for (written, sign) in [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")] {
        text = text.replace(written, sign);
    }
    text.replace("&#38;", "&")
}

/// Every tag of a page.
pub fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    for part in page.split('<').skip(1) {
        if !part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            continue;
        }
        let (inner, text) = part.split_at(end(part));
        let text = read(text.strip_prefix('>').unwrap_or(text));
        let name: String = inner.chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
        let attributes = attributes(inner.get(name.len()..).unwrap());
        tags.push(Tag { name: name.to_ascii_lowercase(), attributes, text });
    }
    tags
}

/// Where a tag ends: at the first `>` outside of quotes.
fn end(part: &str) -> usize {
    let mut quote = None;
    for (at, c) in part.char_indices() {
        match (c, quote) {
            ('>', None) => return at,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    part.len()
}

fn attributes(mut text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if text.is_empty() {
            return all;
        }
        let length = text.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(text.len());
        let name = text[..length.max(1).min(text.len())].to_ascii_lowercase();
        text = &text[length.max(1).min(text.len())..];
        let Some(rest) = text.strip_prefix('=') else {
            all.push((name, String::new()));
            continue;
        };
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quote {
            Some(quote) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        all.push((name, read(value)));
        text = rest;
    }
}

/// What a page would run or lead to that no page of ours has: scripts, handlers, addresses of scripts,
/// pictures from nowhere; and characters that turn what is read around.
pub fn live(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in tags(page) {
        // Ours come from the folder of assets and hold nothing themselves (the pages' own policy).
        let is_ours = tag.value("src").starts_with("/assets/") && tag.text.trim().is_empty();
        let script = tag.name == "script" && !is_ours;
        let picture = tag.name == "img" && tag.value("src") == "x";
        let runs = |(name, value): &(String, String)| {
            let value = value.trim().to_ascii_lowercase();
            let leads = matches!(&**name, "href" | "src" | "action" | "formaction");
            (name.len() > 3 && name.starts_with("on"))
                || (leads && value.starts_with("javascript:"))
        };
        if script || picture || tag.attributes.iter().any(runs) {
            found.push(format!("{tag:?}").chars().take(300).collect());
        }
    }
    if let Some(sign) = page.chars().find(|c| is_unseen(*c)) {
        found.push(format!("U+{:04X}", u32::from(sign)));
    }
    found
}

/// What nobody types: controls, and signs that turn the direction of writing (UAX #9).
pub fn is_unseen(sign: char) -> bool {
    (sign.is_control() && !matches!(sign, '\n' | '\r' | '\t'))
        || matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// The type of an input, or `textarea`, `select`.
    pub kind: String,
    pub value: String,
    pub checked: bool,
    /// A one-time code.
    pub once: bool,
    pub options: Vec<(String, bool)>,
}

impl Field {
    /// Whether somebody types into it.
    pub fn is_text(&self) -> bool {
        let typed = ["text", "search", "tel", "email", "url", "number", "date", "password"];
        self.kind == "textarea" || typed.contains(&self.kind.as_str())
    }
}

/// A form that changes something.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub multipart: bool,
    pub fields: Vec<Field>,
}

/// The forms of a page that are sent by POST to the site itself.
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    for tag in tags(page) {
        match tag.name.as_str() {
            "form" => {
                open = tag.value("method") == "post" && tag.value("action").starts_with('/');
                if open {
                    let multipart = tag.value("enctype").starts_with("multipart");
                    let action = tag.value("action").to_owned();
                    forms.push(Form { action, multipart, fields: Vec::new() });
                }
            }
            "/form" => open = false,
            _ if !open => {}
            "input" | "textarea" | "select" => {
                let kind = match (tag.name.as_str(), tag.value("type")) {
                    ("input", "") => "text",
                    ("input", kind) => kind,
                    (name, _) => name,
                };
                let value = match tag.name.as_str() {
                    "textarea" => tag.text.clone(),
                    _ => tag.value("value").to_owned(),
                };
                let field = Field {
                    name: tag.value("name").to_owned(),
                    kind: kind.to_owned(),
                    value,
                    checked: tag.has("checked"),
                    once: tag.value("autocomplete") == "one-time-code",
                    options: Vec::new(),
                };
                forms.last_mut().unwrap().fields.push(field);
            }
            "option" => {
                let option = (tag.value("value").to_owned(), tag.has("selected"));
                let select = forms.last_mut().and_then(|form| form.fields.last_mut());
                if let Some(select) = select {
                    select.options.push(option);
                }
            }
            _ => {}
        }
    }
    forms
}
