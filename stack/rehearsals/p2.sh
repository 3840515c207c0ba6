#!/usr/bin/env bash
# P2: a small fault, here a wrong page for visitors of the Admin. It is entered in the Backlog Registry as a bug fix,
# mended as scheduled, and closed by the first run that holds.
source "$(dirname "$0")/common.sh"

say "After a deploy the Admin shows sample events in place of the real ones"
step 0 runbook up --target "$target" --defect admin_shows_sample_events
checks 1 checks/health
wrong=$(run)

say "It is P2: an entry of the Backlog Registry, labelled as a bug fix, with a due date, once"
step 0 runbook incident open "Sample events in the Admin" --run "$wrong" --target "$target"
id=$(ls "$work/incidents")
step 0 runbook backlog record "$wrong" --target "$target"
step 0 runbook backlog record "$wrong" --target "$target"
cat backlog.toml
checks 0 checks/incident --incident="$id"

say "Later it is mended as scheduled; the first run that holds closes the entry"
step 0 runbook down --target "$target"
step 0 runbook up --target "$target"
echo "the page asks the API for its events again" >fix.txt
step 0 runbook incident change "$id" code "The Admin asks the API for the events again." --evidence fix.txt
open_again
step 0 runbook backlog record "$(run)" --target "$target"
step 0 runbook backlog list --target "$target"

tell "The Admin showed sample events after a deploy." \
  "Organizers saw events that do not exist for two days; nothing was written." \
  "The page is described nowhere in the operations documents."
