//! Lines recorded are lines that ran: threads, tasks, generators, processes of every kind.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use swath_store::{Closed, layout};
use swath_test::{Python, Requirements, builds, skip, venv};

use crate::run::{Run, check_hits, program};

#[path = "../../../swath-inproc/src/line_table/location_table.rs"]
mod location_table;

fn check(name: &str) {
    if builds().is_empty() {
        skip(name, "a CPython from 3.8 on");
    }
    for python in builds() {
        let run = Run::new();
        let file = program(name);
        run.program(python, &[&file]);
        check_hits(&run, python, &file);
        for store in run.stores() {
            assert_eq!(store.states, Vec::<String>::new(), "{}", python.tag());
            assert_eq!(store.header.dropped, 0);
            assert_eq!(store.header.python(), python.version);
        }
        assert_eq!(run.failures(), Vec::<String>::new(), "{}", python.tag());
    }
}

#[test]
fn statements_of_every_kind() {
    check("plain.py");
}

#[test]
fn threads_of_every_kind() {
    check("threads.py");
}

#[test]
fn tasks_and_asynchronous_generators() {
    check("tasks.py");
}

#[test]
fn forks_and_exec() {
    check("forks.py");
}

#[test]
fn processes_of_every_start_method() {
    check("processes.py");
}

#[test]
fn trace_functions_of_the_program() {
    check("tracers.py");
}

#[test]
fn recursion_as_deep_as_without_swath() {
    check("deep.py");
}

fn check_in_venv(name: &str, packages: &Requirements) {
    for python in builds() {
        let Some(venv) = venv(python, packages) else {
            continue;
        };
        let run = Run::new();
        let file = program(name);
        let inside = Python {
            path: venv.python(),
            ..python.clone()
        };
        run.program(&inside, &[&file]);
        check_hits(&run, python, &file);
    }
}

#[test]
fn greenlets_that_switch_to_each_other() {
    check_in_venv("greenlets.py", &Requirements::from(["gevent"]));
}

#[test]
fn gevent_with_everything_patched() {
    check_in_venv("gevents.py", &Requirements::from(["gevent"]));
}

#[test]
fn a_process_says_how_it_ended() {
    for python in builds() {
        for (code, closed) in [
            ("pass", Closed::Ended),
            ("raise SystemExit(3)", Closed::Ended),
            ("1 / 0", Closed::Ended),
            ("import os; os._exit(0)", Closed::Open),
            ("import os; os.kill(os.getpid(), 9)", Closed::Open),
            (
                "import os; os.execv('/bin/true', ['true'])",
                Closed::Replaced,
            ),
        ] {
            let run = Run::new();
            let mut command = python.command();
            run.inject(command.args(["-c", code])).output().unwrap();
            let stores = run.stores();
            assert_eq!(stores.len(), 1, "{code} on {}", python.tag());
            assert_eq!(
                stores[0].header.closed,
                closed,
                "{code} on {}",
                python.tag()
            );
        }
    }
}

#[test]
fn a_fork_child_names_its_parents_store() {
    for python in builds() {
        let run = Run::new();
        run.program(python, &[&program("forks.py")]);
        let stores = run.stores();
        let children = stores
            .iter()
            .filter(|store| store.header.fork_parent.is_some());
        for child in children {
            let parent = child.header.fork_parent.unwrap();
            assert!(stores.iter().any(|store| store.header.id == parent));
            assert!(child.header.inherited_tail > layout::HEADER_LENGTH as u64);
        }
        let forked = stores
            .iter()
            .filter(|store| store.header.fork_parent.is_some());
        assert_eq!(forked.count(), 6, "three forks, and again after the exec");
    }
}

/// What gives a command numbers of processes of its own, which it may set.
const OWN_NUMBERS: [&str; 4] = ["--map-root-user", "--pid", "--fork", "--mount-proc"];

fn with_own_numbers(python: &Python) -> Command {
    let mut command = Command::new("unshare");
    command.args(OWN_NUMBERS).arg(&python.path);
    for (name, _) in python.command().get_envs() {
        command.env_remove(name);
    }
    command
}

