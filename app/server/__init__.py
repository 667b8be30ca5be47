"""Serving: who may ask for what, how long they may take, and the processes that answer."""
