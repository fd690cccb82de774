"""Pictures of searches: cells, trajectories, and the report page."""
