"""Ways of training that learn action units themselves."""
