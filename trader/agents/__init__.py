"""The desk's agents, each made from one prompt file, and the rules they follow while they have no model."""