/// Process numbers begin anew when they have all been used: a child's is shorter then than its parent's.
#[test]
fn a_child_with_a_shorter_number_has_a_store() {
    let test = "a_child_with_a_shorter_number_has_a_store";
    if !Command::new("unshare")
        .args(OWN_NUMBERS)
        .arg("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        return skip(test, "a namespace of process numbers");
    }
    for python in builds() {
        let run = Run::new();
        let file = program("short_number.py");
        let mut command = with_own_numbers(python);
        let output = run.inject(command.arg(&file)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim(), "shorter", "{}: {output:?}", python.tag());
        assert_eq!(run.stores().len(), 3, "{}", python.tag());
        // The body of `in_child`.
        let hits = run.hits(&file);
        assert!(hits.contains(&5) && hits.contains(&6), "{}", python.tag());
    }
}

#[test]
fn sockets_and_programs_are_noted() {
    let code = "
import os, socket, subprocess, sys
server = socket.socket(); server.bind(('127.0.0.1', 0))
datagrams = socket.socket(type=socket.SOCK_DGRAM); datagrams.bind(('127.0.0.1', 0))
subprocess.run(['/bin/true', 'a b'])
os.system('true with words')
os.spawnv(os.P_WAIT, '/bin/true', ['true', 'spawned'])
os.posix_spawn('/bin/true', ['true', 'posix'], {})
";
    for python in builds() {
        let run = Run::new();
        let mut command = python.command();
        run.inject(command.args(["-c", code])).output().unwrap();
        let stores = run.stores();
        let parent = stores
            .iter()
            .find(|store| !store.listens.is_empty())
            .unwrap();
        assert_eq!(parent.listens, ["127.0.0.1:0"], "{}", python.tag());
        let spawns: Vec<String> = parent.spawns.iter().map(|words| words.join("|")).collect();
        assert!(
            spawns.contains(&"subprocess.Popen|/bin/true|/bin/true|a b".to_owned()),
            "{spawns:?}"
        );
        assert!(
            spawns.contains(&"os.system|/bin/sh|true with words".to_owned()),
            "{spawns:?}"
        );
        assert!(
            spawns.contains(&"os.posix_spawn|/bin/true|true|posix".to_owned()),
            "{spawns:?}"
        );
    }
}

#[test]
fn of_a_program_is_noted_which_file_it_is_and_whether_it_gets_the_agent() {
    let code = "
import os, subprocess
os.mkdir('own'); os.symlink('/bin/true', 'own/truly'); os.mkdir('own/folder')
os.symlink('/proc/%d/exe' % os.getpid(), 'own/python')
agent = os.environ['PYTHONPATH']
preloaded = {'LD_PRELOAD': '/x.so:%s/swath-preload.x86_64.so' % agent}
def start(name, **options):
    try:
        subprocess.run([name, 'x'], stderr=-3, **options)
    except (OSError, TypeError, ValueError):
        pass
own = {'PATH': '/nowhere::' + os.getcwd() + '/own'}
start('truly', env=own)
start('truly', env={'PATH': 'own', 'PYTHONPATH': agent + ':/x'})
start('truly', env={'PATH': '../own', 'PYTHONPATH': '/x:' + agent}, cwd='own')
start('true', env={**preloaded})
start('true', env=os.environ)
start('truly')
os.environ['PATH'] = own['PATH']; os.environ['PYTHONPATH'] = 'src'
start('truly')
start('folder')
start('python', env=own)
start('python', cwd='own', executable='./python', env=own)
start('truly', env={**own, 'A': 1})
start('truly', env={**own, 'A=': 'b'})
start('truly', env={**own, 'A': 'a' * 200000})
start('truly', env={**own, **{str(n): 'a' * 100000 for n in range(70)}})
";
    for python in builds() {
        let run = Run::new();
        let place = swath_test::temp_dir();
        let folder = fs_err::canonicalize(place.path()).unwrap();
        let mut command = python.command();
        let command = command.args(["-c", code]).current_dir(&folder);
        let output = run
            .inject(command)
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {output:?}", python.tag());
        let stores = run.stores();
        let parent = stores.iter().find(|store| !store.spawns.is_empty());
        let parent = parent.unwrap();
        // From 3.13 on `posix_spawn` says the same again.
        let starts = parent.spawns.iter().zip(&parent.spawn_flags);
        let starts: Vec<(String, u32)> = starts
            .filter(|(words, _)| words[0] == "subprocess.Popen")
            .map(|(words, flags)| (words[1].clone(), *flags))
            .collect();
        let truly = format!("{}/own/truly", folder.display());
        let itself = format!("{}/own/python", folder.display());
        let below = format!("{}/own/../own/truly", folder.display());
        let expected = [
            (truly.clone(), 0),
            (truly.clone(), layout::SPAWN_BY_PATH),
            (below, 0),
            // What CPython looks through without a `PATH`, and what is given above.
            ("/bin/true".to_owned(), layout::SPAWN_BY_PRELOAD),
            ("/usr/bin/true".to_owned(), layout::SPAWN_BY_PATH),
            (truly, 0),
            (itself.clone(), layout::SPAWN_OF_ITSELF),
            (
                format!("{}/own/./python", folder.display()),
                layout::SPAWN_OF_ITSELF,
            ),
        ];
        assert_eq!(starts, expected, "{}", python.tag());
    }
}

