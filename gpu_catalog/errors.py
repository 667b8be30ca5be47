"""What the catalog refuses."""


class CatalogError(ValueError):
    """A name the catalog does not have, or an entry it cannot read."""
