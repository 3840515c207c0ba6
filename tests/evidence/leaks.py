"""Checks that leak every canary wherever a check can, and a page that does; each is the text of a file."""

from __future__ import annotations

LEAKING = """
import logging, os, sys, threading, warnings

import allure, psycopg, pytest

from fixtures.clauses import clause
from tests.evidence.canaries import CANARIES, DATA, GIVEN, SECRETS, SPELLINGS

pytestmark = clause("H1")
DSN = os.environ["RUNBOOK_DSN"]
ALL = [DSN, *CANARIES.values()]
KNOWN = [DSN, *SECRETS.values()]
SPELLED = list(dict.fromkeys(spell(value) for spell in SPELLINGS.values() for value in KNOWN))


class Shown:
    def __init__(self, value): self.value = value
    def __repr__(self): return self.value


@pytest.fixture
def failing():
    raise ValueError(ALL)


@pytest.fixture
def failing_at_the_end():
    yield
    raise ValueError(ALL)


def test_setup(failing):
    pass


def test_teardown(failing_at_the_end):
    pass


def test_exception():
    raise RuntimeError(f"cannot use {ALL}")


def test_environment():
    raise OSError(dict(os.environ))


def test_chain():
    try:
        raise ValueError(ALL)
    except ValueError as error:
        raise ExceptionGroup(str(ALL), [error]) from error


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_message(spelling):
    assert False, " ".join(SPELLINGS[spelling](value) for value in KNOWN)


@pytest.mark.parametrize("value", SPELLED)
def test_parameter(value):
    assert False, value


@pytest.mark.parametrize("value", [value.encode() for value in KNOWN])
def test_bytes_as_parameter(value):
    assert False, value


@pytest.mark.parametrize("value", range(len(SPELLED)), ids=SPELLED)
def test_id(value):
    assert False, "named for a secret"


@pytest.mark.parametrize("value", [Shown(value) for value in ALL])
def test_object_as_parameter(value):
    assert False, "shown as a secret"


@pytest.mark.parametrize("reason", [pytest.skip, pytest.fail, pytest.xfail])
def test_reason(reason):
    reason(" ".join(SPELLED))


def test_comparison():
    assert ALL == []


def test_comparison_with_a_message():
    assert ALL == [], "two lists differ"


def test_compared_by_another():
    import unittest
    unittest.TestCase().assertEqual(str(ALL), "")


def test_output():
    print(*ALL, dict(os.environ))
    print(*ALL, file=sys.stderr)
    os.write(1, str(ALL).encode())
    assert False, "printed"


def test_log():
    logging.warning("%s", ALL)
    logging.getLogger("another").error("x", extra={"row": ALL})
    assert False, "logged"


def test_warning():
    warnings.warn(str(ALL))
    assert False, "warned"


def test_thread():
    def fail(): raise ValueError(ALL)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert False, "a thread failed"


def test_property(record_property):
    record_property("kept", " ".join(ALL))
    assert False, "a property"


def test_allure():
    allure.dynamic.title(str(KNOWN))
    allure.dynamic.description(str(KNOWN))
    allure.dynamic.description_html(str(ALL))
    allure.dynamic.link(str(ALL), name=str(ALL))
    allure.dynamic.tag(*KNOWN)
    allure.dynamic.parameter("p", ALL)
    with allure.step(str(ALL)):
        allure.attach(str(ALL), name=str(ALL))
    assert False, "told to Allure"


def test_journal(journal):
    for value in SPELLED:
        journal.note("http", request=f"GET /?key={value}", **{value: value})
    assert False, "noted"


def test_not_a_connection_string():
    psycopg.connect(f"{DSN} {ALL}")


def test_failing_row(database):
    with database.transaction() as cursor:
        cursor.execute("insert into public.canaries values (%s, null)", (DATA["a row"],))


def test_value_in_an_sql_error(database):
    database.read("select value::int from public.canaries")


def test_sql_error_as_it_is():
    with psycopg.connect(DSN) as connection:
        connection.execute("select value::int from public.canaries")


def test_rows(database):
    assert database.read("select value from public.canaries") == []


def test_token_that_was_given(token_of):
    assert False, token_of("organizer")


def test_answer(api, token_of):
    answer = api.get("/events", token=token_of("organizer"))
    assert GIVEN in str(answer.body) and DATA["a body"] in str(answer.body)
    assert not answer.ok, answer


def test_body(api):
    assert api.get("/events").body is None


def test_query(api):
    assert api.send("GET", "/?" + SECRETS["the anonymous key"], query={"q": SECRETS["the password"]}) is None


def test_header_refused(api):
    api.send("GET", "/", headers=[("x-bad\\n", ALL[0])])


def test_page(visit):
    assert visit.page_errors == 0 and visit.console_errors == 0, visit


def test_page_requests(visit):
    assert not visit.failed_requests, visit.failed_requests
"""
BROKEN = """
from tests.evidence.canaries import CANARIES

print(CANARIES)
raise RuntimeError(CANARIES)
"""
PAGE = """<!doctype html><title>{page}</title>
<form><input id="email" name="email"><input id="password" name="password"><button id="sign-in">in</button></form>
<p data-event>{page}</p>
<script>
document.cookie = "session={page}"
console.error("{page}")
fetch("{closed}/{secret}?row={page}", {{headers: {{authorization: "{page}"}}}}).catch(() => 0)
throw new Error("{page}")
</script>
"""
