//! Feeds the target `scan` with what the fuzzer finds.
#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::scan(data));
