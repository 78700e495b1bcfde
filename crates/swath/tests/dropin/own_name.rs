//! coverage.py's verbs under swath's own name, and what they do that coverage.py does not.

use crate::side_by_side::Stage;

#[test]
fn the_verbs_are_the_same_under_swaths_name() {
    let Some(stage) = Stage::new("the_verbs_are_the_same_under_swaths_name") else {
        return;
    };
    stage.coverage(&["run", "--branch", "main.py"]);
    for line in [
        "report -m",
        "xml -o -",
        "json -o -",
        "lcov -o -",
        "debug data",
        "debug config",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let mut own = stage.swath_as_swath(&words);
        // swath adds whether the number can be trusted; it knows nothing of data that it did not record.
        for said in [&mut own.stdout, &mut own.stderr] {
            if let Some(verdict) = said.find("Unknown: this data was not recorded by swath\n") {
                said.truncate(verdict);
                if said.ends_with("\n\n") {
                    said.pop();
                }
            }
        }
        assert_eq!(own, stage.swath(&words), "{line}");
    }
    let help = stage.swath_as_swath(&["help", "report"]);
    assert!(
        help.stdout
            .starts_with("Usage: swath report [options] [modules]\n"),
        "{help:?}"
    );
    assert_eq!(stage.swath_as_swath(&["report", "--help"]), help);
    let wrong = stage.swath_as_swath(&["--color", "never", "report", "--nope"]);
    assert_eq!(
        wrong.stderr,
        "no such option: --nope\nUse 'swath help' for help.\n"
    );
    assert_eq!(wrong.code, Some(1));
}

#[test]
fn debug_analysis_tells_why_a_line_counts() {
    let Some(stage) = Stage::new("debug_analysis_tells_why_a_line_counts") else {
        return;
    };
    stage.write("b.py", "x = (1,\n     2)\ndef f():\n    return x\n");
    stage.write("a.py", "match 1:\n    case 1: pass\n");
    let both = stage.swath(&["debug", "analysis", "b.py", "a.py"]);
    let lines: Vec<&str> = both.stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("{\"path\":\"a.py\",\"statements\":[1,2],"),
        "{both:?}"
    );
    assert!(lines[1].contains("\"multiline\":[[1,2]]"), "{both:?}");
    assert!(
        lines[1].contains("\"functions\":[{\"name\":\"f\",\"start\":3,\"lines\":[4]}]"),
        "{both:?}"
    );
    let old = stage.swath(&["debug", "analysis", "--python", "3.9", "a.py"]);
    assert!(old.stdout.contains("\"problem\""), "{old:?}");
    assert_eq!(
        stage
            .swath(&["debug", "analysis", "--python=x", "a.py"])
            .code,
        Some(1)
    );
    let missing = stage.swath(&["debug", "analysis", "c.py", "a.py"]);
    assert_eq!((missing.code, missing.stdout.lines().count()), (Some(1), 1));
    assert!(missing.stderr.contains("c.py"), "{missing:?}");
}

#[test]
fn debug_sys_has_no_secrets() {
    let Some(stage) = Stage::new("debug_sys_has_no_secrets") else {
        return;
    };
    let system = stage.swath(&["debug", "sys"]);
    assert!(system.stdout.starts_with("-- sys ----"), "{system:?}");
    assert!(
        system.stdout.contains("coverage_version: 7.17.3"),
        "{system:?}"
    );
    assert_eq!(system.code, Some(0));
}

#[test]
fn a_shell_completes_the_options_of_every_verb() {
    let test = "a_shell_completes_the_options_of_every_verb";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    let script = stage.swath_as_swath(&["completions", "bash"]);
    assert_eq!(script.code, Some(0), "{script:?}");
    stage.write("swath.bash", &script.stdout);
    for (line, expected) in [
        ("swath report --skip", "--skip-covered --skip-empty"),
        ("swath html --single", "--single-file"),
        ("swath run --req", "--require-complete"),
        ("swath expl", "explain"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let last = words.last().unwrap();
        let ask = format!(
            "source swath.bash; COMP_WORDS=({line}); COMP_CWORD={}; _swath swath '{last}' ''; echo \"${{COMPREPLY[@]}}\"",
            words.len() - 1
        );
        let answer = std::process::Command::new("bash")
            .args(["-c", &ask])
            .current_dir(stage.file(""))
            .output();
        let Ok(answer) = answer else {
            swath_test::skip(test, "bash");
            return;
        };
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        assert_eq!(answer.trim(), expected, "{line}");
    }
}

#[test]
fn messages_and_manual_pages_are_at_hand() {
    let Some(stage) = Stage::new("messages_and_manual_pages_are_at_hand") else {
        return;
    };
    let found = stage.swath_as_swath(&["explain", "error[no-program]"]);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert_eq!(
        found.stdout,
        "no-program: `swath run PROGRAM` names no file and no folder with a main module\n\n\
         For example:\n\n    \
         error[no-program]: there is no Python program `pytest`\n\n    \
         hint: swath run -- pytest tests\n\n\
         What to do: the hint is the line that was probably meant\n"
    );
    let wrong = stage.swath_as_swath(&["explain", "no-programm"]);
    assert_eq!(wrong.code, Some(125), "{wrong:?}");
    assert!(
        wrong.stderr.ends_with("hint: swath explain no-program\n"),
        "{wrong:?}"
    );
    let page = stage.swath_as_swath(&["man", "combine"]);
    assert!(page.stdout.contains("keep"), "{page:?}");
    assert_eq!(stage.swath_as_swath(&["man", "nothing"]).code, Some(125));
}
