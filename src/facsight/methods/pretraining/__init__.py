"""Papers that train a network before it is given labels."""
