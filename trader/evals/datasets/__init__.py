"""Sets of dated cases in folders: made, checked, loaded, and decided by a desk."""
