from odoo import api, models
from odoo.http import request

LONGEST_AGENT = 300


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @api.model
    def _pg_get_visitor(self):
        """Return (IP address, browser) of who is asking now; both empty outside a request."""
        if not request:
            return "", ""
        http = request.httprequest
        return http.remote_addr or "", (http.user_agent.string or "")[:LONGEST_AGENT]
