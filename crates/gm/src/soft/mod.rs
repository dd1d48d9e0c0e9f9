//! The software device: keys in a folder under a passphrase.
