//! Containers, on the engine of this machine.

use swath_test::{base_image_with, image_python};

use crate::setup::{Setup, play_all};
use crate::starts::REFUSED;

/// Starts Pythons by names that fail, or that are ended before they begin; with an argument also one
/// that does not have the agent.
const FAILED_BY_NAME: (&str, &str) = (
    "name.py",
    "import os, subprocess, sys\nfor name in ('python', 'python3'):\n    try:\n        subprocess.Popen([name, 'one.py'], preexec_fn=lambda: 1 / 0)\n    except subprocess.SubprocessError:\n        pass\n    child = subprocess.Popen([name, '-I', 'two.py'])\n    child.kill()\n    child.wait()\nif sys.argv[1:]:\n    subprocess.run(['python', '-c', ''], env={'PATH': os.environ['PATH']})\n",
);

/// Played with `$IMAGE`, which holds a Python and nothing of a project's.
fn setups(image: &str) -> Vec<Setup> {
    // A table of constants needs texts that live as long as the test: a few, once.
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let setup = |name, script: &str, verdict| Setup {
        name,
        files: &[
            ("app.py", "x = 1\n"),
            REFUSED,
            FAILED_BY_NAME,
            ("slow.py", "import time\ntime.sleep(2.5)\n"),
            ("brief.py", "import time\ntime.sleep(.4)\n"),
        ],
        script: text(script.replace("$IMAGE", image)),
        verdict,
        needs: &[],
    };
    vec![
        setup(
            "a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE python app.py",
            &["Complete 1 of 1"],
        ),
        setup(
            "a container that runs no Python",
            "$SWATH run --source . -- sh -c '$PYTHON app.py; docker run --rm $IMAGE sh -c :'",
            &["Complete 1 of 1"],
        ),
        setup(
            "a container with a read-only root",
            "$SWATH run --source . -- docker run --rm --read-only -v $PWD:/app -w /app $IMAGE python app.py",
            &["Complete 1 of 1"],
        ),
        setup(
            "a container of another user",
            "$SWATH run --source . -- docker run --rm --user 1234 -v $PWD:/app -w /app $IMAGE python app.py",
            &["Complete 1 of 1"],
        ),
        setup(
            "env -i in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE sh -c 'python app.py; P=$(command -v python); env -i $P slow.py'",
            &["Incomplete"],
        ),
        setup(
            "a short Python without the agent in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE sh -c 'python app.py; P=$(command -v python); env -i $P brief.py'",
            &["Incomplete 1 of 2"],
        ),
        setup(
            "Pythons without the agent in a container that are over at once",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE sh -c 'P=$(command -v python); for n in 1 2 3 4 5; do sleep .3; env -i $P -c x=1; done; python app.py'",
            &["Incomplete"],
        ),
        setup(
            "a short Python of another environment, executed in a container",
            "$SWATH run --source . -- sh -c 'docker run -d --name swath-brief-$$ -v $PWD:/app -w /app $IMAGE sh -c \"python app.py; sleep 60\" && docker exec swath-brief-$$ sh -c \"env -u LD_PRELOAD -u PYTHONPATH python brief.py\"; docker rm -f swath-brief-$$'",
            &["Incomplete 1 of 2"],
        ),
        setup(
            "short Pythons with the agent in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE sh -c 'for n in 1 2 3; do python app.py; python -I brief.py; PYTHONPATH=/x python brief.py; done'",
            &["Complete 9 of 9"],
        ),
        setup(
            "starts that the system refuses in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE python fail.py",
            &["Complete 2 of 2"],
        ),
        setup(
            "starts by name that fail in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE python name.py",
            &["Complete 3 of 3"],
        ),
        setup(
            "a start by name without the agent in a container",
            "$SWATH run --source . -- docker run --rm -v $PWD:/app -w /app $IMAGE python name.py without",
            &["Incomplete 3 of 4"],
        ),
        setup(
            "a container that was there before",
            "id=$(docker create -v $PWD:/app -w /app $IMAGE python app.py); $SWATH run --source . -- sh -c \"$PYTHON app.py; docker start -a $id\"; docker rm -f $id > /dev/null",
            &["Incomplete"],
        ),
    ]
}

#[test]
fn verdicts_of_containers() {
    const TEST: &str = "verdict: containers";
    let Some(python) = image_python() else {
        swath_test::skip(TEST, "no CPython that an image can be made of");
        return;
    };
    let Some(image) = base_image_with(python, &swath_test::Requirements::default(), TEST) else {
        return;
    };
    play_all("Verdicts: containers", &setups(&image));
}
