"""What the sweep pages share: their layout, their slices of work, their address and their files."""
