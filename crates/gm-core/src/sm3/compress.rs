//! The compression function of SM3 (GB/T 32905 §5.3), for one lane or eight.

use super::word::Word;

/// IV (§4.1).
pub(super) const IV: [u32; 8] = [
    0x7380_166f,
    0x4914_b2b9,
    0x1724_42d7,
    0xda8a_0600,
    0xa96f_30bc,
    0x1631_38aa,
    0xe38d_ee4d,
    0xb0fb_0e4e,
];

/// T_j ⋘ j (§4.2, §5.3.3).
const T: [u32; 64] = {
    let mut t = [0; 64];
    let mut j = 0u32;
    while j < 64 {
        let constant: u32 = if j < 16 { 0x79cc_4519 } else { 0x7a87_9d8a };
        t[j as usize] = constant.rotate_left(j % 32);
        j += 1;
    }
    t
};

/// Registers A to H.
type State<W> = [W; 8];

#[inline(always)]
fn xor3<W: Word>(x: W, y: W, z: W) -> W {
    x.xor(y).xor(z)
}

/// (x ∧ y) ∨ (x ∧ z) ∨ (y ∧ z).
#[inline(always)]
fn majority<W: Word>(x: W, y: W, z: W) -> W {
    x.and(y).xor(x.xor(y).and(z))
}

/// (x ∧ y) ∨ (¬x ∧ z).
#[inline(always)]
fn choice<W: Word>(x: W, y: W, z: W) -> W {
    y.xor(z).and(x).xor(z)
}

/// One round; the registers move by one place. The functions are others from round 16 on.
#[inline(always)]
fn round<W: Word, const LATE: bool>(state: State<W>, t: u32, [w, w4]: [W; 2]) -> State<W> {
    let [a, b, c, d, e, f, g, h] = state;
    let a12 = a.rotate::<12>();
    let ss1 = a12.add(e).add(W::splat(t)).rotate::<7>();
    let ss2 = ss1.xor(a12);
    let ff = if LATE { majority(a, b, c) } else { xor3(a, b, c) };
    let gg = if LATE { choice(e, f, g) } else { xor3(e, f, g) };
    let tt1 = ff.add(d).add(ss2).add(w.xor(w4));
    let tt2 = gg.add(h).add(ss1).add(w);
    let p0 = xor3(tt2, tt2.rotate::<9>(), tt2.rotate::<17>());
    [tt1, a, b.rotate::<9>(), c, p0, e, f.rotate::<19>(), g]
}

/// W_j from W_{j−16}, W_{j−9}, W_{j−3}, W_{j−13}, W_{j−6}.
#[inline(always)]
fn expand<W: Word>(w16: W, w9: W, w3: W, w13: W, w6: W) -> W {
    let x = xor3(w16, w9, w3.rotate::<15>());
    let p1 = xor3(x, x.rotate::<15>(), x.rotate::<23>());
    xor3(p1, w13.rotate::<7>(), w6)
}

/// The next sixteen words of the message's expansion.
#[inline(always)]
fn expand16<W: Word>(w: [W; 16]) -> [W; 16] {
    let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15] = w;
    let v0 = expand(w0, w7, w13, w3, w10);
    let v1 = expand(w1, w8, w14, w4, w11);
    let v2 = expand(w2, w9, w15, w5, w12);
    let v3 = expand(w3, w10, v0, w6, w13);
    let v4 = expand(w4, w11, v1, w7, w14);
    let v5 = expand(w5, w12, v2, w8, w15);
    let v6 = expand(w6, w13, v3, w9, v0);
    let v7 = expand(w7, w14, v4, w10, v1);
    let v8 = expand(w8, w15, v5, w11, v2);
    let v9 = expand(w9, v0, v6, w12, v3);
    let v10 = expand(w10, v1, v7, w13, v4);
    let v11 = expand(w11, v2, v8, w14, v5);
    let v12 = expand(w12, v3, v9, w15, v6);
    let v13 = expand(w13, v4, v10, v0, v7);
    let v14 = expand(w14, v5, v11, v1, v8);
    let v15 = expand(w15, v6, v12, v2, v9);
    [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15]
}

/// Sixteen rounds with words w; the last four need the first of the next.
#[inline(always)]
fn rounds16<W: Word, const LATE: bool>(
    mut state: State<W>,
    t: &[u32; 16],
    [w, next]: [&[W; 16]; 2],
) -> State<W> {
    let ahead = w.iter().skip(4).chain(next);
    for ((t, w), w4) in t.iter().zip(w).zip(ahead) {
        state = round::<W, LATE>(state, *t, [*w, *w4]);
    }
    state
}

/// state ← CF(state, block).
#[inline(always)]
pub(super) fn compress<W: Word>(state: &mut State<W>, block: [W; 16]) {
    let (t, _) = T.as_chunks::<16>();
    let [t0, t1, t2, t3] = t else {
        return;
    };
    let before = *state;
    let (w0, w1) = (block, expand16(block));
    let w2 = expand16(w1);
    let w3 = expand16(w2);
    let w4 = expand16(w3);
    let mut s = rounds16::<W, false>(before, t0, [&w0, &w1]);
    s = rounds16::<W, true>(s, t1, [&w1, &w2]);
    s = rounds16::<W, true>(s, t2, [&w2, &w3]);
    s = rounds16::<W, true>(s, t3, [&w3, &w4]);
    state.iter_mut().zip(s).for_each(|(to, word)| *to = to.xor(word));
}
