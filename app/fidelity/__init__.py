"""The page that sets predictions beside measurements."""
