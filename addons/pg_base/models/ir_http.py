import secrets

from odoo import api, models
from odoo.http import Response, request

from ..exceptions import TooManyRequests

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

    @classmethod
    def _handle_error(cls, exception):
        """Override of `base` to say to whom asks too often, when to ask again."""
        if isinstance(exception, TooManyRequests):
            return cls._pg_too_many_requests(exception)
        return super()._handle_error(exception)

    @classmethod
    def _pg_too_many_requests(cls, error):
        """Return the page or, for programs, the JSON of status 429."""
        http = request.httprequest
        message = cls._pg_too_many_message(error)
        accepted = http.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
        headers = {
            "Retry-After": str(error.seconds),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        if http.mimetype == "application/json" or accepted == "application/json":
            values = {
                "code": "too_many_requests", "message": message, "retry_after": error.seconds
            }  # fmt: skip
            return request.make_json_response({"error": values}, headers.items(), None, 429)
        nonce = secrets.token_urlsafe(16)
        page = request.env["ir.qweb"]._render(
            "pg_base.too_many_requests",
            {"message": message, "nonce": nonce, "lang": request.env.lang or "en"},
        )
        headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'"
        )
        return Response(page, status=429, headers=headers, content_type="text/html; charset=utf-8")

    @classmethod
    def _pg_too_many_message(cls, error):
        """Return the sentence for a person."""
        if "description" in vars(error) and error.description:
            return error.description
        if error.seconds < 90:
            return request.env._(
                "Too many tries in a short time. Please try again in %(seconds)s seconds.",
                seconds=error.seconds,
            )
        return request.env._(
            "Too many tries in a short time. Please try again in %(minutes)s minutes.",
            minutes=-(-error.seconds // 60),
        )
