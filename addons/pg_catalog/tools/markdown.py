"""Texts of suppliers → HTML that is safe to show, and to plain text.

Suppliers write a little Markdown: paragraphs, lists, headings, bold, italic, links. Everything is
escaped first, then only these few are turned into tags; whatever else they write is shown as is.
"""

import re

from markupsafe import Markup, escape
from odoo.tools.mail import html_sanitize

MAX_LENGTH = 20000
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|(\d{1,3})[.)])\s+(.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\((https://[^\s()<>]{1,500})\)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1")
_ITALIC = re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?![\w*_])")


def to_html(text):
    """Return Markdown as sanitised HTML (Markup), empty for none."""
    if not (text or "").strip():
        return Markup("")
    blocks = re.split(r"\n\s*\n", text[:MAX_LENGTH].replace("\r", "").strip())
    html = "".join(part for block in blocks for part in _block(block))
    return html_sanitize(html, sanitize_attributes=True, strip_style=True, strip_classes=True)


def to_text(text):
    """Return Markdown without its marks, for a line of plain text."""
    plain = _LINK.sub(r"\1", text or "")
    for pattern in (_BOLD, _ITALIC):
        plain = pattern.sub(r"\2", plain)
    return "\n".join(_HEADING.sub(r"\1", line) for line in plain.splitlines()).strip()


def _block(block):
    """Yield the HTML of what stands between two empty lines."""
    lines, items, tag = [], [], "ul"
    for line in block.split("\n"):
        found, heading = _LIST_ITEM.match(line), _HEADING.match(line)
        if found or heading:
            yield from _paragraph(lines)
            lines = []
        if found:
            tag = "ol" if found[1] else "ul"
            items.append(found[2])
            continue
        yield from _list(tag, items)
        items = []
        if heading:
            yield f"<h4>{_inline(heading[1])}</h4>"
        else:
            lines.append(line)
    yield from _paragraph(lines)
    yield from _list(tag, items)


def _paragraph(lines):
    if lines:
        yield f"<p>{'<br/>'.join(_inline(line.strip()) for line in lines)}</p>"


def _list(tag, items):
    if items:
        yield f"<{tag}>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</{tag}>"


def _inline(text):
    html = str(escape(text.strip()))
    html = _LINK.sub(r'<a href="\2" target="_blank" rel="noopener noreferrer">\1</a>', html)
    html = _BOLD.sub(r"<strong>\2</strong>", html)
    return _ITALIC.sub(r"<em>\2</em>", html)
