from datetime import timedelta

from odoo import api, fields, models

KEEP_DAYS = 90
PHASES = [
    ("products", "Reading SKUs"),
    ("texts", "Reading descriptions"),
    ("countries", "Reading countries"),
    ("regions", "Reading regions"),
    ("promotions", "Reading promotions"),
    ("operators", "Reading operators"),
    ("write_operators", "Writing operators"),
    ("write_skus", "Writing SKUs"),
    ("write_prices", "Writing prices"),
    ("write_promotions", "Writing promotions"),
    ("offers", "Looking after offers"),
]


class PgSupplierSyncRun(models.Model):
    """One sync of a supplier: how far it is while it runs, and what it did.

    It has a row of its own beside the supplier because progress is committed while the rows of the
    catalogue are being written in one transaction.
    """

    _name = "pg.supplier.sync.run"
    _description = "Catalogue sync"
    _order = "id desc"
    _rec_name = "started_at"

    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    requested_by_id = fields.Many2one("res.users", "Asked for by", readonly=True)
    state = fields.Selection(
        [
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("interrupted", "Interrupted"),
        ],
        required=True,
        default="running",
        readonly=True,
    )
    phase = fields.Selection(PHASES, readonly=True)
    done_count = fields.Integer("Items so far", readonly=True)
    started_at = fields.Datetime("Started", default=fields.Datetime.now, readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    message = fields.Text("Result", readonly=True)
    skipped = fields.Text("Skipped items", readonly=True)
    new_count = fields.Integer("New SKUs", readonly=True)
    changed_count = fields.Integer("Changed SKUs", readonly=True)
    back_count = fields.Integer("SKUs back", readonly=True)
    gone_count = fields.Integer("SKUs gone", readonly=True)
    unchanged_count = fields.Integer("Unchanged SKUs", readonly=True)
    skipped_count = fields.Integer("Items skipped", readonly=True)

    # === BUSINESS === #

    @api.private
    def _finish(self, state, message, result=None, skipped=""):
        """Store how a sync ended.

        :param result: the ``feed_write.SyncResult``, when it got that far.
        """
        counts = result and result.skus
        kinds = ("new", "changed", "back", "gone", "unchanged") if counts else ()
        self.write(
            {
                "state": state,
                "message": message,
                "skipped": skipped or False,
                "finished_at": fields.Datetime.now(),
                "skipped_count": len(result.skipped) if result else 0,
                **{f"{kind}_count": getattr(counts, kind) for kind in kinds},
            }
        )

    @api.autovacuum
    def _gc_runs(self):
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search([("started_at", "<", limit), ("state", "!=", "running")]).unlink()
