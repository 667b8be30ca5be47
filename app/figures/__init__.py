"""Figures as pure functions of tables; nothing here knows the simulator."""
