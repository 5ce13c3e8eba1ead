{
    "name": "Prepaid Minutes: Base",
    "summary": "Sellers, roles, encrypted secrets and the one way to the outside",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["base_setup", "mail"],
    "external_dependencies": {"python": ["cryptography", "requests"]},
    "data": [
        "security/pg_base_groups.xml",
        "security/ir.model.access.csv",
        "security/pg_base_rules.xml",
        "data/ir_cron.xml",
        "views/rate_limit_templates.xml",
        "views/res_company_views.xml",
        "views/menus.xml",
        # The menu of the log hangs below the menus above.
        "views/pg_audit_log_views.xml",
    ],
    "application": False,
    "installable": True,
}
