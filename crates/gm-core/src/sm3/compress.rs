//! The compression function of SM3 (GB/T 32905 §5.3), for one message or for as many as a vector
//! has lanes. What differs is the word and what can be done with it.

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
pub(super) const T: [[u32; 16]; 4] = [
    turned(0x79cc_4519, 0),
    turned(0x7a87_9d8a, 16),
    turned(0x7a87_9d8a, 0),
    turned(0x7a87_9d8a, 16),
];

const fn turned(t: u32, from: u32) -> [u32; 16] {
    let t = t.rotate_left(from);
    [
        t.rotate_left(0),
        t.rotate_left(1),
        t.rotate_left(2),
        t.rotate_left(3),
        t.rotate_left(4),
        t.rotate_left(5),
        t.rotate_left(6),
        t.rotate_left(7),
        t.rotate_left(8),
        t.rotate_left(9),
        t.rotate_left(10),
        t.rotate_left(11),
        t.rotate_left(12),
        t.rotate_left(13),
        t.rotate_left(14),
        t.rotate_left(15),
    ]
}

/// Makes `compress` over `$word` in a module that has `splat`, `xor`, `add`, `rotate`, `majority`
/// and `choice` for it. Each function gets the attributes given.
macro_rules! compression {
    ($word:ty, $(#[$attribute:meta])*) => {
        /// W_j from W_{j−16}, W_{j−9}, W_{j−3}, W_{j−13}, W_{j−6}.
        $(#[$attribute])*
        fn expand([w16, w9, w3, w13, w6]: [$word; 5]) -> $word {
            let x = xor(xor(w16, w9), rotate::<15, 17>(w3));
            let p1 = xor(xor(x, rotate::<15, 17>(x)), rotate::<23, 9>(x));
            xor(xor(p1, rotate::<7, 25>(w13)), w6)
        }

        /// The next sixteen words of the expansion.
        $(#[$attribute])*
        fn expand16(w: [$word; 16]) -> [$word; 16] {
            let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15] = w;
            let v0 = expand([w0, w7, w13, w3, w10]);
            let v1 = expand([w1, w8, w14, w4, w11]);
            let v2 = expand([w2, w9, w15, w5, w12]);
            let v3 = expand([w3, w10, v0, w6, w13]);
            let v4 = expand([w4, w11, v1, w7, w14]);
            let v5 = expand([w5, w12, v2, w8, w15]);
            let v6 = expand([w6, w13, v3, w9, v0]);
            let v7 = expand([w7, w14, v4, w10, v1]);
            let v8 = expand([w8, w15, v5, w11, v2]);
            let v9 = expand([w9, v0, v6, w12, v3]);
            let v10 = expand([w10, v1, v7, w13, v4]);
            let v11 = expand([w11, v2, v8, w14, v5]);
            let v12 = expand([w12, v3, v9, w15, v6]);
            let v13 = expand([w13, v4, v10, v0, v7]);
            let v14 = expand([w14, v5, v11, v1, v8]);
            let v15 = expand([w15, v6, v12, v2, v9]);
            [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15]
        }

        /// One round on registers in place: D takes TT1 and H takes P0(TT2); who stands where
        /// moves on by one.
        $(#[$attribute])*
        fn round<const LATE: bool>(
            [a, b, c, d]: [&mut $word; 4],
            [e, f, g, h]: [&mut $word; 4],
            [t, w, w4]: [$word; 3],
        ) {
            let turned = rotate::<12, 20>(*a);
            let ss1 = rotate::<7, 25>(add(add(turned, *e), t));
            let ss2 = xor(ss1, turned);
            let ff = if LATE { majority(*a, *b, *c) } else { xor(xor(*a, *b), *c) };
            let gg = if LATE { choice(*e, *f, *g) } else { xor(xor(*e, *f), *g) };
            let tt1 = add(add(ff, *d), add(ss2, xor(w, w4)));
            let tt2 = add(add(gg, *h), add(ss1, w));
            *b = rotate::<9, 23>(*b);
            *d = tt1;
            *f = rotate::<19, 13>(*f);
            *h = xor(xor(tt2, rotate::<9, 23>(tt2)), rotate::<17, 15>(tt2));
        }

        /// Four rounds, after which everyone stands where he stood.
        $(#[$attribute])*
        fn rounds4<const LATE: bool>(
            state: &mut [$word; 8],
            [t0, t1, t2, t3]: [u32; 4],
            [w0, w1, w2, w3]: [$word; 4],
            [w4, w5, w6, w7]: [$word; 4],
        ) {
            let [a, b, c, d, e, f, g, h] = state;
            round::<LATE>([a, b, c, d], [e, f, g, h], [splat(t0), w0, w4]);
            round::<LATE>([d, a, b, c], [h, e, f, g], [splat(t1), w1, w5]);
            round::<LATE>([c, d, a, b], [g, h, e, f], [splat(t2), w2, w6]);
            round::<LATE>([b, c, d, a], [f, g, h, e], [splat(t3), w3, w7]);
        }

        /// Sixteen rounds with words w; the last four need the first of the next.
        $(#[$attribute])*
        fn rounds16<const LATE: bool>(
            state: &mut [$word; 8],
            t: [u32; 16],
            w: [$word; 16],
            next: [$word; 16],
        ) {
            let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = t;
            let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15] = w;
            let [v0, v1, v2, v3, ..] = next;
            let (first, second) = ([w0, w1, w2, w3], [w4, w5, w6, w7]);
            let (third, fourth) = ([w8, w9, w10, w11], [w12, w13, w14, w15]);
            rounds4::<LATE>(state, [t0, t1, t2, t3], first, second);
            rounds4::<LATE>(state, [t4, t5, t6, t7], second, third);
            rounds4::<LATE>(state, [t8, t9, t10, t11], third, fourth);
            rounds4::<LATE>(state, [t12, t13, t14, t15], fourth, [v0, v1, v2, v3]);
        }

        /// state ← CF(state, block).
        $(#[$attribute])*
        fn compress(state: &mut [$word; 8], block: [$word; 16]) {
            let [t0, t1, t2, t3] = $crate::sm3::compress::T;
            let before = *state;
            let next = expand16(block);
            rounds16::<false>(state, t0, block, next);
            let (block, next) = (next, expand16(next));
            rounds16::<true>(state, t1, block, next);
            let (block, next) = (next, expand16(next));
            rounds16::<true>(state, t2, block, next);
            rounds16::<true>(state, t3, next, expand16(next));
            state.iter_mut().zip(before).for_each(|(to, before)| *to = xor(*to, before));
        }
    };
}

pub(super) use compression;