#[test]
fn only_what_is_in_scope_is_recorded() {
    let measured = |configuration: &str, python: &Python, folder: &std::path::Path| {
        let run = Run::with(configuration);
        run.program(python, &[&folder.join("prog.py")]);
        let mut names: Vec<PathBuf> = run
            .stores()
            .into_iter()
            .flat_map(|store| store.files.into_keys())
            .collect();
        names.sort();
        names
            .iter()
            .map(|name| {
                name.strip_prefix(folder)
                    .unwrap_or(name)
                    .display()
                    .to_string()
            })
            .collect::<Vec<_>>()
    };
    for python in builds() {
        let folder = swath_test::temp_dir();
        let path = folder.path();
        fs_err::create_dir_all(path.join("pkg/sub")).unwrap();
        fs_err::create_dir_all(path.join("lib/site-packages")).unwrap();
        for name in [
            "pkg/__init__.py",
            "pkg/sub/__init__.py",
            "pkg/sub/mod.py",
            "other.py",
        ] {
            fs_err::write(path.join(name), "x = 1\n").unwrap();
        }
        fs_err::write(path.join("lib/site-packages/third.py"), "x = 1\n").unwrap();
        let text = "import sys\nsys.path.append(sys.path[0] + '/lib/site-packages')\n\
                    import pkg.sub.mod, other, third, json.tool\n";
        fs_err::write(path.join("prog.py"), text).unwrap();

        let all = [
            "other.py",
            "pkg/__init__.py",
            "pkg/sub/__init__.py",
            "pkg/sub/mod.py",
            "prog.py",
        ];
        assert_eq!(measured("", python, path), all);
        let source = format!("source-dir {}\n", path.join("pkg").display());
        assert_eq!(measured(&source, python, path), all[1..4]);
        assert_eq!(measured("source-pkg pkg.sub\n", python, path), all[2..4]);
        assert_eq!(
            measured("source-pkg third\n", python, path),
            ["lib/site-packages/third.py"]
        );
        assert_eq!(measured("include */sub/*\n", python, path), all[2..4]);
        assert_eq!(
            measured("omit */sub/*\nomit prog.*\n", python, path),
            all[..2]
        );
    }
}

