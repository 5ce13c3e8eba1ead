"""What the server needs for each screen of the catalogue at full size, as a manager opens it.

Each in a cursor of its own, as a request would: the views, the first page as the list or kanban
asks for it, its count, the search panel, and the filters that look into other tables.
"""

import time

from lxml import etree
from odoo import Command

SCREENS = {
    "suppliers": ("pg_catalog.pg_supplier_action", ()),
    "operators": ("pg_catalog.pg_operator_action", ("mobile", "offered", "promoted")),
    "skus": ("pg_catalog.pg_sku_action", ("not_offered", "new", "changed")),
    "offers": ("pg_catalog.pg_offer_action", ()),
    "rules": ("pg_catalog.pg_price_rule_action", ()),
    "promotions": ("pg_catalog.pg_promotion_action", ()),
    "syncs": ("pg_catalog.pg_supplier_sync_run_action", ()),
}
PAGE = 80


def make_manager(env, company):
    """Return a manager of a seller."""
    return env["res.users"].create(
        {
            "name": "Bench",
            "login": "bench-screens",
            "group_ids": [Command.set(env.ref("pg_base.group_manager").ids)],
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
        }
    )


def measure(cursor, environment, user_id):
    """Return {screen, or screen with filter: milliseconds}.

    :param cursor: makes cursors. :param environment: cursor → the superuser's environment.
    """
    times = {}
    for name, (xmlid, filters) in SCREENS.items():
        for chosen in (None, *filters):
            with cursor() as cr:
                env = environment(cr)
                env = env(user=user_id, context={"lang": "en_US"})
                company = env.user.company_id
                env = env(context={"lang": "en_US", "allowed_company_ids": company.ids})
                started = time.perf_counter()
                open_screen(env, xmlid, chosen)
                label = f"{name} {chosen}" if chosen else name
                times[label] = round((time.perf_counter() - started) * 1000)
                cr.rollback()
    return times


def open_screen(env, xmlid, chosen=None):
    """Ask for what the client asks for when somebody opens an action.

    :param chosen: name of a filter of its search view.
    """
    action = env["ir.actions.actions"]._for_xml_id(xmlid)
    model = env[action["res_model"]]
    kinds = [kind for _view, kind in action["views"] if kind in ("list", "kanban")]
    search = action["search_view_id"] and action["search_view_id"][0]
    views = [[view, kind] for view, kind in action["views"]] + [[search, "search"]]
    found = model.get_views(views, {"load_filters": True, "toolbar": True})["views"]
    arch = etree.fromstring(found["search"]["arch"])
    domain = eval_domain(action.get("domain"))
    if chosen:
        (condition,) = arch.xpath(f"//filter[@name='{chosen}']/@domain")
        domain += eval_domain(condition)
    fields = specification(model, etree.fromstring(found[kinds[0]]["arch"]))
    model.web_search_read(domain, fields, limit=PAGE, count_limit=10001)
    for field in arch.xpath("//searchpanel/field"):
        ask = "multi" if field.get("select") == "multi" else "select"
        ranges = {"multi": "search_panel_select_multi_range", "select": "search_panel_select_range"}
        getattr(model, ranges[ask])(
            field.get("name"),
            search_domain=domain,
            enable_counters=bool(field.get("enable_counters")),
            limit=int(field.get("limit") or 200),
            comodel_domain=eval_domain(field.get("domain"), dict.fromkeys(model._fields, False)),
        )


def eval_domain(text, names=None):
    """Return a domain of a view as a list.

    :param dict names: what it may name; in a search panel the values chosen there, none at first.
    """
    from odoo.tools.safe_eval import safe_eval

    return list(safe_eval(text or "[]", names or {})) if isinstance(text, str) else list(text or [])


def specification(model, arch):
    """Return what a view reads of each record."""
    names = {field.get("name") for field in arch.iter("field") if not is_nested(field)}
    return {
        name: {"fields": {"display_name": {}}} if model._fields[name].relational else {}
        for name in sorted(names)
    }


def is_nested(field):
    return any(parent.tag == "field" for parent in field.iterancestors())
