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
        "views/res_company_views.xml",
        "views/menus.xml",
    ],
    "application": False,
    "installable": True,
}
