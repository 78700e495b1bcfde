//! A program sees the interpreter as it would be without swath.

use std::fmt::Write as _;
use std::process::Command;

use swath_test::{Python, builds};

use crate::run::Run;

fn outputs(run: &Run, python: &Python, prepare: &dyn Fn(&mut Command)) -> [String; 2] {
    [false, true].map(|injected| {
        let mut command = python.command();
        prepare(&mut command);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        if injected {
            let mut path = run.path().join("agent").into_os_string();
            for (name, value) in command.get_envs() {
                if name == "PYTHONPATH"
                    && let Some(value) = value
                {
                    path.push(":");
                    path.push(value);
                }
            }
            command.env("PYTHONPATH", path);
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    })
}

fn check_same(prepare: &dyn Fn(&mut Command)) {
    for python in builds() {
        let run = Run::new();
        let [without, with] = outputs(&run, python, prepare);
        assert!(!without.is_empty());
        assert_eq!(with, without, "{}", python.tag());
        assert!(
            !run.stores().is_empty(),
            "the agent was there: {}",
            python.tag()
        );
    }
}

#[test]
fn modules_path_and_threads() {
    check_same(&|command| {
        // A build for debugging looks up `ascii` for the name of every extension that it loads.
        let code = "import sys, threading, os, signal, encodings.ascii
print(sorted(sys.modules)); print(sys.path, len(sys.meta_path), sorted(sys.path_importer_cache))
print(threading.active_count(), sys.gettrace(), sys.getprofile(), sys.argv, sys.flags)
print([signal.getsignal(n) for n in range(1, 32)])
print(open('/dev/null').fileno(), sys.settrace, sys.settrace.__doc__, dir(sys))
print(sorted(globals()), sys.getrecursionlimit())";
        command.args(["-c", code]);
    });
}

#[test]
fn tracebacks_and_exit_codes() {
    check_same(&|command| {
        let code = "
def f(n):
    return 1 / n if n == 0 else f(n - 1)
try:
    f(3)
finally:
    import sys, traceback
    traceback.print_stack()
    def g(): return g()
    try:
        g()
    except RecursionError as error:
        print(error, sys.exc_info()[0])";
        command.args(["-c", code]);
    });
}

#[test]
fn the_sitecustomize_it_shadows_runs() {
    let folder = swath_test::temp_dir();
    let path = folder.path();
    let show =
        "import sys; print('mine', __name__, __file__, __spec__.name, sys.path[:2])\nx = 5\n";
    fs_err::write(path.join("sitecustomize.py"), show).unwrap();
    fs_err::write(path.join("usercustomize.py"), "print('user')").unwrap();
    check_same(&|command| {
        let code = "import sys, sitecustomize; print(sitecustomize.x, sys.path[:2],
            sys.modules['sitecustomize'] is sitecustomize)";
        command.env("PYTHONPATH", path).args(["-c", code]);
    });
}

#[test]
fn a_sitecustomize_that_fails_fails_as_it_would() {
    for text in ["1 / 0\n", "import not_there\n", "def f(:\n"] {
        let folder = swath_test::temp_dir();
        fs_err::write(folder.path().join("sitecustomize.py"), text).unwrap();
        check_same(&|command| {
            let code = "import sys; print('on', 'sitecustomize' in sys.modules)";
            command.env("PYTHONPATH", folder.path()).args(["-c", code]);
        });
    }
}

#[test]
fn other_tools_find_monitoring_free() {
    for python in builds().iter().filter(|python| python.version >= (3, 12)) {
        let run = Run::new();
        let code = "import sys; m = sys.monitoring
for tool in (m.DEBUGGER_ID, m.COVERAGE_ID, m.PROFILER_ID, m.OPTIMIZER_ID):
    m.use_tool_id(tool, 'x')
print('free')";
        let mut command = python.command();
        let output = run.inject(command.args(["-c", code])).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "free\n");
    }
}

#[test]
fn core_dumps_leave_the_data_out() {
    for python in builds() {
        let run = Run::new();
        let code = "
found = False
for line in open('/proc/self/smaps'):
    words = line.split()
    if words[-1].endswith('.hits'): found = True
    elif found and words[0] == 'VmFlags:':
        print('dd' in words); break";
        let mut command = python.command();
        let output = run.inject(command.args(["-c", code])).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "True\n",
            "{}",
            python.tag()
        );
    }
}

#[test]
fn a_program_that_closes_all_descriptors_is_not_harmed() {
    for python in builds() {
        let run = Run::new();
        let file = run.path().join("daemon.py");
        let mut text = String::from(
            "import os\nos.closerange(3, 2000)\n\
             mine = [os.open('mine%d' % n, os.O_RDWR | os.O_CREAT) for n in range(1000)]\n",
        );
        for number in 0..600 {
            let body = "    x += 1\n".repeat(300);
            let _ = write!(
                text,
                "def f{number}(x):\n{body}    return x\nf{number}(1)\n"
            );
        }
        text.push_str("print(sum(os.fstat(one).st_size for one in mine), 'bytes')\n");
        fs_err::write(&file, text).unwrap();
        let mut command = python.command();
        command.arg(&file).current_dir(run.path());
        let output = run.inject(&mut command).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "0 bytes\n",
            "{}",
            python.tag()
        );
        let stores = run.stores();
        assert_eq!(stores[0].header.dropped, 0, "{}", python.tag());
        assert!(run.hits(&file).len() > 180_000, "{}", python.tag());
    }
}
