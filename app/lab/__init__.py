"""The page that simulates the shipped distributed algorithms."""
