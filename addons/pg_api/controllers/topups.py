from odoo import http
from odoo.http import request

from .. import const
from ..tools import parse
from .common import answer, authorise, read_json, route


class ApiTopups(http.Controller):
    """Orders and how they go."""

    @route("/topups", methods=("POST",))
    def api_topup_place(self, **_kwargs):
        """Take an order; the same key with the same order answers the same top-up again."""
        pages = authorise("operator")
        http_request = request.httprequest
        key = parse.idempotency_key(http_request.headers.get("Idempotency-Key"))
        order = parse.topup_order(parse.json_object(read_json()))
        topup, is_new = pages._place_topup(
            key,
            order,
            ip=http_request.remote_addr,
            user_agent=http_request.user_agent.string,
        )
        location = {"Location": f"{const.ROOT}/topups/{topup['order']}"}
        return answer(topup, status=201 if is_new else 200, headers=location)

    @route("/topups")
    def api_topups(self, **_kwargs):
        """Answer a page of top-ups, the newest first."""
        pages = authorise("viewer")
        values = parse.query(request.httprequest.args, {"limit", "cursor"})
        asked = {}
        if "limit" in values:
            asked["limit"] = parse.integer("limit", values["limit"], const.PAGE_MAX)
        if "cursor" in values:
            asked["cursor"] = parse.text("cursor", values["cursor"], const.MAX_KEY)
        return answer(pages._get_topups(**asked))

    @route("/topups/<string:order>")
    def api_topup(self, order, **_kwargs):
        """Answer where one top-up stands."""
        pages = authorise("viewer")
        parse.query(request.httprequest.args, set())
        return answer(pages._get_topup(parse.text("order", order, const.MAX_KEY)))
