"""The Fabric page, on the server: the drawing, who is on each wire when, and what that costs."""
