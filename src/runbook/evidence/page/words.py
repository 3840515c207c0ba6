"""What the page says in words of its own, in both languages, and the sign and the tone of each outcome."""

from __future__ import annotations

from runbook.clauses import Language
from runbook.evidence import summary

SIGNS = {
    "held": "✓",
    "violated": "✕",
    "unverified": "?",
    "waived": "~",
    "out of scope": "—",
    "not run": "?",
    "gap": "!",
    "PASSED": "✓",
    "FAILED": "✕",
    "INCONCLUSIVE": "?",
}
TONES = {**summary.TONES, "not run": "open", "gap": "open"}

WORDS: dict[str, dict[Language, str]] = {
    **summary.WORDS,
    "run": {"id": "Verifikasi runbook", "en": "Runbook run"},
    "contents": {"id": "Isi halaman", "en": "On this page"},
    "target": {"id": "sasaran", "en": "target"},
    "severity": {"id": "tingkat", "en": "severity"},
    "began": {"id": "mulai", "en": "began"},
    "took": {"id": "lamanya", "en": "took"},
    "by": {"id": "dijalankan oleh", "en": "run by"},
    "host": {"id": "di mesin", "en": "on the machine"},
    "unknown": {"id": "tidak tercatat", "en": "not recorded"},
    "no end": {"id": "tidak selesai", "en": "has no end"},
    "clauses": {"id": "Klausul", "en": "Clauses"},
    "not run": {"id": "tidak dijalankan", "en": "not run"},
    "gap": {"id": "celah", "en": "gap"},
    "gaps": {"id": "celah", "en": "gaps"},
    "observed": {"id": "Yang teramati", "en": "What was observed"},
    "the rest": {"id": "selebihnya ada di daftar semua pemeriksaan", "en": "the rest is in the list of all checks"},
    "not verified": {"id": "Yang tidak diperiksa, dan sebabnya", "en": "What was not verified, and why"},
    "all verified": {
        "id": "Tidak ada: semua yang disyaratkan dijalankan dan memberi jawaban, dan tidak ada yang dikecualikan atau "
        "di luar cakupan.",
        "en": "Nothing: everything that was required ran and gave an answer, and nothing is waived or out of scope.",
    },
    "what": {"id": "Apa", "en": "What"},
    "clause": {"id": "Klausul", "en": "Clause"},
    "check": {"id": "Pemeriksaan", "en": "Check"},
    "why": {"id": "Sebab", "en": "Why"},
    "waivers": {"id": "Pengecualian sementara yang berlaku", "en": "Waivers in force"},
    "owner": {"id": "Penanggung jawab", "en": "Owner"},
    "expires": {"id": "Sampai", "en": "Until"},
    "used": {"id": "Dipakai untuk", "en": "Used for"},
    "unused": {"id": "tidak dipakai: semuanya terpenuhi", "en": "not used: all of it held"},
    "access": {"id": "Siapa menjangkau milik event lain", "en": "Who reaches what is another event's"},
    "no access": {
        "id": "Run ini tidak memeriksa akses (checks/rls): halaman ini tidak membuktikan isolasi antar-event.",
        "en": "This run did not check access (checks/rls): this page does not prove that events are kept apart.",
    },
    "relation": {"id": "Relasi", "en": "Relation"},
    "OPEN": {"id": "TERBUKA", "en": "OPEN"},
    "undecided": {"id": "belum terbukti", "en": "undecided"},
    "same": {"id": "lainnya dengan jawaban yang sama", "en": "more with the same answers"},
    "more personas": {"id": "persona lagi, semuanya ada di", "en": "more personas, all of them are in"},
    "more relations": {"id": "relasi lagi, semuanya ada di", "en": "more relations, all of them are in"},
    "reached": {"id": "TERBUKA: menjangkau milik event lain", "en": "OPEN: reaches what is another event's"},
    "blind": {"id": "tidak dapat diketahui", "en": "could not be told"},
    "hidden": {
        "id": "tersembunyi oleh RLS; panggilan yang sah berhasil",
        "en": "hidden by RLS; the same call, done right, got through",
    },
    "refused": {"id": "ditolak database", "en": "refused by the database"},
    "not granted": {"id": "hak tidak diberikan", "en": "privilege not granted"},
    "none": {"id": "kosong: tidak berlaku", "en": "empty: does not apply"},
    "legend": {"id": "Keterangan", "en": "Legend"},
    "letters": {
        "id": "s select, i insert, u update, d delete, m memindahkan baris sendiri ke event lain; fungsi dipanggil",
        "en": "s select, i insert, u update, d delete, m move own rows to the other event; functions are called",
    },
    "timeline": {"id": "Garis waktu", "en": "Timeline"},
    "when": {"id": "Kapan, dari awal run", "en": "When, from the run's beginning"},
    "from to": {"id": "Dari, sampai", "en": "From, to"},
    "no times": {"id": "Tidak ada pemeriksaan yang tercatat.", "en": "No check is recorded."},
    "slowest": {"id": "Yang terlama", "en": "The slowest"},
    "bars": {
        "id": "Makin tinggi batangnya makin buruk: di luar cakupan, terpenuhi, dikecualikan, belum terbukti, dilanggar "
        "(setinggi baris).",
        "en": "The higher a bar the worse: out of scope, held, waived, unverified, violated (as high as the row).",
    },
    "environment": {"id": "Lingkungan", "en": "Environment"},
    "suite": {"id": "suite", "en": "suite"},
    "commit": {"id": "commit suite", "en": "the suite's commit"},
    "tree": {"id": "kode suite", "en": "the suite's code"},
    "clean": {"id": "bersih: persis seperti di commit itu", "en": "clean: exactly as in that commit"},
    "not clean": {"id": "DIUBAH: tidak seperti di commit", "en": "CHANGED: not as in the commit"},
    "clean unknown": {"id": "tidak diketahui: tanpa git", "en": "not known: no git"},
    "not clean means": {
        "id": "Kode suite diubah setelah commit-nya: run ini tidak dapat diulang persis, dan tidak diketahui apa yang "
        "diperiksa.",
        "en": "The suite's code was changed after its commit: this run cannot be repeated exactly, and what it checked "
        "is not known.",
    },
    "clean unknown means": {
        "id": "Tidak diketahui dengan kode suite yang mana run ini dijalankan.",
        "en": "It is not known with which state of the suite's code this ran.",
    },
    "sections": {"id": "bagian runbook", "en": "sections of the runbook"},
    "api": {"id": "alamat API", "en": "API address"},
    "postgres": {"id": "server database", "en": "database server"},
    "tables": {"id": "tabel yang ditemukan", "en": "tables found"},
    "population": {"id": "digest tabel", "en": "digest of the tables"},
    "rls": {"id": "relasi dan fungsi untuk dibuktikan", "en": "relations and functions to be proved"},
    "policies": {"id": "digest dasar RLS", "en": "digest of what RLS rests on"},
    "fingerprint": {"id": "keadaan sasaran", "en": "state of the target"},
    "record": {"id": "digest record (baris terakhir)", "en": "digest of the record (its last line)"},
    "drift": {"id": "Perubahan kebijakan sejak disetujui", "en": "Policy drift since the approval"},
    "no drift": {
        "id": "Run ini tidak membandingkan kebijakan dengan yang disetujui.",
        "en": "This run did not compare the policies with those that were approved.",
    },
    "kind": {"id": "Jenis", "en": "Kind"},
    "outcome": {"id": "Hasil", "en": "Outcome"},
    "screenshots": {"id": "Tangkapan layar", "en": "Screenshots"},
    "no screenshots": {"id": "Run ini tidak menyimpan tangkapan layar.", "en": "This run kept no screenshots."},
    "not shown": {"id": "tidak ditampilkan di sini", "en": "not shown here"},
    "admin-events": {
        "id": "Halaman event di Admin, dari origin-nya sendiri",
        "en": "The Admin's events page, from its own origin",
    },
    "admin-foreign-origin": {
        "id": "Halaman event yang sama, dari origin asing",
        "en": "The same events page, from a foreign origin",
    },
    "all": {"id": "Semua pemeriksaan", "en": "All checks"},
    "seal": {"id": "Segel", "en": "Seal"},
    "sealed": {"id": "bersegel", "en": "sealed"},
    "not sealed": {"id": "TIDAK BERSEGEL", "en": "NOT SEALED"},
    "not sealed means": {
        "id": "Tidak seorang pun menjamin run ini: siapa pun yang dapat menulis ke foldernya dapat menggantinya dengan "
        "run lain tanpa terlihat. Jangan pakai sebagai bukti kepada pihak lain.",
        "en": "Nobody vouches for this run: whoever can write to its folder could put another run in its place, "
        "unseen. Do not use it as evidence towards others.",
    },
    "sealed means": {
        "id": "Apa yang tertulis di sini tentang segel belum membuktikan apa pun: periksa sendiri, tanpa jaringan.",
        "en": "What this page says of the seal proves nothing by itself: verify it yourself, without a network.",
    },
    "verify": {"id": "Cara memeriksanya", "en": "How to verify it"},
    "verify where": {
        "id": "Jalankan di folder yang memuat run ini (biasanya reports). Kode keluar 0 berarti utuh.",
        "en": "Run it in the folder that holds this run (usually reports). Exit code 0 means that it is whole.",
    },
    "key": {"id": "kunci", "en": "key"},
    "signer": {"id": "penanda tangan", "en": "signed by"},
    "nobody known": {"id": "bukan kunci orang yang dikenal", "en": "the key of nobody who is known"},
    "signed at": {"id": "ditandatangani", "en": "signed at"},
    "manifest": {"id": "digest manifes", "en": "digest of the manifest"},
    "files": {"id": "Berkas yang disegel", "en": "Files under the seal"},
    "file": {"id": "Berkas", "en": "File"},
    "stranger clause": {
        "id": "Klausul ini tidak termasuk bagian yang diminta, atau tidak dikenal.",
        "en": "This clause is in none of the sections that were asked for, or is not known.",
    },
}
