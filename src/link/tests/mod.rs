//! Several instances over a bus that loses, doubles and cuts, under injected time.

mod random;
mod rules;
mod world;
