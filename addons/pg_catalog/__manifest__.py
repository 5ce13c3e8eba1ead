{
    "name": "Prepaid Minutes: Catalogue",
    "summary": "Suppliers, operators, SKUs, price history, offers and pricing",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_base", "product", "phone_validation"],
    "external_dependencies": {"python": ["phonenumbers"]},
    "data": [
        "security/ir.model.access.csv",
        "security/pg_catalog_rules.xml",
        "data/ir_cron.xml",
        # The menus come first: the views add themselves below them.
        "views/menus.xml",
        "views/pg_supplier_views.xml",
        "views/pg_operator_views.xml",
        "views/pg_sku_views.xml",
        "wizards/pg_offer_add_views.xml",
        "views/product_template_views.xml",
    ],
    "installable": True,
}
