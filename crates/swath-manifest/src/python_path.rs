//! Where Python looks for modules first, with the agent in front: one rule for every engine.

/// The variable.
pub(crate) const PYTHON_PATH: &str = "PYTHONPATH";

/// A path with the agent's folder in front of what is there: the agent runs the `sitecustomize` that
/// it hides.
pub(crate) fn in_front_of(agent: &str, rest: &str) -> String {
    match rest {
        "" => agent.to_owned(),
        rest => format!("{agent}:{rest}"),
    }
}
