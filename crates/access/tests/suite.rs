//! The integration tests of `access` in one program: what they share is compiled and linked once.

mod world;

mod acts;
mod browser;
mod clients;
mod directory;
mod form;
mod matrix;
mod own;
mod people;
mod permissions;
mod postgres;
mod requests;
mod sessions;
mod signin;
