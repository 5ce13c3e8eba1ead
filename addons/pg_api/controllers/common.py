"""What every route of the API shares."""

from odoo import http
from odoo.http import request

from .. import const
from ..exceptions import ApiError

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def route(path, *, methods=("GET",), auth="bearer", **routing):
    """Declare a route of the API: no session is kept."""
    return http.route(
        const.ROOT + path,
        type="http",
        auth=auth,
        methods=list(methods),
        csrf=False,
        save_session=False,
        # What counts against a limit writes, so that no route is read-only but the public one.
        readonly=auth == "none",
        max_content_length=const.MAX_BODY,
        **routing,
    )


def authorise(role):
    """Return the model of the API for the key's user.

    :raise ApiError: 401 without key (a browser's session is none), 403 without the right.
    :raise TooManyRequests: the key asks too often.
    """
    http_request = request.httprequest
    if "Authorization" not in http_request.headers:
        raise ApiError(401)
    bucket = "api.order" if http_request.method == "POST" else "api.read"
    request.env["pg.rate.limit"]._enforce(
        bucket, http_request.headers["Authorization"], *const.RATES[bucket]
    )
    return request.env["pg.api"]._for_user(role)


def read_json():
    """Return the body's bytes, when it says that it is JSON.

    :raise ApiError: 400
    :raise RequestEntityTooLarge: over ``const.MAX_BODY``
    """
    if request.httprequest.mimetype != "application/json":
        raise ApiError(400, "The body must be sent as Content-Type: application/json.")
    return request.httprequest.get_data()


def answer(values, status=200, headers=None):
    """Return a JSON response."""
    return request.make_json_response(
        values, headers={**HEADERS, **(headers or {})}.items(), status=status
    )
