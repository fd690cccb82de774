"""What the tools call; the same calls serve Python users. Importing this is free of torch."""