#[test]
fn a_relative_name_is_looked_for_along_sys_path() {
    for python in builds() {
        let folder = swath_test::temp_dir();
        let path = fs_err::canonicalize(folder.path()).unwrap();
        for name in [
            "first/core.py",
            "lib/shop/core.py",
            "lib/shop/part.py",
            "shop/part.py",
        ] {
            swath_test::write_file(path.join(name), "x = 1\n");
        }
        let text = "import os, sys\nos.chdir(os.path.dirname(__file__))\n\
                    sys.path[:0] = ['', 3, 'first', 'lib']\n\
                    for name in ('shop/core.py', 'shop/part.py', 'shop/none.py'):\n    \
                        exec(compile('x = 1', name, 'exec'))\n";
        fs_err::write(path.join("prog.py"), text).unwrap();
        let run = Run::new();
        run.program(python, &[&path.join("prog.py")]);
        let files = &run.stores()[0].files;
        let names: Vec<_> = files
            .keys()
            .map(|file| file.strip_prefix(&path).unwrap().to_str().unwrap())
            .collect();
        let expected = [
            "lib/shop/core.py",
            "prog.py",
            "shop/none.py",
            "shop/part.py",
        ];
        assert_eq!(names, expected, "on {}", python.tag());
    }
}

#[test]
fn the_blob_id_of_a_source_is_gits() {
    for python in builds() {
        let run = Run::new();
        let folder = swath_test::temp_dir();
        let file = folder.path().join("hashed.py");
        let text = "x = 1\n".repeat(1234);
        fs_err::write(&file, &text).unwrap();
        run.program(python, &[&file]);
        let mut command = std::process::Command::new("git");
        let Ok(output) = command.arg("hash-object").arg(&file).output() else {
            skip("the_blob_id_of_a_source_is_gits", "git");
            return;
        };
        let hash = run.stores()[0].hashes[&file].expect("the file can be read");
        let digits = hash.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        assert_eq!(digits, String::from_utf8_lossy(&output.stdout).trim());
    }
}

/// Code of the standard library, each as its first line, its table, and the ranges that `co_lines` gives.
const TABLES: &str = r#"
import asyncio.base_events, ast, dataclasses, enum, inspect, subprocess, tarfile, typing, zipfile
import types

def tell(code):
    ranges = ["%d,%d,%d" % (start, end, line or 0) for start, end, line in code.co_lines()]
    print(code.co_firstlineno, code.co_linetable.hex(), *ranges)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            tell(constant)

modules = [asyncio.base_events, ast, dataclasses, enum, inspect, subprocess, tarfile, typing, zipfile]
for module in modules:
    with open(module.__file__, encoding="utf-8") as file:
        tell(compile(file.read(), module.__file__, "exec"))
tell(compile("a\n" + "\n" * 70000 + "[\nb,\n" + "\n" * 5000 + "c]", "far", "exec"))
"#;

#[test]
fn tables_of_lines_say_what_co_lines_says() {
    let has_table = |python: &&Python| python.version >= (3, 11);
    if !builds().iter().any(|python| has_table(&python)) {
        skip("tables_of_lines_say_what_co_lines_says", "CPython 3.11");
    }
    for python in builds().iter().filter(has_table) {
        let (major, minor) = python.version;
        let version = u32::from(major) << 8 | u32::from(minor);
        let output = python.command().args(["-c", TABLES]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() > 1000, "{}", python.tag());
        for line in text.lines() {
            let mut words = line.split(' ');
            let first = words.next().unwrap().parse().unwrap();
            let digits = words.next().unwrap();
            let table: Vec<u8> = (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
                .collect();
            let found = location_table::Ranges::new(&table, first, version);
            let found: Vec<_> = found
                .map(|(start, end, line)| format!("{start},{end},{line}"))
                .collect();
            let expected: Vec<_> = words.collect();
            assert_eq!(found, expected, "{}: {first} {digits}", python.tag());
        }
    }
}

/// Whatever bytes there are, ranges end.
#[test]
fn any_bytes_are_a_table_of_lines() {
    let table: Vec<u8> = (0..=255).cycle().take(600).collect();
    for start in 0..table.len() {
        for version in [0x030b, 0x030c] {
            let ranges = location_table::Ranges::new(&table[start..], 1, version);
            assert!(ranges.count() <= table.len(), "{start}");
        }
    }
}
