"""The words of the matrix, in the target's languages; what the server says and hints stay English."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.clauses import Language

WORDS: dict[str, dict[Language, str]] = {
    "title": {"id": "Siapa menjangkau apa (RLS)", "en": "Who reaches what (RLS)"},
    "verdict open": {
        "id": "TERBUKA: {relations} dari {items} relasi/fungsi dapat ditembus; jangan buka kembali akses",
        "en": "OPEN: {relations} of {items} relations/functions let others in; do not re-open access",
    },
    "verdict undecided": {
        "id": "BELUM TERBUKTI: tidak ada yang terbuka, tetapi {undecided} belum diketahui; jangan anggap aman",
        "en": "UNDECIDED: nothing is open, but {undecided} could not be told; do not take it for safe",
    },
    "verdict closed": {
        "id": "TERTUTUP: tidak ada persona yang menjangkau baris event lain",
        "en": "CLOSED: nobody reaches rows of another event",
    },
    "open": {
        "id": "TERBUKA: menjangkau milik event lain (huruf = perintah)",
        "en": "OPEN: reaches what is another event's (the letter is the command)",
    },
    "undecided": {"id": "belum diketahui", "en": "could not be told"},
    "closed": {"id": "tertutup", "en": "closed"},
    "public": {"id": "dinyatakan publik: boleh dibaca", "en": "declared public: may be read"},
    "none": {"id": "tidak berlaku", "en": "does not apply"},
    "own": {"id": "event sendiri: terjangkau", "en": "own event: reached"},
    "not": {"id": "event sendiri: tidak terjangkau", "en": "own event: not reached"},
    "gained": {
        "id": "event sendiri: terjangkau, belum disetujui",
        "en": "own event: reached, and nobody approved it",
    },
    "lost": {"id": "event sendiri: disetujui, kini terkunci", "en": "own event: approved, and now locked out"},
    "unknown": {"id": "event sendiri: belum diketahui", "en": "own event: could not be told"},
    "commands": {
        "id": "s select, i insert, u update, d delete, m memindahkan baris sendiri ke event lain; x menjalankan fungsi",
        "en": "s select, i insert, u update, d delete, m move own rows to the other event; x call a function",
    },
    "letters": {
        "id": "s select, i insert, u update, d delete, m pindah, x panggil",
        "en": "s select, i insert, u update, d delete, m move, x call",
    },
    "others row": {"id": "event lain", "en": "others'"},
    "own row": {"id": "event sendiri", "en": "own"},
    "cells": {"id": "sel", "en": "cells"},
    "decided": {"id": "terbukti", "en": "decided"},
    "where": {"id": "Di mana terbuka", "en": "Where it is open"},
    "findings": {"id": "Temuan", "en": "Findings"},
    "legend": {"id": "Keterangan", "en": "Legend"},
    "rows first": {
        "id": "Baris ujinya: tempel ini lebih dahulu di psql, sebagai login database.dsn",
        "en": "Its rows: paste this into psql first, as the login of database.dsn",
    },
    "then": {
        "id": "lalu persona dan perintahnya; akhiri dengan rollback",
        "en": "then the persona and the statement; end with rollback",
    },
    "canary": {"id": "baris uji sintetis", "en": "canary rows"},
    "touchless": {"id": "baris yang ada", "en": "rows that are there"},
    "nothing approved": {"id": "belum ada yang disetujui", "en": "nothing is approved yet"},
    "approved": {"id": "disetujui oleh {by}, {at}", "en": "approved by {by}, {at}"},
}


def word(languages: Sequence[Language], name: str, **values: object) -> str:
    """A word in every language, side by side."""
    return " / ".join(WORDS[name][language].format(**values) for language in languages)
