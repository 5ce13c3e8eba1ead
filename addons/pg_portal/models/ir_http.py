import json
import re

from odoo import models
from odoo.addons.pg_base.exceptions import TooManyRequests
from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import Response, request
from psycopg2 import OperationalError
from werkzeug.exceptions import HTTPException

from ..exceptions import WidgetError

# Addresses of the widget's JSON: they carry a publishable key.
WIDGET = re.compile(r"/pg/widget/v1/pk_")
CODES = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _handle_error(cls, exception):
        """Override of `base` to answer every failure of the widget's JSON as JSON."""
        is_ours = isinstance(exception, WidgetError) or WIDGET.match(request.httprequest.path)
        if not is_ours:
            return super()._handle_error(exception)
        error, headers = cls._pg_widget_error(exception), cls._pg_widget_headers()
        if isinstance(exception, TooManyRequests):
            headers["Retry-After"] = str(exception.seconds)
        return Response(
            json.dumps({"error": {"code": error.code, "message": error.message}}),
            status=error.status,
            headers=headers,
            content_type="application/json; charset=utf-8",
        )

    @classmethod
    def _pg_widget_headers(cls):
        """Return the headers of each answer: the one site that asked, when it is allowed."""
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Origin",
        }
        origin = getattr(request, "pg_widget_origin", "")
        if origin:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After"
        return headers

    @classmethod
    def _pg_widget_error(cls, exception):
        """Return what the customer may know of a failure."""
        if isinstance(exception, WidgetError):
            return exception
        if isinstance(exception, TooManyRequests):
            return WidgetError(429, "too_many_requests", cls._pg_too_many_message(exception))
        if isinstance(exception, HTTPException):
            status = exception.code if exception.code in CODES else 400
            return WidgetError(status, CODES[status])
        if isinstance(exception, UserError) and exception.http_status == 422:
            return WidgetError(422, "invalid", str(exception.args[0]))
        if isinstance(exception, OperationalError | ConcurrencyError):
            return WidgetError(503, "busy")
        if isinstance(exception, UserError):
            return WidgetError(404, "not_found")
        return WidgetError(500, "broken")
