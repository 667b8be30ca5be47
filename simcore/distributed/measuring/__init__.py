"""Real networks: measured, fitted, and compared with what is simulated of them."""
