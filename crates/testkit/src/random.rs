//! Random sources for tests: repeatable, or broken in a chosen way.

use gm::{DeviceError, Random, sm3};

/// SM3 in counter mode over a seed: the same seed gives the same octets. No secret, ever.
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: u64,
    block: u64,
    rest: Vec<u8>,
}

impl Seeded {
    /// A stream of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, block: 0, rest: Vec::new() }
    }

    /// A number below `limit` (which is not zero). Slightly uneven, which no test minds.
    pub fn below(&mut self, limit: usize) -> usize {
        let mut octets = [0; 8];
        self.fill(&mut octets).unwrap();
        usize::try_from(u64::from_be_bytes(octets) % u64::try_from(limit).unwrap()).unwrap()
    }

    /// One of the choices.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    /// `length` octets.
    pub fn octets(&mut self, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        self.fill(&mut octets).unwrap();
        octets
    }
}

impl Random for Seeded {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        while self.rest.len() < buf.len() {
            let input = [self.seed.to_be_bytes(), self.block.to_be_bytes()];
            self.rest.extend_from_slice(&sm3::hash(input.as_flattened()).0);
            self.block += 1;
        }
        let rest = self.rest.split_off(buf.len());
        buf.copy_from_slice(&self.rest);
        self.rest = rest;
        Ok(())
    }
}

/// How a [`Failing`] source behaves once it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Every octet is zero.
    Zero,
    /// The same block of 16 octets again and again.
    Repeat,
    /// Two blocks that take turns.
    Alternate,
    /// The source reports an error.
    Error,
}

/// Sound for a number of octets, then not.
#[derive(Debug, Clone)]
pub struct Failing {
    sound: Seeded,
    left: usize,
    failure: Failure,
    turn: u8,
}

impl Failing {
    /// Fails after `sound_octets`.
    pub fn after(sound_octets: usize, failure: Failure) -> Self {
        Self { sound: Seeded::new(7), left: sound_octets, failure, turn: 0 }
    }

    fn bad_octet(&mut self) -> u8 {
        self.turn = (self.turn + 1) % 32;
        match self.failure {
            Failure::Zero => 0,
            Failure::Alternate => 0x40 | self.turn,
            Failure::Repeat | Failure::Error => 0x40 | (self.turn % 16),
        }
    }
}

impl Random for Failing {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        let sound = self.left.min(buf.len());
        self.sound.fill(&mut buf[..sound])?;
        self.left -= sound;
        if sound < buf.len() && self.failure == Failure::Error {
            return Err(DeviceError::Broken("test source".into()));
        }
        for octet in &mut buf[sound..] {
            *octet = self.bad_octet();
        }
        Ok(())
    }
}
