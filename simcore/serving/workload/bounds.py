"""How much a workload may ask for; what describes one may come from anywhere."""

MOST_TOKENS = 10_000_000
"""Of one prompt's part, or of one answer; what a law draws beyond it is it."""
MOST_GROUPS = 100_000
MOST_SHARED = 200_000
"""Contents that requests share, of all clients together: each is kept in memory."""
MOST_CLIENTS = 64
MOST_REQUESTS = 1_000_000_000
MOST_TURNS = 1000
MOST_CALLS = 100
MOST_PASSAGES = 100
