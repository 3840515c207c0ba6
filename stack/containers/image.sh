#!/usr/bin/env bash
# image.sh NAME [BASE]: build the image of the reference system and of the suite. BASE is a Debian with Python 3.11.
# The wheels are fetched here, by whatever index this machine uses; only the files named go to the engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1
base=${2:-}
.venv/bin/python -m pip download -q --disable-pip-version-check --only-binary=:all: --python-version 3.11 \
  --require-hashes -r requirements.lock --dest build/wheels
# The stages, also of a build that failed, and the image that had this name before.
trap 'docker image prune --force --filter label=runbook.image=built >/dev/null' EXIT
tar --exclude=__pycache__ -c conftest.py pyproject.toml README.md checks fixtures src stack targets build/wheels |
  docker build -q --force-rm -f stack/containers/Dockerfile ${base:+--build-arg "BASE=$base"} -t "$name" - >/dev/null
echo "$name"
