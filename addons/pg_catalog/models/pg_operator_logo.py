import base64
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import logos

_logger = logging.getLogger(__name__)

BATCH = 200
RETRY_AFTER = timedelta(days=7)


class PgOperator(models.Model):
    """The logo of an operator: fetched once from the supplier's address and stored with us."""

    _inherit = "pg.operator"

    logo = fields.Image(
        "Logo", max_width=256, max_height=256, readonly=True, copy=False, attachment=True
    )
    logo_source = fields.Char(
        "Logo taken from", readonly=True, copy=False, help="The address that was last asked."
    )
    logo_problem = fields.Char("Problem of the logo", readonly=True, copy=False)
    logo_asked_at = fields.Datetime("Logo asked for at", readonly=True, copy=False)

    # === BUSINESS === #

    @api.private
    def _get_logo_versions(self):
        """Return {id: what changes with the logo} of those that have one, without reading any."""
        if not self:
            return {}
        self.env["ir.attachment"].flush_model(["res_model", "res_field", "res_id", "checksum"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT res_id, left(checksum, 12) FROM ir_attachment
                 WHERE res_model = %s AND res_field = 'logo' AND res_id IN %s
                """,
                self._name,
                tuple(self.ids),
            )
        )
        return {id_: version or "" for id_, version in rows}

    # === CRON === #

    @api.model
    def _cron_fetch_logos(self):
        """Fetch the logos that are new, have moved, or failed a week ago; one address once."""
        domain, time_left = self._logo_due_domain(), 1
        while time_left > 0 and (addresses := self._logo_addresses(domain)):
            # No transaction stays open while the servers are asked.
            self.env["ir.cron"]._commit_progress(remaining=len(addresses))
            for url, ids, is_live in addresses:
                content, problem = _fetch(url, is_live)
                steps.run_step(self.env, _store, ids, url, content, problem)
            time_left = self.env["ir.cron"]._commit_progress(len(addresses))
            self.env.invalidate_all()

    def _logo_due_domain(self):
        """Return the domain of operators whose logo must be fetched."""
        due_since = fields.Datetime.now() - RETRY_AFTER
        failed = Domain("logo_problem", "!=", False) & Domain("logo_asked_at", "<", due_since)
        is_new = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IS DISTINCT FROM %s",
                model._field_to_sql(alias, "logo_url", query),
                model._field_to_sql(alias, "logo_source", query),
            )
        )
        return (
            Domain("logo_url", "!=", False)
            & Domain("supplier_id.active", "=", True)
            & (is_new | failed)
        )

    def _logo_addresses(self, domain):
        """Return some addresses to ask, as (url, ids of the operators, whether it is live)."""
        grouped = {}
        for operator in self.search(domain, limit=BATCH):
            is_live = operator.supplier_id.environment == "live"
            grouped.setdefault((operator.logo_url, is_live), []).append(operator.id)
        return [(url, ids, is_live) for (url, is_live), ids in grouped.items()]

    # === BUSINESS === #

    @api.private
    def _store_logo(self, url, content, problem):
        """Store what came from an address; the old logo stays when it was no picture."""
        if content:
            try:
                with self.env.cr.savepoint():
                    self.write({"logo": base64.b64encode(content)})
            except (UserError, ValidationError, ValueError) as error:
                problem = str(error)
        self.write(
            {
                "logo_source": url,
                "logo_problem": problem or False,
                "logo_asked_at": fields.Datetime.now(),
            }
        )


def _fetch(url, is_live):
    """Return (bytes or None, problem or '')."""
    try:
        return logos.fetch(url, is_live), ""
    except (logos.BadLogo, OutsideError) as error:
        _logger.info("A logo could not be fetched: %s", error)
        return None, str(error)


def _store(env, ids, url, content, problem):
    env["pg.operator"].browse(ids).exists()._store_logo(url, content, problem)
