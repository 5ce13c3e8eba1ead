"""The catalogue's rows through Odoo's own `load()`, as its import screen calls it."""

# What a person who imports SKUs would have in a file; the ids of other records are database ids.
LOAD_FIELDS = (
    "code",
    "name",
    "description",
    "read_more",
    "supplier_id/.id",
    "operator_id/.id",
    "kind",
    "is_range",
    "send_min",
    "send_max",
    "send_currency_id/.id",
    "receive_min",
    "receive_max",
    "receive_net_min",
    "receive_net_max",
    "receive_currency_id/.id",
    "distributor_fee",
    "customer_fee",
    "commission_rate",
    "tax_rate",
    "tax_name",
    "is_instant",
    "redemption",
    "benefits",
    "validity_iso",
    "region_code",
    "region_id/.id",
    "payment_types",
    "uat_number",
    "additional_information",
    "bill_required",
)
LOAD_OPERATOR_FIELDS = (
    "code",
    "name",
    "short_name",
    "supplier_id/.id",
    "country_id/.id",
    "pattern",
    "logo_url",
    "care_number",
    "region_codes",
    "payment_types",
)
LOAD_PRICE_FIELDS = (
    "sku_id/.id",
    "effective_at",
    "send_min",
    "send_max",
    "send_currency_id/.id",
    "distributor_fee",
    "receive_min",
    "receive_max",
    "receive_currency_id/.id",
    "value",
    "value_currency_id/.id",
)


def load_rows(env, supplier_id, operators, skus, prices):
    """Import rows for a supplier, each kind after the one that it refers to."""

    def ids_of(table):
        env.cr.execute(f"SELECT code, id FROM {table} WHERE supplier_id = %s", [supplier_id])
        return dict(env.cr.fetchall())

    supplier = str(supplier_id)
    load(env["pg.operator"], LOAD_OPERATOR_FIELDS, operators, "supplier_id/.id", supplier)
    found = ids_of("pg_mobile_operator")
    place(skus, LOAD_FIELDS, "operator_id/.id", found)
    load(env["pg.sku"], LOAD_FIELDS, skus, "supplier_id/.id", supplier)
    place(prices, LOAD_PRICE_FIELDS, "sku_id/.id", ids_of("pg_sku"))
    load(env["pg.sku.price"], LOAD_PRICE_FIELDS, prices)


def place(rows, names, name, ids):
    """Put ids in the place of codes."""
    column = names.index(name)
    for row in rows:
        row[column] = str(ids[row[column]])


def load(model, names, rows, name=None, value=None):
    """Import rows as the import screen does, and write them out."""
    if name:
        place(rows, names, name, dict.fromkeys({row[names.index(name)] for row in rows}, value))
    result = model.load(list(names), rows)
    if not result["ids"]:
        raise SystemExit(f"load() refused: {result['messages'][:3]}")
    model.env.flush_all()


def rows_to_load(env, supplier_id):
    """Return (operators, SKUs, prices) of a supplier as rows of text; codes stand for its own."""
    operators = env["pg.operator"].search([("supplier_id", "=", supplier_id)])
    skus = env["pg.sku"].search([("supplier_id", "=", supplier_id)])
    prices = env["pg.sku.price"].search([("sku_id", "in", skus.ids)])
    return (
        [[as_text(record, name) for name in LOAD_OPERATOR_FIELDS] for record in operators],
        [[as_text(record, name) for name in LOAD_FIELDS] for record in skus],
        [[as_text(record, name) for name in LOAD_PRICE_FIELDS] for record in prices],
    )


def as_text(record, name):
    """Return a field as it would stand in a file."""
    value = record[name.partition("/")[0]]
    if name in ("operator_id/.id", "sku_id/.id"):
        return value.code
    if name.endswith("/.id"):
        return str(value.id or "")
    if name == "effective_at":
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(int(value)) if value is True else str(value or "")
