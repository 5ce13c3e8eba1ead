"""How an alert is written for the chat programs of others: plain Python, no record."""

# Discord refuses longer ones.
DISCORD_LIMIT = 1900
SLACK_LIMIT = 3000


def slack(title, text, url):
    """Return the body of Slack's incoming webhook (Mattermost and Rocket.Chat take it, too)."""
    lines = [f"*{_slack_safe(title)}*", _slack_safe(text), f"<{url}|Open>" if url else ""]
    return {"text": "\n".join(line for line in lines if line)[:SLACK_LIMIT]}


def discord(title, text, url):
    """Return the body of Discord's webhook; nobody is mentioned whatever the text holds."""
    lines = [f"**{title}**", text, url or ""]
    content = "\n".join(line for line in lines if line)[:DISCORD_LIMIT]
    return {"content": content, "allowed_mentions": {"parse": []}}


def _slack_safe(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMATS = {"slack": slack, "discord": discord}
