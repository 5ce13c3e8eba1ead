"""The rules of a seller's sign-up form."""

import re
import unicodedata

from odoo.exceptions import UserError

from . import identity

MIN_PASSWORD, MAX_PASSWORD = 10, 128
MAX_NAME = 80
MARKUP = re.compile(r"[<>{}]|https?:|www\.", re.IGNORECASE)


def check_name(env, name):
    """Return a name of a company or person. :raise UserError: it is none."""
    name = " ".join(name.split())
    if not 2 <= len(name) <= MAX_NAME or MARKUP.search(name):
        raise UserError(
            env._("Please type a name of 2 to %s characters, without addresses.", MAX_NAME)
        )
    return name


def check_email(env, text):
    """Return an e-mail address. :raise UserError: it is none."""
    known = identity.parse(text)
    if not known or known.channel != identity.EMAIL:
        raise UserError(env._("This e-mail address does not look right."))
    return known.value


def check_password(env, password, email, company_name):
    """Refuse a password that is too short, too long, or easy to guess.

    :raise UserError: with what to do.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UserError(env._("Please choose a password of at least %s characters.", MIN_PASSWORD))
    plain = password.casefold()
    names = (email.partition("@")[0].casefold(), company_name.casefold())
    if len(set(plain)) < 5 or any(len(name) > 3 and name in plain for name in names):
        raise UserError(
            env._("This password is easy to guess. Please leave out your name and repetitions.")
        )


def propose_slug(name):
    """Return an address for a shop of this name: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40].strip("-")
