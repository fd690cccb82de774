"""Pages and tables of the published cells."""
