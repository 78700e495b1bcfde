//! The agent inside real interpreters: every promise on every CPython that is found.

mod crash;
mod failure;
mod lines;
mod object;
mod run;
mod surroundings;
mod tracers;
