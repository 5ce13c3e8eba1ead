{
    "name": "Prepaid Minutes: Payments",
    "description": " ",  # Not empty, so that the README is not loaded in its place.
    "summary": "Payment gateways behind one engine: webhook inbox, row lock, refunds, fees",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_base", "payment"],
    "external_dependencies": {"python": ["stripe"]},
    "data": [
        "security/ir.model.access.csv",
        "security/pg_payments_rules.xml",
        # The redirect form comes before the provider that names it.
        "views/payment_redirect_templates.xml",
        "views/payment_provider_views.xml",
        "views/payment_transaction_views.xml",
        "views/pg_payment_event_views.xml",
        "views/menus.xml",
        "data/payment_provider_data.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": False,
    "installable": True,
}
