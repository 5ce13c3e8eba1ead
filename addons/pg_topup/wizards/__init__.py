from . import pg_topup_decide, pg_topup_resolve, pg_topup_reveal
