//! The other institution's server: plain HTTP on loopback, as well or as badly behaved as a story wants it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does when asked for a path.
#[derive(Clone)]
pub enum Act {
    /// Sends this.
    Body(Vec<u8>),
    /// Sends chunk after chunk, without saying how long it will be.
    Endless,
    /// Sends an octet now and then.
    Slow,
    /// Refuses.
    Status(u16),
    /// Sends elsewhere.
    Redirect(String),
    /// Hangs up.
    Close,
}

#[derive(Default)]
struct Shared {
    acts: HashMap<String, Act>,
    asked: Vec<String>,
}

/// A server that runs until the test ends.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::<Mutex<Shared>>::default());
        let served = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = served.clone();
                // A client that hangs up is no failure of the server.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { address, shared }
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn put(&self, path: &str, act: Act) {
        self.shared.lock().unwrap().acts.insert(path.to_owned(), act);
    }

    /// Every path that was asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
        stream.read_exact(&mut octet)?;
        head.push(octet[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    // A question that is left unread would cut the answer off.
    let length = text.to_ascii_lowercase().split("content-length:").nth(1).map(str::to_owned);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.trim().parse().ok());
    let mut question = vec![0; length.unwrap_or(0).min(8_192)];
    stream.read_exact(&mut question)?;
    let act = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(path.clone());
        shared.acts.get(&path).cloned().unwrap_or(Act::Status(404))
    };
    match act {
        Act::Body(body) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        Act::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"400\r\n")?;
                stream.write_all(&[0; 0x400])?;
                stream.write_all(b"\r\n")?;
            }
        }
        Act::Slow => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            loop {
                stream.write_all(b"0")?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Act::Status(status) => {
            let head = format!("HTTP/1.1 {status} Sorry\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
        Act::Redirect(to) => {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        }
        Act::Close => Ok(()),
    }
}
