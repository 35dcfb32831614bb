//! The `leveret` command as a process.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop at a surprise")]
#![expect(clippy::print_stdout, reason = "tests that count say what they counted")]

mod application;
mod bad_configuration;
mod bench;
mod certificates;
mod chance;
mod command;
mod ctl;
mod dlq;
mod doctor;
mod fault;
mod halted;
mod handlers;
mod journal;
mod kill;
mod ledger;
mod manual;
mod messages;
mod misuse;
mod order;
mod process;
mod project;
mod rabbitmq;
mod relocate;
mod secured;
mod service;
mod shadow;
mod topology;
mod torn;
mod why;
