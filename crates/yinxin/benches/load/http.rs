//! A connection that is kept open and costs its client next to nothing: requests are octets made
//! beforehand, of the answer only status and body are looked at.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects to `http://host:port`.
    pub fn open(url: &str) -> Self {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Sends a whole request and reads the whole answer: its status and its body.
    pub fn exchange(&mut self, request: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(request).unwrap();
        self.received.clear();
        let mut part = [0; 16 << 10];
        loop {
            let length = self.stream.read(&mut part).unwrap();
            assert!(length > 0, "connection closed");
            self.received.extend_from_slice(&part[..length]);
            if let Some((status, body)) = read(&self.received) {
                return (status, &self.received[body..]);
            }
        }
    }
}

/// Status and start of the body, when all of it is there.
fn read(received: &[u8]) -> Option<(u16, usize)> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&received[..end]).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (received.len() >= end + length.expect("an answer with its length")).then_some((status, end))
}

/// The octets of a POST.
pub fn post(target: &str, headers: &[(&'static str, String)], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut head = format!(
        "POST {target} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
