from . import pg_storefront, pg_storefront_order, pg_storefront_review, pg_topup, res_company
