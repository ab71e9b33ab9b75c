//! Sets the linker flags a Node addon needs; does nothing for the pure-Rust build.

fn main() {
    #[cfg(feature = "napi")]
    napi_build::setup();
}
