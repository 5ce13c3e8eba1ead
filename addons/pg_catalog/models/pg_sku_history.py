import json

from odoo import api, fields, models

MAX_POINTS = 100


class PgSku(models.Model):
    """The price history of a SKU as a graph on its form."""

    _inherit = "pg.sku"

    price_graph = fields.Text("Price over time", compute="_compute_price_graph")

    # === COMPUTE === #

    @api.depends("price_ids")
    @api.depends_context("lang", "tz")
    def _compute_price_graph(self):
        """Give the lower price with its fee at each change, and today, for a line."""
        for sku in self:
            prices = sku.price_ids[:MAX_POINTS].sorted("id")
            points = [self._graph_point(price, price.effective_at) for price in prices]
            if prices:
                points.append(self._graph_point(prices[-1], fields.Datetime.now()))
            name = f"{sku._fields['price_graph'].string} ({sku.send_currency_id.name})"
            sku.price_graph = json.dumps([{"key": name, "values": points}])

    def _graph_point(self, price, moment):
        paid = round(price.send_min + price.distributor_fee, 4)
        day = fields.Datetime.context_timestamp(self, moment)
        return {"x": f"{day:%Y-%m-%d %H:%M}", "y": paid}
