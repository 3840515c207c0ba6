"""A small complete settings document of a live target, and the variables that it refers to. Nothing answers there."""

from __future__ import annotations

LIVE = """
name = "mine"
backend = "live"
severity = "staging"

[api]
base_url = "http://127.0.0.1:9"
basic_endpoint = "/events"
guarded_routes = ["GET /events/current", "GET /enrollments"]

[api.errors]
unauthenticated = ["AuthenticationRequired", "InvalidToken"]
event_required = ["EventContextRequired"]
event_denied = ["PermissionDeniedForEvent"]

[auth]
method = "password"
url = "http://127.0.0.1:9/auth/v1"
anon_key = { env = "RUNBOOK_ANON_KEY" }
signing_secret = { env = "RUNBOOK_SIGNING_SECRET" }

[personas.organizer]
email = "organizer@mine.example"
password = { env = "RUNBOOK_PASSWORD" }

[personas.outsider]
email = "outsider@mine.example"
password = { env = "RUNBOOK_PASSWORD" }

[admin]
url = "http://127.0.0.1:9/admin"
origin = "http://127.0.0.1:9"
persona = "organizer"
sign_in = { email = "#email", password = "#password", submit = "#sign-in" }
loaded = "[data-event]"

[database]
dsn = { env = "RUNBOOK_DSN" }
public_tables = ["public.provinces"]

[tenancy]
root = "public.events"
membership = { table = "public.event_members" }

[audit.decisions]
table = "public.graduation_decisions"
id = "id"
who = "decided_by"
what = "outcome"
when = "decided_at"
event = "enrollment_id.event_id"

[audit.entries]
table = "public.audit_log"
id = "record_id"
who = "actor_id"
what = "detail.outcome"
when = "occurred_at"
event = "event_id"
only = { action = "graduation_decision.insert" }

[timeouts]
connect = 1
request = 1
retry = 1
"""

VARIABLES = {
    "RUNBOOK_ANON_KEY": "anon-key-of-the-settings-tests",
    "RUNBOOK_SIGNING_SECRET": "signing-secret-of-the-settings-tests",
    "RUNBOOK_PASSWORD": "password-of-the-settings-tests",
    "RUNBOOK_DSN": "postgresql://postgres:dsn-password@127.0.0.1:9/postgres",
}
