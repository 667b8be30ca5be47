"""The cost models, one file each."""
