//! Random octets, and the test that notices a stuck source before it harms.

use crate::DeviceError;

/// A source of random octets fit for keys, nonces and serial numbers.
pub trait Random {
    /// Fills `buf` or says why not; never fills it partly and succeeds.
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        getrandom::fill(buf).map_err(|cause| DeviceError::Broken(format!("系统随机数：{cause}")))
    }
}

impl<R: Random + ?Sized> Random for Box<R> {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        (**self).fill(buf)
    }
}

/// How many past blocks a new one is compared with.
const REMEMBERED: usize = 8;
/// The start-up sample: 20,000 bits.
const SAMPLE: usize = 2_500;

/// A source under continuous test (as FIPS 140-2 §4.9.2 asks, and wider).
///
/// A block of 16 octets that is all zero, all ones or equal to one of the last eight proves the
/// source stuck: a sound one does this once in 2^125 draws. From then on every call answers
/// `Broken`; nothing is signed or issued with it again (incident class "serial entropy").
pub struct Tested<R> {
    source: R,
    recent: [[u8; 16]; REMEMBERED],
    next: usize,
    stuck: bool,
}

impl<R: Random> Tested<R> {
    /// Draws a sample of 20,000 bits and counts its ones before the source may serve.
    pub fn new(source: R) -> Result<Self, DeviceError> {
        let mut tested = Self { source, recent: [[0; 16]; REMEMBERED], next: 0, stuck: false };
        let mut sample = [0; SAMPLE];
        tested.fill(&mut sample)?;
        let ones: u32 = sample.iter().map(|octet| octet.count_ones()).sum();
        // 10,000 expected; 500 is seven standard deviations.
        if ones.abs_diff(10_000) > 500 {
            tested.stuck = true;
            return Err(stuck());
        }
        Ok(tested)
    }

    /// Remembers one block, or finds it impossible.
    fn examine(&mut self, block: [u8; 16]) -> Result<(), DeviceError> {
        if block == [0xff; 16] || block == [0; 16] || self.recent.contains(&block) {
            self.stuck = true;
            return Err(stuck());
        }
        if let Some(slot) = self.recent.get_mut(self.next) {
            *slot = block;
        }
        self.next = (self.next + 1) % REMEMBERED;
        Ok(())
    }

    /// Draws whole blocks only, so that every octet handed out was examined.
    fn draw(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        let (blocks, rest) = buf.as_chunks_mut::<16>();
        self.source.fill(blocks.as_flattened_mut())?;
        for block in blocks {
            self.examine(*block)?;
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            self.source.fill(&mut block)?;
            self.examine(block)?;
            rest.iter_mut().zip(block).for_each(|(to, octet)| *to = octet);
        }
        Ok(())
    }
}

impl<R: Random> Random for Tested<R> {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        let drawn = if self.stuck { Err(stuck()) } else { self.draw(buf) };
        if drawn.is_err() {
            buf.fill(0);
        }
        drawn
    }
}

impl<R> std::fmt::Debug for Tested<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tested {{ stuck: {} }}", self.stuck)
    }
}

fn stuck() -> DeviceError {
    DeviceError::Broken("随机数源输出重复，自检不通过".into())
}
