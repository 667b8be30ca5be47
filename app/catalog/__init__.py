"""The Catalog page, on the server: tables, items, the roofline, and a session's own items."""
