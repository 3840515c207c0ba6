#!/usr/bin/env bash
# A container engine for tests, and images without a registry.
#
#   engine.sh start DIR     a private dockerd: its socket is DIR/docker.sock, its data below DIR
#   engine.sh base DIR      in it, runbook-python:3.11 of Debian's packages, for `make image BASE=runbook-python:3.11`
#   engine.sh database DIR  in it, postgres:18 of the wheel that `make image` has fetched
#   engine.sh stop DIR      stop it and remove its containers
#
# Debian, as root. Exit code 3 where there is no engine to be had: whoever asked reports its tests as not run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
action=$1
dir=$2
suite=${DEBIAN_SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
export DOCKER_HOST="unix://$dir/docker.sock"

none() {
  echo "no container engine: $1" >&2
  exit 3
}

start() {
  docker version >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] || none "a private one needs root"
  if ! command -v dockerd >/dev/null || ! command -v debootstrap >/dev/null; then
    # Its package would start one of its own.
    [ -e /usr/sbin/policy-rc.d ] || printf '#!/bin/sh\nexit 101\n' | install -m 755 /dev/stdin /usr/sbin/policy-rc.d
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      docker.io debootstrap iptables; } >/dev/null || none "docker.io cannot be installed"
  fi
  mkdir -p "$dir"
  # Without a bridge of its own: another engine of this machine has one. Each run makes its own network.
  setsid dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
    --storage-driver overlay2 --bridge none >"$dir/log" 2>&1 </dev/null &
  for _ in $(seq 150); do
    docker version >/dev/null 2>&1 && return
    kill -0 $! 2>/dev/null || none "$(tail -n 1 "$dir/log")"
    sleep 0.2
  done
  none "it did not answer within 30 s: $(tail -n 1 "$dir/log")"
}

# NAME PACKAGES IMPORT-OPTIONS...: kept in the engine, so made once.
made() {
  local name=$1 packages=$2
  shift 2
  docker image inspect "$name" >/dev/null 2>&1 && return
  local root
  root=$(mktemp -d "$dir/root.XXXXXX")
  debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 5 "$root.log" >&2; none "$name cannot be made of Debian's packages"; }
  tar -C "$root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' -c . | docker import "$@" - "$name" >/dev/null
  rm -rf "$root" "$root.log"
}

base() {
  made runbook-python:3.11 python3,python3-venv,git,ca-certificates --change 'CMD ["python3"]'
}

# The server of the embedded target: the one of Debian 12 lacks what the migrations use.
database() {
  docker image inspect postgres:18 >/dev/null 2>&1 ||
    tar -C "$here" -c Postgres.Dockerfile entrypoint.sh -C "$here/../../build" wheels |
    docker build -q --network none -f Postgres.Dockerfile -t postgres:18 - >/dev/null
}

stop() {
  [ -e "$dir/pid" ] || return 0
  local pid
  pid=$(cat "$dir/pid")
  docker ps -aq | xargs -r docker rm -fv >/dev/null
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

"$action"
