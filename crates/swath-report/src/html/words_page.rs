//! What the words of the report mean.

use super::layout::{Place, page};
use super::site::Site;

/// Each word and what it says, in the order in which a reader meets them.
const WORDS: [(&str, &str); 21] = [
    (
        "covered",
        "The share of lines and of branches, taken together, that ran: coverage.py's number. Without branches it is the share of lines.",
    ),
    (
        "line",
        "A statement that can run, counted by the line on which it begins. Blank lines, comments and docstrings are none.",
    ),
    (
        "branch",
        "A way on from a line that has several: into an <code>if</code> or past it, once more through a loop or out of it.",
    ),
    ("run", "At least one process that counts executed the line."),
    ("missed", "No process that counts executed the line."),
    (
        "partial",
        "The line ran, and not every way on from it was taken; the page of the file says which was not.",
    ),
    (
        "excluded",
        "A line that the settings leave out of the number, such as one marked <code>pragma: no cover</code>.",
    ),
    (
        "hole",
        "What was missed in one function, or outside of all functions.",
    ),
    (
        "never ran",
        "A file of which no line ran: nobody imported it.",
    ),
    (
        "complexity",
        "One more than the decisions in a function, without those of functions inside it: each <code>if</code>, <code>elif</code>, <code>for</code>, <code>while</code>, <code>except</code>, and each <code>case</code> that does not take all. McCabe's number, of statements: a function without decisions has 1.",
    ),
    (
        "risk",
        "The missed lines of a function times its complexity: how much can go wrong in what nobody tried. Functions of files that never ran are not ranked.",
    ),
    (
        "service",
        "A process of the system under test. Its lines are in the number.",
    ),
    (
        "tests",
        "The test runner, its workers and the scripts around it. Their lines are left out where there is a service.",
    ),
    ("unique", "Lines that one test reached, and no other."),
    (
        "endpoint",
        "A method and the template of a route of a service, as <code>GET /points/{id}</code>. It is never called if the service declares it and no request came for it.",
    ),
    ("tool", "A process that ran no file of the project."),
    (
        "agent",
        "What records lines inside a Python process. A process without it is not measured.",
    ),
    (
        "ended abruptly",
        "Killed, crashed, or by <code>os._exit</code>. What had run by then is in the number.",
    ),
    (
        "complete",
        "Every process that counts was measured, and every file that ran is in the number.",
    ),
    (
        "incomplete",
        "Something that counts is not in the number; the first page says what.",
    ),
    (
        "partial run",
        "The run was cut short, by a person or by a service that failed.",
    ),
];

pub(super) fn render(site: &Site<'_>) -> String {
    let mut main = String::from("<h1>Words</h1>\n<dl>\n");
    for (word, meaning) in WORDS {
        main += "<dt id=";
        main += &word.replace(' ', "-");
        main += "><strong>";
        main += word;
        main += "</strong><dd>";
        main += meaning;
        main += "\n";
    }
    main += "</dl>\n";
    page(site, Place::Words, "Words", &main)
}
