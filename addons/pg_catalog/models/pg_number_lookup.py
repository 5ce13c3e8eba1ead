import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError, Rejected
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import LOOKUP_DAYS, LOOKUP_NEAR_DAYS, MAX_LOOKUPS_WAITING
from ..tools import numbering

_logger = logging.getLogger(__name__)

# Seconds for which one run of the cron asks suppliers.
RUN_SECONDS = 60
# What was not asked within a day is of no use any more.
WAIT_DAYS = 1


class PgNumberLookup(models.Model):
    """What a supplier says of who serves a number, kept for some time.

    A number that is to be asked about is kept in clear until it was; then only its fingerprint.
    """

    _name = "pg.number.lookup"
    _description = "Number look-up"
    _order = "id"
    _rec_name = "state"

    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    fingerprint = fields.Char(required=True, readonly=True)
    number = fields.Char(readonly=True, groups="base.group_system")
    state = fields.Selection(
        [("wanted", "To be asked"), ("known", "Known"), ("refused", "Not known to the supplier")],
        required=True,
        readonly=True,
    )
    operator_codes = fields.Char(readonly=True)
    is_exact = fields.Boolean(readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)

    _number_unique = models.UniqueIndex("(supplier_id, fingerprint)", "It is looked up already.")
    _wanted_idx = models.Index("(supplier_id, id) WHERE state = 'wanted'")

    # === BUSINESS === #

    @api.model
    @api.private
    def _find(self, company, digits):
        """Return what is known of a number, or asked about it, at the suppliers of a company."""
        self.check_access("read")
        self.flush_model()
        self.env["pg.supplier"].flush_model(["active"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.id FROM pg_number_lookup l
                  JOIN pg_supplier s ON s.id = l.supplier_id AND s.active
                 WHERE l.fingerprint = %s AND l.expires_at > %s
                   AND (l.company_id IS NULL OR l.company_id = %s)
              ORDER BY l.id
                """,
                self._fingerprint(digits),
                fields.Datetime.now(),
                company.id,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.private
    def _operators(self):
        """Return the operators that were named."""
        named = [
            (lookup.supplier_id.id, code)
            for lookup in self
            for code in (lookup.operator_codes or "").split(",")
            if code
        ]
        if not named:
            return self.env["pg.operator"]
        self.env["pg.operator"].flush_model(["supplier_id", "code", "active"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM pg_mobile_operator WHERE (supplier_id, code) IN %s AND active",
                tuple(named),
            )
        )
        return self.env["pg.operator"].browse(id_ for (id_,) in rows)

    @api.model
    @api.private
    def _want(self, supplier, digits):
        """Have a supplier asked about a number in the background; nothing when it is asked already.

        Does nothing in a read-only transaction, and while many wait: strangers type numbers.
        """
        if self.env.cr.readonly or self._is_full(supplier):
            return
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO pg_number_lookup AS l (supplier_id, company_id, fingerprint, number,
                               state, expires_at, create_uid, create_date, write_uid, write_date)
                   VALUES (%(supplier)s, %(company)s, %(fingerprint)s, %(number)s, 'wanted',
                           %(expires)s, %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (supplier_id, fingerprint) DO UPDATE
                      SET state = 'wanted', number = excluded.number, operator_codes = NULL,
                          expires_at = excluded.expires_at
                    WHERE l.expires_at <= %(now)s
                RETURNING id""",
                supplier=supplier.id,
                company=supplier.company_id.id or None,
                fingerprint=self._fingerprint(digits),
                number=digits,
                expires=now + timedelta(days=WAIT_DAYS),
                uid=self.env.uid,
                now=now,
            )
        )
        if rows:
            self.invalidate_model()
            self.env.ref("pg_catalog.cron_number_lookup").sudo()._trigger()

    def _is_full(self, supplier):
        waiting = [("supplier_id", "=", supplier.id), ("state", "=", "wanted")]
        count = self.search_count(waiting, limit=MAX_LOOKUPS_WAITING)
        return count >= MAX_LOOKUPS_WAITING

    def _fingerprint(self, digits):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return numbering.fingerprint(digits, secret, "lookup")

    @api.private
    def _store_answer(self, answer):
        """Keep what a supplier answered, and forget the number.

        :param answer: a ``ports.NumberLookup``, or None when the supplier refused the number.
        """
        codes = [code for code in answer.operator_codes if "," not in code] if answer else []
        is_exact = bool(codes) and answer.is_exact
        days = LOOKUP_DAYS if is_exact else LOOKUP_NEAR_DAYS
        self.write(
            {
                "state": "known" if answer else "refused",
                "operator_codes": ",".join(codes) or False,
                "is_exact": is_exact,
                "number": False,
                "expires_at": fields.Datetime.now() + timedelta(days=days),
            }
        )

    # === CRON === #

    @api.model
    def _cron_look_up(self):
        """Ask the suppliers about the numbers that wait; no transaction is open while they think.

        A supplier that does not answer is left alone until the next run.
        """
        deadline = time.monotonic() + RUN_SECONDS
        wanted = self.search(
            [("state", "=", "wanted"), ("supplier_id.code", "!=", "none")], order="id"
        )
        for supplier, lookups in wanted.grouped("supplier_id").items():
            self._ask_supplier(supplier.id, lookups.ids, deadline)

    def _ask_supplier(self, supplier_id, ids, deadline):
        for id_ in ids:
            if time.monotonic() > deadline:
                self.env.ref("pg_catalog.cron_number_lookup")._trigger()
                return
            try:
                self._ask(supplier_id, id_)
            except (OutsideError, UserError) as error:
                _logger.info("Supplier %s is not asked about numbers now: %s", supplier_id, error)
                return

    def _ask(self, supplier_id, id_):
        """Ask about one number.

        :raise OutsideError: the supplier did not answer.
        """
        with steps.step(self.env) as env:
            number = env["pg.number.lookup"].browse(id_).exists().number
            port = number and env["pg.supplier"].browse(supplier_id)._get_port()
        if not number:
            return
        try:
            answer = port.lookup_number(number)
        except Rejected as error:
            if error.temporary:
                raise
            answer = None
        with steps.step(self.env) as env:
            env["pg.number.lookup"].browse(id_).exists()._store_answer(answer)

    @api.autovacuum
    def _gc_lookups(self):
        self.search([("expires_at", "<", fields.Datetime.now())], limit=10000).unlink()
