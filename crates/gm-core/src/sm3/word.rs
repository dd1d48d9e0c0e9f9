//! What the compression of SM3 needs of a word: one of 32 bits, or eight side by side.

/// A word, or as many words as there are lanes.
pub(super) trait Word: Copy {
    fn splat(word: u32) -> Self;
    fn xor(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn add(self, other: Self) -> Self;
    fn rotate<const N: u32>(self) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        word
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn rotate<const N: u32>(self) -> Self {
        self.rotate_left(N)
    }
}

/// Eight lanes; the compiler makes vectors of them where the CPU has some.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes(pub(crate) [u32; 8]);

impl Lanes {
    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(u32, u32) -> u32) -> Self {
        let mut lanes = self.0;
        lanes.iter_mut().zip(other.0).for_each(|(a, b)| *a = join(*a, b));
        Self(lanes)
    }
}

impl Word for Lanes {
    #[inline(always)]
    fn splat(word: u32) -> Self {
        Self([word; 8])
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u32::wrapping_add)
    }
    #[inline(always)]
    fn rotate<const N: u32>(self) -> Self {
        Self(self.0.map(|word| word.rotate_left(N)))
    }
}
