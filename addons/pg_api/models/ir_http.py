import json

from odoo import models
from odoo.addons.pg_base.exceptions import TooManyRequests
from odoo.exceptions import AccessDenied, ConcurrencyError, UserError
from odoo.http import Response, SessionExpiredException, request
from psycopg2 import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..const import ERRORS, ROOT
from ..exceptions import ApiError


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        """Override of `base` to answer a wrong method as JSON too: Odoo asks nobody else then."""
        try:
            return super()._match(path_info)
        except MethodNotAllowed as error:
            if cls._pg_is_api(path_info):
                error.error_response = cls._handle_error(error)
            raise

    @classmethod
    def _handle_error(cls, exception):
        """Override of `base` to answer every failure under the API's root as JSON."""
        if not cls._pg_is_api(request.httprequest.path):
            return super()._handle_error(exception)
        error = cls._pg_api_error(exception)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if isinstance(exception, TooManyRequests):
            headers["Retry-After"] = str(exception.seconds)
        if isinstance(exception, MethodNotAllowed):
            headers["Allow"] = ", ".join(exception.valid_methods)
        return Response(
            json.dumps({"error": {"code": error.code, "message": error.message}}),
            status=error.status,
            headers=headers,
            content_type="application/json; charset=utf-8",
        )

    @classmethod
    def _pg_is_api(cls, path):
        return path == ROOT or path.startswith(f"{ROOT}/")

    @classmethod
    def _pg_api_error(cls, exception):
        """Return what a program may know of a failure. Sentences of a UserError are for people."""
        if isinstance(exception, ApiError):
            return exception
        if isinstance(exception, SessionExpiredException):
            return ApiError(401)
        if isinstance(exception, HTTPException):
            return ApiError(exception.code if exception.code in ERRORS else 400)
        if isinstance(exception, AccessDenied):
            return ApiError(403)
        if isinstance(exception, UserError):
            status = exception.http_status
            return ApiError(status, str(exception.args[0]) if status == 422 else "")
        if isinstance(exception, OperationalError | ConcurrencyError):
            return ApiError(503)
        return ApiError(500)
