//! Letters and forms that an institution gives out: their content, numbers and verification codes.
