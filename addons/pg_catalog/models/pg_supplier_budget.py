import logging

import psycopg2
from odoo import fields, models
from odoo.addons.pg_base.outcomes import NotSent, Throttled
from odoo.addons.pg_base.tools import steps
from odoo.tools import SQL
from psycopg2.extras import Json

from ..tools import budget

_logger = logging.getLogger(__name__)


class PgSupplierBudget(models.Model):
    """The calls that a supplier got lately, shared by all workers and processes."""

    _name = "pg.supplier.budget"
    _description = "Supplier's budget of calls"
    _log_access = False

    supplier_id = fields.Many2one("pg.supplier", required=True, readonly=True, ondelete="cascade")
    state = fields.Json(readonly=True)

    _supplier_unique = models.UniqueIndex("(supplier_id)")

    def _take(self, supplier_id, limits, is_daily):
        """Take one call out of the budget of a supplier; the row stays locked until the commit.

        :return: None, or (which limit, seconds to wait).
        """
        # What is lost in a crash of the database are some calls of the last second.
        self.env.cr.execute("SET LOCAL synchronous_commit = off")
        self.env.cr.execute("SET LOCAL lock_timeout = '5s'")
        row = self._lock_row(supplier_id)
        if row is None:
            # The supplier is not committed yet: nobody else can call it.
            return None
        state, moment = row
        state, refused = budget.take(state or {}, float(moment), is_daily=is_daily, **limits)
        if state:
            self.env.cr.execute(
                "UPDATE pg_supplier_budget SET state = %s WHERE supplier_id = %s",
                [Json(state), supplier_id],
            )
        return refused

    def _lock_row(self, supplier_id):
        """Return (state, time of the database) of the supplier's row, made when there is none."""
        query = SQL(
            """SELECT state, extract(epoch FROM clock_timestamp()) FROM pg_supplier_budget
               WHERE supplier_id = %s FOR UPDATE""",
            supplier_id,
        )
        rows = self.env.execute_query(query)
        if not rows:
            self.env.cr.execute(
                """INSERT INTO pg_supplier_budget (supplier_id)
                   SELECT id FROM pg_supplier WHERE id = %s ON CONFLICT DO NOTHING""",
                [supplier_id],
            )
            rows = self.env.execute_query(query)
        return rows[0] if rows else None


class SupplierMeter:
    """Counts and keeps the calls of one supplier, see :class:`..calls.Meter`.

    Holds no record and no cursor: each use is a short step of its own, so it outlives the
    transaction it was made in and works in any thread.

    :param dict limits: ``per_minute`` and ``per_day``; 0 for none.
    """

    def __init__(self, registry, supplier_id, limits):
        self._registry = registry
        self._supplier_id = supplier_id
        self._limits = limits

    def reserve(self, *, is_daily=False):
        """Take one call out of the supplier's budget.

        :raise Throttled: it is used up. :raise NotSent: it cannot be read.
        """
        if not self._limits["per_minute"] and not (is_daily and self._limits["per_day"]):
            return
        try:
            refused = steps.run_step(
                self._registry, self._take, is_daily, tries=2, read_committed=True
            )
        except psycopg2.Error as error:
            raise NotSent(f"The budget of calls cannot be read: {type(error).__name__}") from None
        if refused:
            which, wait = refused
            limit = self._limits[f"per_{which}"]
            raise Throttled(f"The limit of {limit} calls a {which} is used up", retry_after=wait)

    def _take(self, env, is_daily):
        return env["pg.supplier.budget"]._take(self._supplier_id, self._limits, is_daily)

    def record(self, call):
        """Keep a call; a failure is only logged."""
        try:
            with steps.step(self._registry) as env:
                env["pg.supplier.call"]._keep(self._supplier_id, call)
        except Exception:
            # Whatever it is: the call was made, and its outcome must not be lost over this.
            _logger.warning("The call %s could not be kept", call.correlation_id, exc_info=True)
