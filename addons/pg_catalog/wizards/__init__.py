from . import pg_offer_add
