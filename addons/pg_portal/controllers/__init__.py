from . import (
    images,
    order,
    portal,
    portal_login,
    portal_my,
    sell,
    storefront,
    widget,
    widget_api,
)
