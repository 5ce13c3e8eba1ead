{
    "name": "Prepaid Minutes: Storefront",
    "summary": "The customer's rooms: storefront, checkout, live status, own top-ups",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_topup", "portal"],
    "external_dependencies": {"python": ["cryptography"]},
    "data": [
        "security/ir.model.access.csv",
        "security/pg_portal_rules.xml",
        # The layout comes first: the pages call it.
        "views/layout_templates.xml",
        "views/storefront_templates.xml",
        "views/order_templates.xml",
        "views/portal_templates.xml",
        "views/account_templates.xml",
        "views/sell_templates.xml",
        "views/pg_seller_signup_views.xml",
        "views/res_company_views.xml",
        "data/portal_cron.xml",
        "views/pg_publishable_key_views.xml",
        "views/widget_templates.xml",
        # Keeps the widget's script under its version, once all of it is there.
        "data/widget_release.xml",
    ],
    "installable": True,
}
