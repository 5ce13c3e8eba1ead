import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import step
from odoo.tools import SQL
from pymongo.errors import PyMongoError

from ..const import SEAL_BATCH, SEQUENCER_LOCK
from ..tools import seal as seals
from ..tools.canonical import GENESIS, canonical_json, entry_hash
from ..tools.triggers import SEAL_GUARDS
from ..worker.client import NotConfigured
from ..worker.reading import read_hash, read_head, read_links, use_read_committed
from ..worker.store import open_store

_logger = logging.getLogger(__name__)


class PgLedgerSeal(models.Model):
    """The head and the sums of a chain at the end of a day, signed outside both databases.

    Whoever owns both databases can compute a whole chain anew; nobody without the key can make the
    seals that fit it. Rows are only appended; ``mirrored_at`` alone changes.
    """

    _name = "pg.ledger.seal"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger seal"
    _order = "day desc, company_id"
    _rec_name = "day"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    day = fields.Date(required=True, readonly=True, help="Day (UTC) that had ended.")
    from_seq = fields.Integer(string="From position", required=True, readonly=True, aggregator=None)
    to_seq = fields.Integer(string="To position", required=True, readonly=True, aggregator=None)
    entry_count = fields.Integer(string="Entries", required=True, readonly=True)
    head_hash = fields.Char(required=True, readonly=True, help="Hash of the last position.")
    body = fields.Text(required=True, readonly=True, help="What is signed, canonical JSON.")
    signature = fields.Char(required=True, readonly=True, help="Ed25519.")
    public_key = fields.Char(required=True, readonly=True)
    create_date = fields.Datetime(string="Sealed at", required=True, readonly=True)
    mirrored_at = fields.Datetime(readonly=True)

    _company_day_unique = models.Constraint(
        "UNIQUE (company_id, day)", "The company has a seal of this day."
    )
    _company_position_unique = models.Constraint(
        "UNIQUE (company_id, to_seq)", "The company has a seal of this position."
    )

    def init(self):
        self.env.cr.execute(SEAL_GUARDS)

    # === ACTION === #

    def action_export(self):
        """Give these seals as a file, one JSON object a line, oldest first.

        :return: the action that downloads it
        """
        self.check_access("read")
        lines = [canonical_json(seal._prepare_document()) for seal in self.sorted("to_seq")]
        attachment = self.env["ir.attachment"].create(
            {
                "name": "ledger-seals.jsonl",
                "raw": ("\n".join(lines) + "\n").encode(),
                "mimetype": "application/jsonl",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    # === BUSINESS === #

    @api.model
    def _get_latest(self, company):
        """Return the newest seal of a company, empty when there is none: for reports."""
        return self.search([("company_id", "=", company.id)], order="to_seq desc", limit=1)

    @api.model
    def _seal(self, company, day, key):
        """Seal what was chained since the last seal, after computing its hashes anew.

        :param date day: UTC day that has ended
        :param Ed25519PrivateKey key: see :func:`.seal.load_key`
        :return: the seal; empty when there is nothing new, or the day has one already
        :raise ValueError: the chain in PostgreSQL is not sound; nothing is sealed
        """
        cr = self.env.cr
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", SEQUENCER_LOCK + 1, company.id))
        last = self._get_latest(company)
        head = read_head(cr, company.id)
        if not head or head[0] <= last.to_seq or (last and last.day >= day):
            return self.browse()
        self._check_chain(company.id, last.to_seq, head)
        body = canonical_json(
            {
                "v": seals.SEAL_VERSION,
                "company_id": company.id,
                "day": day.isoformat(),
                "from_seq": last.to_seq + 1,
                "to_seq": head[0],
                "head_hash": head[1],
                "count": head[0] - last.to_seq,
                "totals": self._sum(company.id, last.to_seq, head[0]),
                "prev_seal": seals.hash_body(last.body) if last else GENESIS,
                "key": seals.public_hex(key),
            }
        )
        cr.execute(
            SQL(
                """INSERT INTO pg_ledger_seal (company_id, day, from_seq, to_seq, entry_count,
                          head_hash, body, signature, public_key, create_date)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC')
                   RETURNING id""",
                company.id,
                day,
                last.to_seq + 1,
                head[0],
                head[0] - last.to_seq,
                head[1],
                body,
                seals.sign(key, body),
                seals.public_hex(key),
            )
        )
        return self.browse(cr.fetchone()[0])

    def _check_chain(self, company_id, after, head):
        """Compute the hashes of the positions that are to be sealed.

        :raise ValueError: one does not fit
        """
        prev = read_hash(self.env.cr, company_id, after) if after else GENESIS
        expected = after + 1
        while expected <= head[0]:
            for seq, link_prev, digest, _mirrored, entry in read_links(
                self.env.cr, company_id, expected - 1, min(SEAL_BATCH, head[0] - expected + 1)
            ):
                if (seq, link_prev) != (expected, prev) or entry_hash(entry, seq, prev) != digest:
                    raise ValueError(f"position {expected} does not fit its chain")
                prev, expected = digest, expected + 1

    def _sum(self, company_id, after, upto):
        self.env.cr.execute(
            SQL(
                """SELECT account, currency_code, round(sum(amount), 4)::text,
                          round(sum(company_amount), 4)::text
                     FROM pg_ledger_chain link
                     JOIN pg_ledger_posting posting ON posting.entry_id = link.entry_id
                    WHERE link.company_id = %s AND link.seq > %s AND link.seq <= %s
                    GROUP BY 1, 2 ORDER BY account COLLATE "C", currency_code COLLATE "C" """,
                company_id,
                after,
                upto,
            )
        )
        return [list(row) for row in self.env.cr.fetchall()]

    def _prepare_document(self):
        """Return the seal as it stands in MongoDB's ``ledger.seals`` and in exports."""
        self.ensure_one()
        return {
            "_id": f"{self.company_id.id}:{self.day.isoformat()}",
            "company_id": self.company_id.id,
            "day": self.day.isoformat(),
            "to_seq": self.to_seq,
            "head_hash": self.head_hash,
            "body": self.body,
            "signature": self.signature,
            "key": self.public_key,
        }

    @api.model
    def _verify_seals(self, company_id, store, report):
        """Check every seal of a company: signature, key, order, chain, and its copy in MongoDB.

        :param report: called with ``(kind, position, detail, document)``
        """
        documents = store.read_seals(company_id)
        trusted, prev = seals.trusted_keys(), GENESIS
        for seal in self.search([("company_id", "=", company_id)], order="to_seq"):
            wrong = seal._find_faults(prev, trusted)
            document = documents.pop(f"{company_id}:{seal.day.isoformat()}", None)
            if document is None and seal.mirrored_at:
                wrong.append("its copy in MongoDB is gone")
            elif document is not None and document != seal._prepare_document():
                wrong.append("its copy in MongoDB differs")
            if wrong:
                report("seal", seal.to_seq, f"Seal of {seal.day}: {', '.join(wrong)}.", document)
            prev = seals.hash_body(seal.body)
        for document in documents.values():
            report(
                "seal", 0, f"{document['_id']} is a seal that PostgreSQL does not know.", document
            )

    def _find_faults(self, prev, trusted):
        """Return what is wrong with one seal, in words."""
        body, wrong = json.loads(self.body), []
        if not seals.is_signed(self.public_key, self.body, self.signature):
            wrong.append("the signature does not fit")
        if trusted and self.public_key not in trusted:
            wrong.append("signed with a key that is not trusted")
        if body["prev_seal"] != prev:
            wrong.append("does not follow the seal before it")
        columns = (self.company_id.id, self.day.isoformat(), self.from_seq, self.to_seq)
        signed = tuple(body[name] for name in ("company_id", "day", "from_seq", "to_seq"))
        if columns != signed or (body["head_hash"], body["key"]) != (
            self.head_hash,
            self.public_key,
        ):
            wrong.append("its columns are not what was signed")
        if read_hash(self.env.cr, self.company_id.id, self.to_seq) != body["head_hash"]:
            wrong.append(f"position {self.to_seq} of the chain has another hash")
        return wrong

    # === CRON === #

    @api.model
    def _cron_seal(self):
        """Seal yesterday for every company with a chain, then copy seals to MongoDB."""
        self._seal_all(self.env.registry, fields.Date.today() - timedelta(days=1))

    @api.model
    def _seal_all(self, registry, day):
        """Seal a day for every company, each in a transaction of its own.

        Without a key nothing is sealed, which is written to the log.
        """
        try:
            key = seals.load_key()
        except seals.NoSealKey as error:
            _logger.warning("The ledgers are not sealed: %s", error)
            return
        with step(registry) as env:
            env.cr.execute("SELECT DISTINCT company_id FROM pg_ledger_chain ORDER BY 1")
            company_ids = [row[0] for row in env.cr.fetchall()]
        for company_id in company_ids:
            try:
                with step(registry) as env:
                    use_read_committed(env.cr)
                    env[self._name]._seal(env["res.company"].browse(company_id), day, key)
            except ValueError as error:
                _logger.error("The ledger of company %s is not sealed: %s", company_id, error)
        self._mirror_seals(registry)

    def _mirror_seals(self, registry):
        """Insert into MongoDB the seals that are not there."""
        try:
            store = open_store()
            with step(registry) as env:
                env[self._name]._insert_waiting(store)
        except NotConfigured:
            return
        except PyMongoError as error:
            _logger.warning("Seals wait for MongoDB: %s", type(error).__name__)

    @api.model
    def _insert_waiting(self, store):
        """Insert the seals that were not inserted yet, and mark them."""
        waiting = self.search([("mirrored_at", "=", False)])
        store.insert_seals([seal._prepare_document() for seal in waiting])
        self.env.cr.execute(
            SQL(
                "UPDATE pg_ledger_seal SET mirrored_at = now() AT TIME ZONE 'UTC'"
                " WHERE id = ANY(%s)",
                waiting.ids,
            )
        )
        waiting.invalidate_recordset(["mirrored_at"])
