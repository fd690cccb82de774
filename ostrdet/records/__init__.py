"""Files that a search leaves in its work dir, and their readers."""
