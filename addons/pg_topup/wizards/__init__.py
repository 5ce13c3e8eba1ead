from . import (
    base_partner_merge,
    pg_seller_settings,
    pg_topup_decide,
    pg_topup_limit_trial,
    pg_topup_reason,
    pg_topup_resolve,
    pg_topup_reveal,
)
