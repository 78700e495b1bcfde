#!/bin/sh
# Runs the system tests against the server at XY_URL, once it answers.
set -eu
cd "$(dirname "$0")/../.."
until python -c "import os, urllib.request as r; r.urlopen(os.environ['XY_URL'] + '/ready', timeout=5)" 2>/dev/null; do
    sleep 0.2
done
exec python -m pytest -q -p no:cacheprovider test/system
