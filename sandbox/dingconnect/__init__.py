"""DingConnect V1, one isolated distributor per api_key."""
