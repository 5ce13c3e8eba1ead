{
    "name": "Prepaid Minutes: API",
    "summary": "Programs sell and follow top-ups by JSON over HTTP at /api/v1",
    "version": "19.0.1.0.0",
    "category": "Sales/Prepaid Minutes",
    "author": "Prepaid Minutes Contributors",
    "license": "LGPL-3",
    "depends": ["pg_topup"],
    "data": [],
    "installable": True,
}
