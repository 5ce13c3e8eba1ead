"""What one verification found: all are counted, the first of them kept."""

import hashlib
import json

from odoo.tools import SQL

from ..const import FINDINGS_KEPT, TAMPER_KINDS

_TAMPERED = {code for code, _label in TAMPER_KINDS}
_DETAIL_CHARS = 1000


class Findings:
    """Collects findings. Missing positions that follow each other are one finding."""

    def __init__(self):
        self.count = 0
        self._rows = []
        self._documents = {}

    def add(self, kind, seq, detail, document=None):
        """Add one finding.

        :param str kind: of ``const.FINDING_KINDS``
        :param int seq: its position, 0 for none
        :param dict document: what was found in MongoDB, if anything
        """
        self.count += 1
        last = self._rows[-1] if self._rows else None
        if kind == "missing" and last and last["kind"] == kind and last["last_seq"] == seq - 1:
            last["last_seq"] = seq
            last["detail"] = f"Positions {last['seq']} to {seq} are gone."
        elif len(self._rows) < FINDINGS_KEPT:
            if document is not None:
                self._documents[len(self._rows)] = document
            self._rows.append(
                {
                    "kind": kind,
                    "seq": seq,
                    "last_seq": seq,
                    "detail": detail[:_DETAIL_CHARS],
                    "document_id": document and _show(document.get("_id")),
                }
            )

    def values(self):
        """Return the columns of ``pg.ledger.verify.finding`` of each kept finding."""
        return self._rows

    def quarantine(self, env, store, company_id):
        """Open a conflict for each document that a person must decide on; keep the document.

        :param env: environment on a cursor of its own
        """
        rows = [
            (row, self._documents.get(place))
            for place, row in enumerate(self._rows)
            if row["kind"] in _TAMPERED
        ]
        known = _read_links(env.cr, company_id, [row["seq"] for row, _document in rows])
        env["pg.ledger.conflict"]._record(
            {
                "company_id": company_id,
                "kind": row["kind"],
                "seq": row["seq"],
                "document_id": row["document_id"] or False,
                "entry_id": known.get(row["seq"], (False, False))[0],
                "expected_hash": known.get(row["seq"], (False, False))[1],
                "found_hash": _show(document.get("hash")),
                "detail": row["detail"],
            }
            for row, document in rows
        )
        store.keep_evidence(
            {
                "_id": f"{row['document_id']}:{_fingerprint(document)}",
                "kind": row["kind"],
                "message": row["detail"],
                "company_id": company_id,
                "seq": row["seq"],
                "expected_hash": known.get(row["seq"], (None, None))[1],
                "found": document,
            }
            for row, document in rows
        )


def _read_links(cr, company_id, positions):
    """Return ``{position: (entry id, hash)}``."""
    cr.execute(
        SQL(
            "SELECT seq, entry_id, hash FROM pg_ledger_chain"
            " WHERE company_id = %s AND seq = ANY(%s::bigint[])",
            company_id,
            positions,
        )
    )
    return {seq: (entry_id, digest) for seq, entry_id, digest in cr.fetchall()}


def _show(value):
    """Return a value from MongoDB as text that PostgreSQL can hold, False when there is none."""
    return str(value).replace("\0", "")[:200] if value is not None else False


def _fingerprint(document):
    """Return some digits that tell two findings of one ``_id`` apart."""
    text = json.dumps(document, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
