import uuid
from datetime import UTC, datetime
from functools import partial

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..const import KEY_MAX_CHARS, KIND_CODES, KINDS, PAYLOAD_MAX_BYTES
from ..exceptions import KeyConflict, LedgerError
from ..fields import ProvenMany2one
from ..postings import check_postings
from ..tools.canonical import canonical_json, normalise
from ..tools.legs import ENTRY_GUARDS, INSERT_ENTRY
from ..worker import waker


class PgLedgerEntry(models.Model):
    """One business event that moved money: immutable, balanced, chained, mirrored.

    Rows come only from :meth:`_post`. The database refuses UPDATE, DELETE and TRUNCATE, and an
    entry whose postings do not balance. A correction is a new entry that names the old one.
    """

    _name = "pg.ledger.entry"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger entry"
    _order = "id desc"
    _rec_name = "key"
    # Own columns instead of the usual four: nothing of an entry is ever written again.
    _log_access = False

    uuid = fields.Char(string="Entry UUID", required=True, readonly=True)
    # Found by the index of its unique key.
    company_id = ProvenMany2one("res.company", required=True, readonly=True, ondelete="restrict")
    company_currency_id = ProvenMany2one(
        "res.currency", required=True, readonly=True, ondelete="restrict"
    )
    company_currency_code = fields.Char(
        required=True, readonly=True, help="Code of the company's currency when it was posted."
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, index=True)
    key = fields.Char(
        required=True, readonly=True, help="The same event is posted once: unique in the company."
    )
    subject = fields.Char(
        string="Subject UUID", required=True, readonly=True, help="What the entry is about."
    )
    subject_ref = fields.Char(string="Reference", required=True, readonly=True, index="trigram")
    subject_seq = fields.Integer(
        string="Number", required=True, readonly=True, aggregator=None, help="Order in its subject."
    )
    occurred_at = fields.Datetime(
        required=True, readonly=True, index=True, help="UTC, with milliseconds."
    )
    payload = fields.Text(required=True, readonly=True, help="Canonical JSON.")
    corrects_id = fields.Many2one(
        "pg.ledger.entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    posting_count = fields.Integer(required=True, readonly=True, aggregator=None)
    posting_ids = fields.One2many("pg.ledger.posting", "entry_id", readonly=True)
    create_uid = ProvenMany2one(
        "res.users", string="Posted by", required=True, readonly=True, ondelete="restrict"
    )
    create_date = fields.Datetime(string="Posted at", required=True, readonly=True)
    chain_ids = fields.One2many("pg.ledger.chain", "entry_id", readonly=True)
    chain_seq = fields.Integer(string="Position", compute="_compute_chain")
    chain_hash = fields.Char(string="Hash", compute="_compute_chain")
    mirrored_at = fields.Datetime(compute="_compute_chain")
    mirror_state = fields.Selection(
        [("waiting", "Waiting"), ("chained", "Chained"), ("mirrored", "Mirrored")],
        compute="_compute_chain",
    )

    _company_key_unique = models.Constraint(
        "UNIQUE (company_id, key)", "An entry with this key exists."
    )
    _subject_seq_unique = models.Constraint(
        "UNIQUE (subject, subject_seq)", "The subject has an entry with this number."
    )
    _uuid_unique = models.Constraint("UNIQUE (uuid)", "The entry's UUID is taken.")
    _kind_known = models.Constraint(
        f"CHECK (kind IN {KIND_CODES})", "The kind of entry is unknown."
    )
    _occurred_in_milliseconds = models.Constraint(
        "CHECK (occurred_at = date_trunc('milliseconds', occurred_at))",
        "A ledger time has milliseconds at most.",
    )

    def init(self):
        self.env.cr.execute(ENTRY_GUARDS)

    # === COMPUTE === #

    @api.depends("chain_ids.mirrored_at")
    def _compute_chain(self):
        for entry in self:
            link = entry.chain_ids[:1]
            entry.chain_seq = link.seq
            entry.chain_hash = link.hash
            entry.mirrored_at = link.mirrored_at
            entry.mirror_state = (
                "mirrored" if link.mirrored_at else "chained" if link else "waiting"
            )

    # === ACTION === #

    def action_open(self):
        """Show this entry.

        :return: the window action
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.key,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    # === BUSINESS === #

    @api.model
    def _post(
        self,
        *,
        company,
        kind,
        key,
        subject,
        subject_ref,
        postings,
        occurred_at=None,
        payload=None,
        corrects=None,
    ):
        """Append one entry in the caller's transaction; nothing is sent to MongoDB here.

        The caller holds the lock of the subject's row, which puts the entries of a subject in
        order. A key that was used before gives the entry it made.

        :param res.company company: whose money moved
        :param str kind: one of ``const.KINDS``
        :param str key: the same for the same event, unique in the company
        :param str subject: UUID of what the entry is about
        :param str subject_ref: its human reference
        :param list[Posting] postings: at least two, sum zero per currency and in company value
        :param datetime occurred_at: naive UTC; now when left out; cut to milliseconds
        :param dict payload: JSON without floating point numbers, 64 KiB at most
        :param corrects: the entry of the same company that this one corrects
        :return: the entry
        :raise LedgerError: the entry is not valid (Unbalanced: its sums); nothing is written
        :raise KeyConflict: the key was used for another event
        """
        if not self.env.su:
            raise AccessError(self.env._("Ledger rows are only made by the system."))
        values = self._prepare_entry(
            company, kind, key, subject, subject_ref, occurred_at, payload, corrects
        )
        rows = check_postings(postings, values["company_currency_code"])
        self._check_currencies({row[2] for row in rows} - {values["company_currency_code"]})
        entry_id = self._insert_entry(values, rows)
        if entry_id is None:
            return self._find_posted(values, rows)
        self._wake_mirror()
        return self.browse(entry_id)

    def _prepare_entry(
        self, company, kind, key, subject, subject_ref, occurred_at, payload, corrects
    ):
        """Check everything but the postings and return the columns of the entry."""
        company.ensure_one()
        if kind not in KIND_CODES:
            raise LedgerError(f"unknown kind of entry: {kind!r}")
        key, subject_ref = normalise(key or ""), normalise(subject_ref or "")
        if not 0 < len(key) <= KEY_MAX_CHARS or not 0 < len(subject_ref) <= KEY_MAX_CHARS:
            raise LedgerError(f"key and reference have 1 to {KEY_MAX_CHARS} characters")
        if corrects and corrects.company_id != company:
            raise LedgerError("an entry corrects an entry of the same company")
        moment = occurred_at or datetime.now(UTC).replace(tzinfo=None)
        currency = company.sudo().currency_id
        return {
            "uuid": str(uuid.uuid4()),
            "company": company.id,
            "company_currency": currency.id,
            "company_currency_code": currency.name,
            "kind": kind,
            "key": key,
            "subject": self._parse_subject(subject),
            "subject_ref": subject_ref,
            "occurred_at": moment.replace(microsecond=moment.microsecond // 1000 * 1000),
            "payload": self._build_payload(payload),
            "corrects": corrects.id if corrects else None,
            "uid": self.env.uid,
        }

    @api.model
    def _parse_subject(self, subject):
        try:
            return str(uuid.UUID(subject))
        except (AttributeError, TypeError, ValueError) as error:
            raise LedgerError(f"the subject is a UUID, got {subject!r}") from error

    @api.model
    def _build_payload(self, payload):
        try:
            text = canonical_json(normalise(payload or {}))
            size = len(text.encode())
        except ValueError as error:
            raise LedgerError(f"payload: {error}") from error
        if not text.startswith("{") or size > PAYLOAD_MAX_BYTES:
            raise LedgerError(f"payload: an object of at most {PAYLOAD_MAX_BYTES} bytes")
        return text

    @api.model
    def _check_currencies(self, codes):
        """Refuse a currency that the database would refuse, with a clearer message."""
        unknown = codes and codes - self._read_currency_codes()
        if unknown:
            raise LedgerError(f"unknown currency: {', '.join(sorted(unknown))}")

    @api.model
    @tools.ormcache(cache="stable")
    def _read_currency_codes(self):
        self.env.cr.execute("SELECT name FROM res_currency")
        return frozenset(name for (name,) in self.env.cr.fetchall())

    def _insert_entry(self, values, rows):
        """Insert the entry; the database adds its postings and its row in the outbox.

        A concurrent entry with the same key or the same number in the subject makes PostgreSQL
        raise a serialization failure, after which Odoo runs the request again.

        :return: the new id, None when the key exists
        """
        accounts, amounts, currencies, company_amounts = map(list, zip(*rows, strict=True))
        legs = {
            "count": len(rows),
            "accounts": accounts,
            "amounts": amounts,
            "currencies": currencies,
            "values": company_amounts,
        }
        self.env.cr.execute(INSERT_ENTRY, values | legs)
        return (self.env.cr.fetchone() or [None])[0]

    def _find_posted(self, values, rows):
        """Return the entry that has the key, after comparing it with what is posted now."""
        self.env.cr.execute(
            SQL(
                """SELECT entry.id, entry.kind, entry.subject,
                          (SELECT json_agg(json_build_array(account, round(amount, 4)::text,
                                     currency_code, round(company_amount, 4)::text)
                                  ORDER BY position)
                             FROM pg_ledger_posting WHERE entry_id = entry.id)
                     FROM pg_ledger_entry entry WHERE company_id = %s AND key = %s""",
                values["company"],
                values["key"],
            )
        )
        found = self.env.cr.fetchone()
        if not found:
            raise LedgerError("another entry of the subject was posted at the same time")
        entry_id, *rest = found
        if rest != [values["kind"], values["subject"], [list(row) for row in rows]]:
            raise KeyConflict(f"key {values['key']!r} was used for another event")
        return self.browse(entry_id)

    def _wake_mirror(self):
        """Ask for a run of the mirror after this transaction, once, at no cost to it."""
        postcommit = self.env.cr.postcommit
        if not postcommit.data.get("pg_ledger.woken"):
            postcommit.data["pg_ledger.woken"] = True
            postcommit.add(partial(waker.wake, self.env.registry))

    @api.model
    def _get_for_subject(self, subject):
        """Return the entries about one thing, oldest first."""
        return self.search([("subject", "=", subject)], order="subject_seq")
