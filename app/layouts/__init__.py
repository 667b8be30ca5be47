"""What pages are made of, without what they do."""
