"""One page a module; `app.registry` states what a page is."""
