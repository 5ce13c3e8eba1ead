from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal, pager
from odoo.fields import Domain
from odoo.http import request

from ..tools import params

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
    def portal_my_topups(self, page=1, filterby="", search="", **_kwargs):
        """List the customer's own top-ups, the newest first."""
        can_read = request.env["pg.topup"].has_access("read")
        # In sudo mode to search by operator, which is not the customer's to read; its own only.
        Topup, pages_model = request.env["pg.topup"].sudo(), request.env["pg.storefront"].sudo()
        filterby, search = params.text(filterby, 12), params.text(search, 60)
        filters = pages_model._get_state_filters()
        filterby = filterby if filterby in dict(filters) else ""
        domain = Domain(self._prepare_pg_topups_domain())
        domain &= pages_model._get_filter_domain(filterby, search)
        pages = pager(
            url="/my/topups",
            url_args={"filterby": filterby, "search": search},
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
                "rows": pages_model._get_portal_rows(topups),
                "searchbar_filters": {
                    key: {"label": label, "sequence": at} for at, (key, label) in enumerate(filters)
                },
                "filterby": filterby,
                "searchbar_inputs": {
                    "all": {
                        "input": "all",
                        "label": request.env._("Search number, operator or order"),
                        "sequence": 1,
                    }
                },
                "search_in": "all",
                "search": search,
                "page_name": "pg_topups",
                "pager": pages,
                "default_url": "/my/topups",
            },
        )
