"""What the index says in words of its own, in both languages."""

from __future__ import annotations

from runbook.clauses import Language
from runbook.evidence.page import words

SIGNS = {**words.SIGNS, "sealed": "●", "not sealed": "○", "not whole": "✕", "alarms": "⚠"}
WORDS: dict[str, dict[Language, str]] = {
    **words.WORDS,
    "history": {"id": "Riwayat verifikasi runbook", "en": "History of runbook runs"},
    "as of": {"id": "keadaan pada", "en": "as of"},
    "ago": {"id": "yang lalu", "en": "ago"},
    "no target": {"id": "Run yang tidak menyebut sasarannya", "en": "Runs that name no target"},
    "no target means": {
        "id": "Run ini bisa dari sasaran mana pun: selama tidak ada run yang lebih baru, tidak ada sasaran yang "
        "dinyatakan lulus.",
        "en": "These may be of any target: until there is a later run, no target is said to have passed.",
    },
    "now": {"id": "Sekarang", "en": "Now"},
    "latest run": {"id": "run terakhir", "en": "latest run"},
    "came to": {"id": "hasilnya", "en": "came to"},
    "last passed": {"id": "terakhir lulus", "en": "last passed"},
    "never": {"id": "belum pernah", "en": "never"},
    "runs": {"id": "run", "en": "runs"},
    "by clause": {"id": "Klausul demi klausul", "en": "Clause by clause"},
    "last held": {"id": "Terakhir terpenuhi", "en": "Last held"},
    "violated since": {"id": "Dilanggar sejak", "en": "Violated since"},
    "since then": {"id": "run sejak itu", "en": "runs since"},
    "over time": {"id": "Klausul menurut run, yang terbaru di kanan", "en": "Clauses by run, the newest on the right"},
    "verdict": {"id": "putusan", "en": "verdict"},
    "alarms": {"id": "akses dibuka tanpa bukti", "en": "access was open without proof"},
    "break-glass": {"id": "break-glass", "en": "break-glass"},
    "by the gate": {"id": "diputuskan gate", "en": "decided by the gate"},
    "shown": {
        "id": "{shown} run terakhir dari {count}; tren di bawah memuat yang lebih lama.",
        "en": "The last {shown} runs of {count}; the trend below goes further back.",
    },
    "shown runs": {"id": "{shown} run terakhir dari {count}.", "en": "The last {shown} runs of {count}."},
    "not about": {"id": "kosong: tidak termasuk run itu", "en": "empty: no part of that run"},
    "gap means": {
        "id": "celah: terpenuhi, tetapi run-nya tidak utuh, jadi tidak dihitung",
        "en": "gap: it held, but the run is not whole, so it does not count",
    },
    "trend": {"id": "Tren", "en": "Trend"},
    "trend means": {
        "id": "Bagian pemeriksaan yang terpenuhi, menurut waktu (UTC). Titik saja: lulus; garis putus-putus: belum "
        "terbukti; garis penuh: gagal.",
        "en": "The share of checks that held, by time (UTC). A dot alone: passed; a dashed line: inconclusive; a solid "
        "line: failed.",
    },
    "no trend": {"id": "Tidak ada waktu yang tercatat.", "en": "No time is recorded."},
    "recovery": {"id": "Waktu pemulihan", "en": "Time to recovery"},
    "recovery means": {
        "id": "Dari awal run pertama yang menemukannya dilanggar sampai awal run pertama yang menemukannya terpenuhi "
        "lagi.",
        "en": "From the beginning of the first run that found it violated to that of the first that found it to hold "
        "again.",
    },
    "no recovery": {"id": "Tidak ada klausul yang pernah dilanggar.", "en": "No clause was ever violated."},
    "first violated": {"id": "Pertama dilanggar", "en": "First violated"},
    "held again": {"id": "Terpenuhi lagi", "en": "Held again"},
    "still": {"id": "masih dilanggar", "en": "still violated"},
    "not again": {"id": "belum terbukti terpenuhi lagi", "en": "not seen to hold again"},
    "every run": {"id": "Run, yang terbaru dahulu", "en": "Runs, the newest first"},
    "not whole": {"id": "TIDAK UTUH", "en": "NOT WHOLE"},
    "sealed by": {"id": "oleh", "en": "by"},
    "others": {"id": "lagi", "en": "more"},
    "gone": {
        "id": "Ada di ledger, dan foldernya hilang: yang terlihat di sini bukan semua run.",
        "en": "In the ledger, and the folder is gone: what is seen here is not all of the runs.",
    },
    "ledger": {
        "id": "Ledger tidak utuh: tidak diketahui apakah ada run yang hilang.",
        "en": "The ledger does not hold together: whether runs are missing is not known.",
    },
    "unsure": {
        "id": "Mungkin ada run yang lebih baru daripada yang terlihat di sini, jadi tidak dinyatakan lulus.",
        "en": "There may be a later run than those that are seen here, so this is not said to have passed.",
    },
    "index proves": {
        "id": "Halaman ini hanya menunjukkan apa yang ada di folder; yang membuktikannya adalah perintah ini.",
        "en": "This page only shows what is in the folder; what proves it is this command.",
    },
}
