//! Inversion modulo an odd number in constant time: the division steps of Bernstein and Yang
//! ("Fast constant-time gcd computation and modular inversion", 2019), in the variant with half
//! a step (Wuille's bound: 590 steps suffice for 256 bits).
//!
//! Ten rounds of 59 steps. A round looks at the lowest 64 bits of f and g, gathers its steps in
//! a matrix, and then applies it to the whole numbers. No branch, no index depends on a value.

use crate::limbs::Limbs;

/// Five signed limbs of 62 bits, lowest first; the highest carries the sign.
type Signed = [i64; 5];

const LOW: i64 = i64::MAX >> 1;
const ROUNDS: usize = 10;

/// An odd modulus with what the steps need of it.
pub(crate) struct Modulus {
    limbs: Signed,
    /// modulus⁻¹ mod 2⁶².
    inverse: i64,
}

/// 2⁶² times the product of the steps of a round (2⁵⁹ of it is real, the rest is alignment).
#[derive(Clone, Copy)]
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

impl Modulus {
    pub(crate) const fn new(modulus: &Limbs) -> Self {
        let limbs = widen(modulus);
        let [low, ..] = limbs;
        // Newton: each round doubles the bits that are right; three are to begin with.
        let mut inverse = low;
        let mut round = 0;
        while round < 5 {
            inverse = inverse.wrapping_mul(2i64.wrapping_sub(low.wrapping_mul(inverse)));
            round += 1;
        }
        Self { limbs, inverse: inverse & LOW }
    }

    /// scale·a⁻¹ for `a` and `scale` below the modulus; zero for zero.
    pub(crate) fn invert(&self, a: &Limbs, scale: &Limbs) -> Limbs {
        let (mut f, mut g) = (self.limbs, widen(a));
        let (mut d, mut e) = ([0; 5], widen(scale));
        let mut zeta = -1;
        for _ in 0..ROUNDS {
            let matrix;
            (zeta, matrix) = Matrix::steps(zeta, f[0], g[0]);
            (d, e) = self.apply_mod(&matrix, &d, &e);
            (f, g) = matrix.apply(&f, &g);
        }
        narrow(&self.normalise(d, f[4]))
    }

    /// (d, e)·matrix / 2⁶², made divisible by adding multiples of the modulus.
    #[inline(always)]
    fn apply_mod(&self, t: &Matrix, d: &Signed, e: &Signed) -> (Signed, Signed) {
        (self.row(t.u, t.v, d, e), self.row(t.q, t.r, d, e))
    }

    /// (x·d + y·e + k·modulus) / 2⁶² with the k that makes it divide, within −2m..m.
    #[inline(always)]
    fn row(&self, x: i64, y: i64, d: &Signed, e: &Signed) -> Signed {
        let [d0, d1, d2, d3, d4] = *d;
        let [e0, e1, e2, e3, e4] = *e;
        let [m0, m1, m2, m3, m4] = self.limbs;
        // x and y once more where d and e are negative.
        let k = (x & (d4 >> 63)).wrapping_add(y & (e4 >> 63));
        let first = product2(x, d0, y, e0);
        let correction = self.inverse.wrapping_mul(first as i64).wrapping_add(k) & LOW;
        let k = k.wrapping_sub(correction);
        let sum = first.wrapping_add(product(k, m0)) >> 62;
        let sum = sum.wrapping_add(product2(x, d1, y, e1)).wrapping_add(product(k, m1));
        let (r0, sum) = (sum as i64 & LOW, sum >> 62);
        let sum = sum.wrapping_add(product2(x, d2, y, e2)).wrapping_add(product(k, m2));
        let (r1, sum) = (sum as i64 & LOW, sum >> 62);
        let sum = sum.wrapping_add(product2(x, d3, y, e3)).wrapping_add(product(k, m3));
        let (r2, sum) = (sum as i64 & LOW, sum >> 62);
        let sum = sum.wrapping_add(product2(x, d4, y, e4)).wrapping_add(product(k, m4));
        [r0, r1, r2, sum as i64 & LOW, (sum >> 62) as i64]
    }

    /// Brings a value of −2m..m, negated where `sign` is, to 0..m.
    fn normalise(&self, value: Signed, sign: i64) -> Signed {
        let value = carried(add_where(&value, &self.limbs, value[4] >> 63));
        let negate = sign >> 63;
        let value = carried(value.map(|limb| (limb ^ negate).wrapping_sub(negate)));
        carried(add_where(&value, &self.limbs, value[4] >> 63))
    }
}

