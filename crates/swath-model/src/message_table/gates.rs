//! The messages of gates.

use super::{MessageGroup, entry};

pub(super) const GATES: MessageGroup = MessageGroup {
    title: "Errors of gates",
    entries: &[
        entry(
            "bad-gate",
            "a gate of the command line cannot be read, or its minimum is not a percentage",
            "write `--gate NAME=MIN`: total, lines, branches, changed, service:NAME or a pattern of paths, and a number from 0 to 100; or `--gate every-route-called`",
        ),
        entry(
            "below-minimum",
            "less is covered than a gate asks for (exit code 2)",
            "test what the report lists as missing, or lower the gate",
        ),
        entry(
            "never-called",
            "the gate `every-route-called` found routes that nobody called (exit code 2)",
            "call them in a test, or leave them out with `except` in `[gates.endpoints]`",
        ),
        entry(
            "no-routes",
            "the gate `every-route-called` met a service that does not say which routes it has: its framework has no table of them, or nothing called it (exit code 2)",
            "name an OpenAPI description as `openapi` in `[gates.endpoints]`, or leave the service out: `except = [\"NAME * *\"]`",
        ),
        entry(
            "server-errors",
            "the gate `no-server-errors` found endpoints that answered with a status of 500 or above (exit code 2)",
            "correct the service, or leave an endpoint that fails on purpose out with `except` in `[gates.endpoints]`",
        ),
        entry(
            "unknown-service",
            "a gate names a service that the data does not know, or of which it knows no lines (exit code 2)",
            "the hint lists the services of the data; measure again if an older swath recorded it",
        ),
    ],
};
