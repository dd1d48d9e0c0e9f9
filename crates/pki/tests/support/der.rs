//! A DER tree that can be bent: the tests break one rule at a time with it.

#![allow(dead_code, reason = "each test takes what it needs")]

#[derive(Debug, Clone)]
pub enum Body {
    Octets(Vec<u8>),
    Children(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    Minimal,
    Padded,
    Indefinite,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub tag: u8,
    pub body: Body,
    pub length: Length,
}

pub fn leaf(tag: u8, octets: impl Into<Vec<u8>>) -> Node {
    Node { tag, body: Body::Octets(octets.into()), length: Length::Minimal }
}

pub fn tree(tag: u8, children: Vec<Node>) -> Node {
    Node { tag, body: Body::Children(children), length: Length::Minimal }
}

impl Node {
    /// Parses bytes that are known to be good.
    pub fn parse(der: &[u8]) -> Self {
        let (node, rest) = Self::read(der);
        assert!(rest.is_empty());
        node
    }

    fn read(der: &[u8]) -> (Self, &[u8]) {
        let (tag, first) = (der[0], usize::from(der[1]));
        let count = if first < 0x80 { 0 } else { first & 0x7f };
        let len = if count == 0 {
            first
        } else {
            der[2..2 + count].iter().fold(0, |n, b| n << 8 | usize::from(*b))
        };
        let (mut content, rest) = der[2 + count..].split_at(len);
        if tag & 0x20 == 0 {
            return (leaf(tag, content), rest);
        }
        let mut children = Vec::new();
        while !content.is_empty() {
            let (child, after) = Self::read(content);
            children.push(child);
            content = after;
        }
        (tree(tag, children), rest)
    }

    pub fn encode(&self) -> Vec<u8> {
        let content = match &self.body {
            Body::Octets(octets) => octets.clone(),
            Body::Children(children) => children.iter().flat_map(Self::encode).collect(),
        };
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        let mut out = vec![self.tag];
        match (self.length, content.len()) {
            (Length::Indefinite, _) => out.push(0x80),
            (Length::Padded, _) => out.extend([0x83, 0, len[0], len[1]]),
            (_, 0..0x80) => out.push(len[1]),
            (_, 0x80..0x100) => out.extend([0x81, len[1]]),
            _ => out.extend([0x82, len[0], len[1]]),
        }
        out.extend(content);
        if self.length == Length::Indefinite {
            out.extend([0, 0]);
        }
        out
    }

    pub fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, at| &mut node.children()[*at])
    }

    pub fn children(&mut self) -> &mut Vec<Self> {
        match &mut self.body {
            Body::Children(children) => children,
            Body::Octets(_) => panic!("no children"),
        }
    }

    pub fn octets(&mut self) -> &mut Vec<u8> {
        match &mut self.body {
            Body::Octets(octets) => octets,
            Body::Children(_) => panic!("no octets"),
        }
    }
}
