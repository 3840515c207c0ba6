#!/usr/bin/env bash
# P1: a policy is opened to every event. The RLS section finds it; the path is closed, and proved closed from outside;
# the policy is repaired minimally and with approval; all is validated again, opened again, and told.
source "$(dirname "$0")/common.sh"

say "After a migration, row-level security is verified"
step 0 runbook up --target "$target" --defect anonymous_visitors_read_enrollments
checks 1 checks/rls
leak=$(run)

say "An incident is opened from that run: rows of another event can be read, so it is P1"
step 0 runbook incident open "Visitors read enrolments" --run "$leak" --target "$target" --severity P1 \
  --why "Rows of other events can be read; nothing is down."
id=$(ls "$work/incidents")
step 0 runbook incident contain "$id" --target "$target"

say "The path is closed, which two people know of, and proved closed for everybody"
sql "revoke all on public.enrollments from anon, authenticated"
echo "revoke all on public.enrollments from anon, authenticated;" >close.sql
step 0 runbook incident change "$id" policy "Reading enrolments is revoked until the policy is repaired." --evidence close.sql
step 0 runbook incident approve "$id" 1 --key "$work/budi.pem"
checks 3 checks/incident/test_containment.py --incident="$id" # closed; the rest of the clause is not there yet

say "The policy is repaired, and nothing else; somebody else approves it"
sql 'drop policy "public page counts" on public.enrollments'
sql "grant select, insert, update, delete on public.enrollments to authenticated"
echo 'drop policy "public page counts" on public.enrollments;' >repair.sql
step 0 runbook incident change "$id" policy "The policy for visitors is dropped; members read again." --evidence repair.sql
step 0 runbook incident approve "$id" 2 --key "$work/budi.pem"
step 0 runbook incident diff "$id" --target "$target"

open_again
checks 0 checks/incident --incident="$id"

tell "A migration let visitors read enrolments of every event." \
  "Names of participants of all events could be read for as long as the policy stood." \
  "The review of policies by two people is in the runbook already."
