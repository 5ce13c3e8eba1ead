"""Who the visitor is at one seller: by a code that was proven, or by Odoo's own login."""

import time

from odoo.http import request

from ..tools.identity import EMAIL, SMS, Identity

KEY = "pg_portal"
LIFE = 30 * 24 * 3600


def sign_in(company, identity):
    """Remember in the session what was proven, for one seller; the session gets a new id."""
    known = dict(request.session.get(KEY) or {})
    known[str(company.id)] = [identity.channel, identity.value, int(time.time())]
    request.session[KEY] = known
    # A session id that somebody planted before the login is worth nothing after it.
    request.session.should_rotate = True


def sign_out(company):
    """Forget what was proven at one seller."""
    known = dict(request.session.get(KEY) or {})
    if known.pop(str(company.id), None):
        request.session[KEY] = known
        request.session.should_rotate = True


def find_identity(company):
    """Return what the visitor has proven at this seller, None when nothing or long ago."""
    known = request.session.get(KEY)
    entry = known.get(str(company.id)) if isinstance(known, dict) else None
    if not isinstance(entry, list) or len(entry) != 3:
        return None
    channel, value, moment = entry
    if channel not in (EMAIL, SMS) or not 0 <= time.time() - moment < LIFE:
        return None
    return Identity(channel, value)


def find_partners(company):
    """Return the customers that the visitor is at this seller (sudo), maybe none.

    Of a code: every customer with the proven address. Of Odoo's login: the user and its contacts.
    """
    pages = request.env["pg.storefront"]._for_seller(company)
    identity = find_identity(company)
    if identity:
        partners = pages._find_accounts(company, identity)
        if partners:
            return partners
    user = request.env.user.sudo()
    if user._is_public():
        return user.partner_id.browse()
    return user.env["res.partner"].search([("id", "child_of", user.commercial_partner_id.ids)])
