"""What every route of the API shares."""

from odoo import http
from odoo.http import request

from .. import const
from ..exceptions import ApiError

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def route(path, *, methods=("GET",), auth="bearer", **routing):
    """Declare a route of the API: no session is kept, what only reads uses a read-only cursor."""
    return http.route(
        const.ROOT + path,
        type="http",
        auth=auth,
        methods=list(methods),
        csrf=False,
        save_session=False,
        readonly="POST" not in methods,
        max_content_length=const.MAX_BODY,
        **routing,
    )


def authorise(role):
    """Return the model of the API for the key's user.

    :raise ApiError: 401 without key (a browser's session is none), 403 without the right.
    """
    if "Authorization" not in request.httprequest.headers:
        raise ApiError(401)
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
