"""What every JSON route of the widget shares: who asks, from which site, and how it is answered."""

import json

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..exceptions import WidgetError
from ..tools import params

ROOT = "/pg/widget/v1"
# Bytes of a body; an order is under 2 kB.
MAX_BODY = 8 * 1024
# Seconds for which a browser need not ask again whether it may ask.
PREFLIGHT_AGE = 7200


def route(path, *, bucket, limit, seconds=60):
    """Declare a JSON route: ``method(self, key, values)`` returns what is answered.

    All are POST, so that neither numbers nor tokens stand in addresses and every browser says from
    which site it asks. Cookies count for nothing here: whoever asks is a stranger.

    :param str bucket: of the rate limit, per address of the visitor.
    """

    def decorate(method):
        @http.route(
            f"{ROOT}/<string:pk>{path}",
            type="http",
            auth="public",
            methods=["POST", "OPTIONS"],
            csrf=False,
            save_session=False,
            max_content_length=MAX_BODY,
        )
        def endpoint(self, pk, **_params):
            key = _authorise(pk)
            if request.httprequest.method == "OPTIONS":
                return _answer_preflight()
            Limit = request.env["pg.rate.limit"]
            Limit._enforce(bucket, Limit._get_address(), limit, seconds)
            values = _read_json()
            _set_stranger(values.get("lang"))
            key = key.with_env(request.env).sudo().with_company(key.company_id)
            headers = request.env["ir.http"]._pg_widget_headers()
            return request.make_json_response(method(self, key, values), headers=headers.items())

        endpoint.__name__ = method.__name__
        endpoint.__doc__ = method.__doc__
        return endpoint

    return decorate


def _authorise(pk):
    """Return the key, when the site that asks is on its list.

    :raise WidgetError: 404 for an unknown or revoked key, 403 for another site.
    """
    key = request.env["pg.publishable.key"]._from_key(pk)
    if not key:
        raise WidgetError(404, "unknown_key", request.env._("This shop is not open here."))
    origin = request.httprequest.headers.get("Origin", "")
    own = request.httprequest.host_url.rstrip("/")
    if not (key._allows(origin) or origin == own):
        raise WidgetError(403, "origin_refused", request.env._("This shop is not open here."))
    request.pg_widget_origin = origin
    return key


def _answer_preflight():
    headers = {
        **request.env["ir.http"]._pg_widget_headers(),
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": str(PREFLIGHT_AGE),
    }
    return request.make_response("", headers=list(headers.items()), status=204)


def _read_json():
    """Return the JSON object of the body.

    :raise WidgetError: 400
    """
    if request.httprequest.mimetype != "application/json":
        raise WidgetError(400, "malformed")
    try:
        values = json.loads(request.httprequest.get_data().decode("utf-8"))
    except (ValueError, RecursionError):
        raise WidgetError(400, "malformed") from None
    if not isinstance(values, dict):
        raise WidgetError(400, "malformed")
    return values


def _set_stranger(lang):
    """Act as the public user, in the language asked for when there is such a one."""
    public = request.env.ref("base.public_user")
    request.update_env(user=public.id)
    codes = [code for code, _name in request.env["res.lang"].get_installed()]
    wanted = params.text(lang, 10).replace("-", "_")
    if wanted:
        same = [code for code in codes if code.lower() == wanted.lower()]
        near = [code for code in codes if code[:2].lower() == wanted[:2].lower()]
        if same or near:
            request.update_context(lang=(same + near)[0])


def number(value):
    """Return a typed number.

    :raise WidgetError: 422
    """
    text = params.text(value, 40)
    if not text:
        raise UserError(request.env._("Please enter the phone number."))
    return text


def record_id(value):
    """Return a database id from JSON, or None."""
    if isinstance(value, bool):
        return None
    return params.record_id(str(value) if isinstance(value, int) else value)


def amount(value):
    """Return a Decimal from text, or None."""
    return params.amount(value) if isinstance(value, str) else None
