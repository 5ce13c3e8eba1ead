{
    "name": "Prepaid Minutes: DingConnect",
    "summary": "Sells airtime from a DingConnect account",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_catalog"],
    "data": ["views/pg_supplier_views.xml"],
    "installable": True,
}
