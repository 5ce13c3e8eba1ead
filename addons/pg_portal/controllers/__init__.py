from . import (
    assets,
    images,
    order,
    portal,
    portal_login,
    portal_my,
    portal_numbers,
    sell,
    storefront,
    widget,
    widget_api,
)
