# What the rehearsals share: a folder of their own, people with keys, and the reference system under their settings.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PATH="$root/.venv/bin:$PATH"
work=$(mktemp -d)
cd "$work"
target=$work/rehearsal.toml

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Shows a command, runs it, and ends the rehearsal unless it comes to the exit code that belongs to this step.
step() {
  local wanted=$1 came=0
  shift
  printf '$ %s\n' "$*"
  "$@" || came=$?
  if [ "$came" != "$wanted" ]; then
    printf 'the rehearsal stops: exit code %s, and %s was to come\n' "$came" "$wanted" >&2
    exit 1
  fi
}

checks() {
  local wanted=$1
  shift
  (cd "$root" && step "$wanted" pytest "$@" -q --target="$target" --reports="$work/reports" --incidents="$work/incidents")
}

# The newest run.
run() { find "$work/reports" -name run.jsonl | sort | tail -1 | xargs dirname; }

sql() {
  printf 'sql> %s\n' "$1"
  python - "$root/.runbook/$name.json" "$1" <<'PYTHON'
import json, sys
import psycopg
with open(sys.argv[1], encoding="utf-8") as note:
    dsn = json.load(note)["provided"]["STACK_DATABASE_DSN"]
with psycopg.connect(dsn, autocommit=True) as connection:
    connection.execute(sys.argv[2].encode())
PYTHON
}

# The gate before access is opened again: run by one person, approved by two others.
open_again() {
  say "Everything is validated again before access is opened; two others approve what it came to"
  step 0 runbook gate reopen --target "$target" --reports "$work/reports"
  local verdict
  verdict=$(run)/gate/verdict.json
  step 0 runbook approve "$verdict" --key "$work/ayu.pem"
  step 0 runbook approve "$verdict" --key "$work/budi.pem"
  step 0 runbook reopen "$verdict" --target "$target"
  test -e access-is-open
}

# The sheet is written, what is missing would show, and the report is made.
tell() {
  say "It is over: what happened is written down, proved complete, and reported"
  step 0 runbook incident resolve "$id" "It is mended, and access is open again."
  sed -i "s|^what = \"\"|what = \"$1\"|; s|^impact = \"\"|impact = \"$2\"|; s|^not_needed = \"\"|not_needed = \"$3\"|" \
    "$work/incidents/$id/incident.toml"
  checks 0 checks/post_incident --incident="$id"
  step 0 runbook incident close "$id" --reports "$work/reports"
  step 0 runbook incident report "$id" --target "$target" --reports "$work/reports"
  step 0 runbook evidence verify "$work/reports" --target "$target"
  step 0 runbook evidence index --reports "$work/reports" --target "$target"
}

person() {
  runbook keys new --out "$work/$1.pem" >"$work/$1.pub"
  printf '\n[people.%s]\nname = "%s"\nrole = "%s"\n' "$1" "$2" "$3" >>"$target"
  grep '^key' "$work/$1.pub" >>"$target"
}

finish() {
  runbook down --target "$target" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

name=rehearsal-$$
sed "s|^name = .*|name = \"$name\"|; s|^folder = \"\.\.\"|folder = \"$root\"|" "$root/targets/embedded.toml" >"$target"
cp "$root/targets/embedded.baseline.json" "$work/rehearsal.baseline.json"
printf '\n[gate]\nreopen = ["touch", "access-is-open"]\n' >>"$target"
person ayu "Ayu Lestari" "System Operator"
person budi "Budi Santoso" "Governance"
person dewi "Dewi Anggraini" "On call"
export RUNBOOK_KEY=$work/dewi.pem
