from odoo import http
from odoo.http import request

from .. import const
from ..exceptions import ApiError
from ..tools import document, parse
from .common import answer, authorise, route


class ApiCatalogue(http.Controller):
    """Who asks, and what can be sold."""

    @route("/openapi.json", auth="none")
    def api_openapi(self, **_kwargs):
        """Answer the description of the API; for everybody, it holds no data."""
        return answer(document.load())

    @route("/ping")
    def api_ping(self, **_kwargs):
        """Answer who the key belongs to."""
        return answer(authorise("viewer")._get_ping())

    @route("/operators")
    def api_operators(self, **_kwargs):
        """Answer the operators that may serve a number."""
        pages = authorise("viewer")
        values = parse.query(request.httprequest.args, {"number"})
        number = parse.text("number", values.get("number"), const.MAX_NUMBER)
        return answer(pages._get_operators(number))

    @route("/offers")
    def api_offers(self, **_kwargs):
        """Answer what can be sold to a number or through an operator."""
        pages = authorise("viewer")
        values = parse.query(request.httprequest.args, {"number", "operator"})
        if len(values) != 1:
            raise ApiError(422, "Give either number or operator.")
        if "number" in values:
            number = parse.text("number", values["number"], const.MAX_NUMBER)
            return answer(pages._get_offers(number=number))
        operator_id = parse.record_id("operator", values["operator"])
        return answer(pages._get_offers(operator_id=operator_id))
