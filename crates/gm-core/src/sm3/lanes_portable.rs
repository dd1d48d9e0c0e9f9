//! Compression of eight messages, for CPUs without vectors that we know: one after the other.

use super::{BlocksOf8, State8, single};

pub(crate) fn compress8(state: &mut State8, blocks: &BlocksOf8) {
    for (lane, block) in blocks.iter().enumerate() {
        let mut registers = state.map(|lanes| lanes.get(lane).copied().unwrap_or(0));
        single::compress_blocks(&mut registers, &[*block]);
        for (lanes, register) in state.iter_mut().zip(registers) {
            if let Some(to) = lanes.get_mut(lane) {
                *to = register;
            }
        }
    }
}
