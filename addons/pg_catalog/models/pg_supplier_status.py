from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

# After this long without an answer, what operators said is no longer shown.
STALE = timedelta(hours=1)
LONGEST = 500


class PgSupplier(models.Model):
    """Storing what operators say of themselves."""

    _inherit = "pg.supplier"

    def _store_operator_status(self, statuses):
        """Write the operators' status where it changed.

        :param statuses: list of ``ports.OperatorStatus`` of all operators; None when the supplier
            did not answer: what it said before is dropped when it is old.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if statuses is not None:
            known = {status.code: status for status in statuses}
            self._write_status(known.values(), now)
            self.operators_checked_at = now
        elif self.operators_checked_at and self.operators_checked_at < now - STALE:
            self._write_status((), now)

    def _write_status(self, statuses, now):
        """Write the status of all the supplier's operators; those not named get none."""
        statuses = list(statuses)
        codes = [status.code for status in statuses]
        words = ["up" if status.is_processing else "down" for status in statuses]
        messages = [status.message[:LONGEST] or None for status in statuses]
        self.env.cr.execute(
            SQL(
                """
                UPDATE pg_mobile_operator o
                SET status = n.status, status_message = n.message, status_at = %(now)s
                FROM (SELECT p.id, v.status, v.message
                      FROM pg_mobile_operator p
                      LEFT JOIN unnest(%(codes)s::text[], %(words)s::text[], %(messages)s::text[])
                           AS v(code, status, message) ON v.code = p.code
                      WHERE p.supplier_id = %(supplier)s) n
                WHERE o.id = n.id
                  AND (o.status, o.status_message) IS DISTINCT FROM (n.status, n.message)
                """,
                now=now,
                codes=codes,
                words=words,
                messages=messages,
                supplier=self.id,
            )
        )
        self.env["pg.operator"].invalidate_model(["status", "status_message", "status_at"])
        return self.env.cr.rowcount
