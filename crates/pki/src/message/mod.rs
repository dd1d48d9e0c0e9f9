//! GM/T 0010 cryptographic messages.
