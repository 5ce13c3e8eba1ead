from . import order, portal, storefront
