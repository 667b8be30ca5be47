"""From measurements to constants, and from constants to predictions of measurements."""
