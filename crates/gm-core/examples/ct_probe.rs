//! Everything that works on secrets, once, for a tool that follows secrets through the program.
//!
//! `scripts/ct-memcheck` runs this under Valgrind's memcheck. The probe prints where its secret
//! lies and waits; the script marks these octets as undefined, lets the probe go on, and every
//! branch or index that depends on them is an error of memcheck. What may become known passes
//! through `gm_core`'s one function for that, which the script suppresses by its name.
//!
//! Arguments: a file to wait for, and `control`, with which the probe branches on its secret.
//! That must be found: otherwise a run shows nothing.

// A report for a script.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::io::{self, Write as _};

use gm_core::sm2::{Ephemeral, Peer, PrivateKey, Role, encrypt};
use gm_core::{Error, sm3, sm4};

fn main() -> io::Result<()> {
    let mut secret = Box::new([0u8; 32]);
    getrandom::fill(&mut secret[..]).map_err(io::Error::other)?;
    // What an offended test would stumble over is made before the mark.
    let other = PrivateKey::from_bytes(&[7; 32]).map_err(io::Error::other)?;
    println!("secret {:#x} {}", secret.as_ptr().addr(), secret.len());
    io::stdout().flush()?;
    let mut arguments = std::env::args().skip(1);
    if let Some(file) = arguments.next() {
        wait_for(&file);
    }
    if arguments.next().is_some_and(|argument| argument == "control") {
        control(&secret);
    } else {
        sm2(&secret, &other).map_err(io::Error::other)?;
        symmetric(&secret).map_err(io::Error::other)?;
    }
    println!("done");
    Ok(())
}

/// Waits busily until the file exists: Valgrind takes orders while a program computes, not
/// while it sleeps in the kernel.
fn wait_for(file: &str) {
    while !std::fs::exists(file).unwrap_or(true) {
        for _ in 0..200_000 {
            black_box(());
        }
    }
}

/// Branches on the first octet.
fn control(secret: &[u8; 32]) {
    let [first, ..] = secret;
    for _ in 0..*first {
        black_box(());
    }
}

fn sm2(secret: &[u8; 32], other: &PrivateKey) -> Result<(), Error> {
    let key = PrivateKey::from_bytes(secret)?;
    black_box(key.sign(&[1; 32], &[2; 32]));
    black_box(key.sign(&[1; 32], &secret[..]));
    black_box(key.sign_batch(&[[1; 32], [2; 32], [3; 32]], &[4; 32]));
    // Sealed to another: opening fails, as late as it can.
    let sealed = encrypt(other.public_key(), &[5; 70], &[6; 32])?;
    black_box(key.decrypt(&sealed).is_err());
    black_box(encrypt(other.public_key(), &secret[..], secret)?.cipher().len());
    let (ours, theirs) = (Ephemeral::from_bytes(secret)?, Ephemeral::from_bytes(&[9; 32])?);
    let z = [8; 32];
    let peer = Peer { key: other.public_key(), z: &z, ephemeral: theirs.public_key() };
    let agreed = key.agree(Role::Initiator, &z, &ours, &peer)?;
    black_box((agreed.key(48).len(), agreed.confirmation(Role::Initiator)));
    Ok(())
}

fn symmetric(secret: &[u8; 32]) -> Result<(), Error> {
    let [key, text] = secret.as_chunks::<16>().0 else {
        return Err(Error::Length);
    };
    let cipher = sm4::Key::new(key);
    // Counts that take every way: one block, several groups, a rest.
    for count in [1, 4, 9, 40, 150] {
        let mut blocks: Vec<[u8; 16]> = (0..count).map(|_| *text).collect();
        cipher.encrypt_blocks(&mut blocks);
        cipher.decrypt_blocks(&mut blocks);
        cipher.ctr(text, blocks.as_flattened_mut());
        let sealed = cipher.cbc_encrypt(&[1; 16], blocks.as_flattened());
        black_box(cipher.cbc_decrypt(&[1; 16], &sealed)?.len());
        let gcm = sm4::Gcm::new(key);
        let sealed = gcm.seal(&[2; 12], &secret[..], blocks.as_flattened())?;
        black_box(gcm.open(&[2; 12], &secret[..], &sealed)?.len());
        let ccm = sm4::Ccm::new(key, 16)?;
        let sealed = ccm.seal(&[2; 12], &secret[..], blocks.as_flattened())?;
        black_box(ccm.open(&[2; 12], &secret[..], &sealed)?.len());
    }
    let mac = sm3::HmacKey::new(secret);
    black_box(mac.verify(&[secret], &mac.mac(&[secret])));
    black_box(sm3::hash_many(&[*secret; 17]));
    Ok(())
}
