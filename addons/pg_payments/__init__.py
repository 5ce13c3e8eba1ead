from odoo.addons.payment import reset_payment_provider, setup_provider

from . import controllers, models, wizards
from .gateways import GATEWAYS


def post_init_hook(env):
    """Give every root company its own copy of each gateway's provider."""
    for code in GATEWAYS:
        setup_provider(env, code)


def uninstall_hook(env):
    """Turn the gateways' providers off and make them plain again."""
    for code in GATEWAYS:
        reset_payment_provider(env, code)
