from . import pg_offer_add, pg_offer_bulk, pg_offer_preferences, pg_price_explain, pg_seller_start
