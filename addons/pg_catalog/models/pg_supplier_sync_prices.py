import logging

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL
from psycopg2 import OperationalError

_logger = logging.getLogger(__name__)


class PgSupplier(models.Model):
    """What follows from new prices: the history, the offers."""

    _inherit = "pg.supplier"

    # === BUSINESS === #

    def _record_prices(self, sku_ids):
        """Add a row of price history for the SKUs whose price is not the last one recorded.

        :return: the ids of those SKUs whose cost is another one than before.
        """
        if not sku_ids:
            return []
        owner = self.company_id or self.env.ref("base.main_company")
        self.env.cr.execute(
            SQL(
                """
                WITH fresh AS (
                    SELECT s.*, rate.rate, last.id AS last_id,
                           (s.send_min, s.send_max, s.send_currency_id, s.distributor_fee)
                           IS DISTINCT FROM (last.send_min, last.send_max, last.send_currency_id,
                                             last.distributor_fee) AS is_new_cost
                      FROM pg_sku s
                 LEFT JOIN jsonb_to_recordset(%(rates)s::jsonb)
                           AS rate(currency int4, rate numeric)
                        ON rate.currency = s.send_currency_id
                 LEFT JOIN LATERAL (SELECT * FROM pg_sku_price p WHERE p.sku_id = s.id
                                     ORDER BY p.effective_at DESC, p.id DESC LIMIT 1) last ON TRUE
                     WHERE s.id = ANY(%(ids)s)
                       AND (s.send_min, s.send_max, s.send_currency_id, s.distributor_fee,
                            s.receive_min, s.receive_max, s.receive_currency_id)
                           IS DISTINCT FROM
                           (last.send_min, last.send_max, last.send_currency_id,
                            last.distributor_fee, last.receive_min, last.receive_max,
                            last.receive_currency_id)
                ), added AS (
                INSERT INTO pg_sku_price (sku_id, company_id, effective_at, send_min, send_max,
                            send_currency_id, distributor_fee, receive_min, receive_max,
                            receive_currency_id, value, value_currency_id,
                            create_uid, create_date, write_uid, write_date)
                SELECT f.id, f.company_id, date_trunc('second', now() AT TIME ZONE 'UTC'),
                       f.send_min, f.send_max,
                       f.send_currency_id, f.distributor_fee, f.receive_min, f.receive_max,
                       f.receive_currency_id,
                       round((f.send_min + f.distributor_fee) * f.rate, %(decimals)s),
                       %(currency)s, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                       now() AT TIME ZONE 'UTC'
                  FROM fresh f
                )
                SELECT id FROM fresh WHERE last_id IS NOT NULL AND is_new_cost
                """,
                decimals=owner.currency_id.decimal_places,
                currency=owner.currency_id.id,
                uid=self.env.uid,
                rates=self._rates_json(sku_ids, owner),
                ids=sku_ids,
            )
        )
        return [id_ for (id_,) in self.env.cr.fetchall()]

    def _rates_json(self, sku_ids, owner):
        """Return the day's rates of the currencies of some SKUs as JSON; unknown ones left out."""
        self.env.cr.execute(
            SQL("SELECT DISTINCT send_currency_id FROM pg_sku WHERE id = ANY(%s)", sku_ids)
        )
        rates = []
        for (currency_id,) in self.env.cr.fetchall():
            try:
                rate = self.env["res.currency"].browse(currency_id)._pg_rate(owner)
            except UserError:
                continue
            rates.append(f'{{"currency": {currency_id}, "rate": {rate}}}')
        return f"[{', '.join(rates)}]"

    def _on_skus_changed(self, sku_ids, cost_ids):
        """Let the offers of changed SKUs follow.

        What offers make of a new cost must not keep the catalogue old: when it breaks, it alone is
        undone, and the log says why.

        :param sku_ids: the SKUs that were changed or are back.
        :param cost_ids: those with a new cost.
        """
        if not sku_ids:
            return
        Offer = self.env["product.template"].sudo()
        skus = self.env["pg.sku"].browse(sku_ids)
        skus.modified(["operator_id", "kind", "country_id"])
        Offer.search([("pg_sku_id", "in", sku_ids)])._pg_follow_sku()
        if not cost_ids:
            return
        try:
            with self.env.cr.savepoint():
                Offer._pg_on_cost_changed(self.env["pg.sku"].sudo().browse(cost_ids))
        except OperationalError:
            raise
        except Exception:
            _logger.exception("The offers could not take the new costs of %s", self.name)
            self.env.invalidate_all(flush=False)
