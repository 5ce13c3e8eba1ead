from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal, pager
from odoo.http import request

COUNTER = "pg_topup_count"


class PrepaidPortal(CustomerPortal):
    """The customer's own top-ups in Odoo's `/my`."""

    _pg_topups_per_page = 20

    def _prepare_home_portal_values(self, counters):
        """Override of `portal` to count the customer's top-ups."""
        values = super()._prepare_home_portal_values(counters)
        if COUNTER in counters:
            Topup = request.env["pg.topup"]
            domain = self._prepare_pg_topups_domain()
            can_read = Topup.has_access("read")
            values[COUNTER] = Topup.search_count(domain, limit=1) if can_read else 0
        return values

    def _prepare_pg_topups_domain(self):
        """Return the domain of what is the customer's own, also for a user who may see more."""
        partner = request.env.user.partner_id.commercial_partner_id
        return [("partner_id", "child_of", partner.ids)]

    @http.route(
        ["/my/topups", "/my/topups/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        readonly=True,
    )
    def portal_my_topups(self, page=1, **_kwargs):
        """List the customer's own top-ups, the newest first."""
        Topup = request.env["pg.topup"]
        domain = self._prepare_pg_topups_domain()
        can_read = Topup.has_access("read")
        pages = pager(
            url="/my/topups",
            total=Topup.search_count(domain) if can_read else 0,
            page=page,
            step=self._pg_topups_per_page,
        )
        topups = Topup.browse()
        if can_read:
            topups = Topup.search(domain, limit=self._pg_topups_per_page, offset=pages["offset"])
        return request.render(
            "pg_portal.portal_my_topups",
            {
                **self._prepare_portal_layout_values(),
                "rows": request.env["pg.storefront"].sudo()._get_portal_rows(topups.sudo()),
                "page_name": "pg_topups",
                "pager": pages,
                "default_url": "/my/topups",
            },
        )
