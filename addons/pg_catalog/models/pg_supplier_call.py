from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..calls import OUTCOMES

KEEP_DAYS = 30
GC_BATCH = 20000
LONGEST = 4000


class PgSupplierCall(models.Model):
    """One call to a supplier. Only the adapters write here, through their meter.

    What is kept was chosen by the adapter: no key, no receipt, numbers masked.
    """

    _name = "pg.supplier.call"
    _description = "Call to a supplier"
    _order = "called_at desc, id desc"
    _rec_name = "correlation_id"
    _log_access = False

    supplier_id = fields.Many2one(
        "pg.supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    method = fields.Char(required=True, readonly=True, index=True)
    called_at = fields.Datetime("Called at", required=True, readonly=True, index=True)
    duration = fields.Integer("Milliseconds", readonly=True, aggregator="avg")
    outcome = fields.Selection(list(OUTCOMES.items()), required=True, readonly=True)
    status = fields.Integer("HTTP status", readonly=True, aggregator=None)
    code = fields.Char("Error code", readonly=True)
    detail = fields.Char("Error detail", readonly=True)
    message = fields.Char(readonly=True, help="What the outcome was decided by.")
    correlation_id = fields.Char(
        "Correlation id", readonly=True, index=True, help="The same id is in the server's log."
    )
    number = fields.Char(readonly=True, help="Masked.")
    request = fields.Text(readonly=True)
    answer = fields.Text(readonly=True)

    # === BUSINESS === #

    def _keep(self, supplier_id, call):
        """Insert a call, unless its supplier is not there (any more).

        :param call: a :class:`..calls.SupplierCall`.
        """
        self.env.cr.execute("SET LOCAL synchronous_commit = off")
        self.env.cr.execute("SET LOCAL lock_timeout = '1s'")
        values = {
            "method": call.method,
            "called_at": call.started_at.replace(microsecond=0),
            "duration": round(call.seconds * 1000),
            "outcome": call.outcome,
            "status": call.status or None,
            "correlation_id": call.correlation_id,
            **{
                name: (getattr(call, name) or "")[:LONGEST].replace("\x00", "") or None
                for name in ("code", "message", "number", "request", "answer")
            },
            "detail": (call.context or "")[:LONGEST].replace("\x00", "") or None,
        }
        self.env.cr.execute(
            SQL(
                """INSERT INTO pg_supplier_call (supplier_id, company_id, %s)
                   SELECT id, company_id, %s FROM pg_supplier WHERE id = %s""",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(
                    SQL("%s::timestamp", v) if k == "called_at" else SQL("%s", v)
                    for k, v in values.items()
                ),
                supplier_id,
            )
        )

    # === CRON === #

    @api.autovacuum
    def _gc_calls(self):
        """Forget what is older than 30 days."""
        self.env.cr.execute(
            SQL(
                """DELETE FROM pg_supplier_call WHERE id IN (
                       SELECT id FROM pg_supplier_call WHERE called_at < %s LIMIT %s)""",
                fields.Datetime.now() - timedelta(days=KEEP_DAYS),
                GC_BATCH,
            )
        )
        count = self.env.cr.rowcount
        return count, int(count == GC_BATCH)
