"""PGecom's PG Pay (Haiti): orders by token, gourdes, unsigned webhooks."""
