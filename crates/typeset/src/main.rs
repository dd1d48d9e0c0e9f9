//! `yinxin-typeset`: makes a PDF of one letter.
fn main() {}
