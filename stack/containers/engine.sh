#!/usr/bin/env bash
# A container engine for tests, and images without a registry.
#
#   engine.sh start DIR     a private dockerd, also told what follows: its socket is DIR/docker.sock, its data below DIR
#   engine.sh base DIR      in it, runbook-python:3.11 of Debian's packages, for `make image BASE=runbook-python:3.11`
#   engine.sh database DIR  in it, postgres:18 of the server that the image runbook-checks has
#   engine.sh stop DIR      stop it and remove its containers; `rm -rf DIR` then removes all of it
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
  if ! command -v dockerd >/dev/null || ! command -v mmdebstrap >/dev/null; then
    # Its package would start one of its own.
    [ -e /usr/sbin/policy-rc.d ] || printf '#!/bin/sh\nexit 101\n' | install -m 755 /dev/stdin /usr/sbin/policy-rc.d
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      docker.io docker-compose mmdebstrap iptables podman netavark aardvark-dns; } >/dev/null ||
      none "docker.io cannot be installed"
  fi
  mkdir -p "$dir"
  rm -f "$dir/pid" "$dir/exec/containerd/containerd.pid" # of one that was killed
  # Without a bridge of its own: another engine of this machine has one. Each run makes its own network.
  setsid dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
    --storage-driver overlay2 --bridge none "$@" >"$dir/log" 2>&1 </dev/null &
  for _ in $(seq 150); do
    docker version >/dev/null 2>&1 && return
    kill -0 $! 2>/dev/null || none "$(tail -n 1 "$dir/log")"
    sleep 0.2
  done
  none "it did not answer within 30 s: $(tail -n 1 "$dir/log")"
}

# Kept in the engine, so made once: all that the Dockerfile would fetch.
base() {
  docker image inspect runbook-python:3.11 >/dev/null 2>&1 && return
  mmdebstrap --mode=root --variant=minbase \
    --include=binutils,ca-certificates,chromium-headless-shell,git,libatomic1,python3-venv \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    '' - "deb $mirror $suite main" "deb $mirror-security $suite-security main" 2>"$dir/base.log" |
    docker import - runbook-python:3.11 >/dev/null ||
    { tail -n 5 "$dir/base.log" >&2; none "runbook-python:3.11 cannot be made of Debian's packages"; }
}

# The server of the embedded target: the one of Debian 12 lacks what the migrations use.
database() {
  docker image inspect postgres:18 >/dev/null 2>&1 && return
  trap 'docker image prune --force --filter label=runbook.image=built >/dev/null' EXIT
  tar -C "$here" -c Postgres.Dockerfile entrypoint.sh |
    docker build -q --force-rm -f Postgres.Dockerfile -t postgres:18 - >/dev/null
}

stop() {
  if [ -e "$dir/pid" ]; then
    start # if it was killed: only another takes down the containers that it left
    docker ps -aq | xargs -r docker rm -fv >/dev/null
    local pid
    pid=$(cat "$dir/pid")
    kill "$pid"
    while [ -e "$dir/pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  awk -v below="$(realpath "$dir")/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
}

"$action" "${@:3}"
