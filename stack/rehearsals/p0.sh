#!/usr/bin/env bash
# P0: the API is down after a deploy. It is escalated at once and acknowledged, the stable version is brought back,
# everything is validated before access is opened again, and it is told.
source "$(dirname "$0")/common.sh"

say "The System Operator and Governance are reached over a webhook, here one of the rehearsal's own"
python - "$work" <<'PYTHON' &
import http.server, pathlib, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(f"{sys.argv[1]}/received.jsonl", "ab") as file:
            file.write(body + b"\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
pathlib.Path(sys.argv[1], "receiver").write_text(f"http://127.0.0.1:{server.server_port}/")
server.serve_forever()
PYTHON
receiver=$!
trap 'kill $receiver; finish' EXIT
until [ -s receiver ]; do sleep 0.05; done
for who in "operator:System Operator" "governance:Governance"; do
  printf '\n[incidents.channels.%s]\nkind = "json"\nrole = "%s"\nurl = { file = "receiver" }\n' "${who%%:*}" "${who#*:}" >>"$target"
done

say "After a deploy the API does not answer"
step 0 runbook up --target "$target"
(cd "$root" && step 0 python -m stack.parts stop api --state "$root/.runbook/$name")
checks 1 checks/health
down=$(run)

say "An incident is opened, and told at once"
step 0 runbook incident open "The API is down" --run "$down" --target "$target"
id=$(ls "$work/incidents")
step 0 runbook incident escalate "$id" --target "$target"
wc -l received.jsonl
step 0 runbook incident acknowledge "$id" --key "$work/ayu.pem" --target "$target"
step 0 runbook incident acknowledge "$id" --key "$work/budi.pem" --target "$target"
checks 0 checks/incident --incident="$id"

say "The stable version is brought back"
(cd "$root" && step 0 python -m stack.parts start api --state "$root/.runbook/$name")
git -C "$root" log -1 --format=%H >stable.txt 2>/dev/null || echo "the stable release" >stable.txt
step 0 runbook incident change "$id" code "The stable version of the API is deployed again." --evidence stable.txt

open_again
tell "The API stopped with the deploy and did not start again." \
  "Nobody could sign in or read anything until the stable version was back." \
  "Starting and stopping is described already, and worked as described."