impl Matrix {
    /// 59 steps on the lowest bits of f and g: the new zeta (= −δ − ½) and the matrix.
    #[inline(always)]
    fn steps(mut zeta: i64, f: i64, g: i64) -> (i64, Self) {
        let (mut f, mut g) = (f, g);
        let (mut u, mut v, mut q, mut r) = (8i64, 0i64, 0i64, 8i64);
        for _ in 0..59 {
            let negative = zeta >> 63;
            let odd = (g & 1).wrapping_neg();
            g = g.wrapping_add((f ^ negative).wrapping_sub(negative) & odd);
            q = q.wrapping_add((u ^ negative).wrapping_sub(negative) & odd);
            r = r.wrapping_add((v ^ negative).wrapping_sub(negative) & odd);
            let swap = negative & odd;
            zeta = (zeta ^ swap).wrapping_sub(1);
            f = f.wrapping_add(g & swap);
            u = u.wrapping_add(q & swap) << 1;
            v = v.wrapping_add(r & swap) << 1;
            g >>= 1;
        }
        (zeta, Self { u, v, q, r })
    }

    /// (f, g)·matrix / 2⁶²: the steps have made both divisible.
    #[inline(always)]
    fn apply(&self, f: &Signed, g: &Signed) -> (Signed, Signed) {
        (shifted_row(self.u, self.v, f, g), shifted_row(self.q, self.r, f, g))
    }
}

#[inline(always)]
fn shifted_row(x: i64, y: i64, f: &Signed, g: &Signed) -> Signed {
    let [f0, f1, f2, f3, f4] = *f;
    let [g0, g1, g2, g3, g4] = *g;
    let sum = product2(x, f0, y, g0) >> 62;
    let sum = sum.wrapping_add(product2(x, f1, y, g1));
    let (r0, sum) = (sum as i64 & LOW, sum >> 62);
    let sum = sum.wrapping_add(product2(x, f2, y, g2));
    let (r1, sum) = (sum as i64 & LOW, sum >> 62);
    let sum = sum.wrapping_add(product2(x, f3, y, g3));
    let (r2, sum) = (sum as i64 & LOW, sum >> 62);
    let sum = sum.wrapping_add(product2(x, f4, y, g4));
    [r0, r1, r2, sum as i64 & LOW, (sum >> 62) as i64]
}

#[inline(always)]
fn product(a: i64, b: i64) -> i128 {
    i128::from(a).wrapping_mul(i128::from(b))
}

#[inline(always)]
fn product2(a: i64, b: i64, c: i64, d: i64) -> i128 {
    product(a, b).wrapping_add(product(c, d))
}

fn add_where(a: &Signed, b: &Signed, keep: i64) -> Signed {
    let ([a0, a1, a2, a3, a4], [b0, b1, b2, b3, b4]) = (*a, *b);
    [
        a0.wrapping_add(b0 & keep),
        a1.wrapping_add(b1 & keep),
        a2.wrapping_add(b2 & keep),
        a3.wrapping_add(b3 & keep),
        a4.wrapping_add(b4 & keep),
    ]
}

/// Limbs between 0 and 2⁶² again, but for the highest.
fn carried([a0, a1, a2, a3, a4]: Signed) -> Signed {
    let a1 = a1.wrapping_add(a0 >> 62);
    let a2 = a2.wrapping_add(a1 >> 62);
    let a3 = a3.wrapping_add(a2 >> 62);
    let a4 = a4.wrapping_add(a3 >> 62);
    [a0 & LOW, a1 & LOW, a2 & LOW, a3 & LOW, a4]
}

const fn widen([a0, a1, a2, a3]: &Limbs) -> Signed {
    let low = LOW as u64;
    [
        (*a0 & low) as i64,
        ((*a0 >> 62 | *a1 << 2) & low) as i64,
        ((*a1 >> 60 | *a2 << 4) & low) as i64,
        ((*a2 >> 58 | *a3 << 6) & low) as i64,
        (*a3 >> 56) as i64,
    ]
}

const fn narrow(limbs: &Signed) -> Limbs {
    let [a0, a1, a2, a3, a4] = *limbs;
    let [a0, a1, a2, a3, a4] = [a0 as u64, a1 as u64, a2 as u64, a3 as u64, a4 as u64];
    [a0 | a1 << 62, a1 >> 2 | a2 << 60, a2 >> 4 | a3 << 58, a3 >> 6 | a4 << 56]
}
