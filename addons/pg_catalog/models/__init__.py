from . import (
    pg_operator,
    pg_sku,
    pg_sku_price,
    pg_supplier,
    pg_supplier_sync,
    product_template,
    res_currency,
)
