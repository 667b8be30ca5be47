"""The page that simulates a serving cluster, request by request."""
