{
    "name": "Prepaid Minutes: Reports",
    "summary": "Sales by any dimension, and a ledger summary that ties to the cent",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_topup"],
    "external_dependencies": {"python": ["xlsxwriter"]},
    "data": [
        "security/ir.model.access.csv",
        "security/pg_reports_rules.xml",
        "views/pg_report_sale_views.xml",
        "wizards/pg_report_ledger_views.xml",
        "views/menus.xml",
    ],
    "installable": True,
}
