#!/bin/sh
# Serves xy on PORT of this machine. The settings are in env_vars/.
set -eu
cd "$(dirname "$0")"
if [ "${XY_FRESH:-0}" = 1 ]; then
    rm -f "${XY_DATABASE:?}"
fi
exec gunicorn --pythonpath=source --bind "${HOST:-127.0.0.1}:${PORT:-8000}" --threads=4 --workers=2 'xy:app()'
