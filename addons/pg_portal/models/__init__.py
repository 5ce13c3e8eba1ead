from . import (
    pg_portal_code,
    pg_seller_signup,
    pg_storefront,
    pg_storefront_account,
    pg_storefront_order,
    pg_storefront_review,
    pg_topup,
    res_company,
    res_config_settings,
    res_partner,
)
