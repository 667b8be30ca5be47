"""The Gantt page, on the server: what it is told for each thing that its browser asks."""
