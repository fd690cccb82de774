"""Configs of users: read, completed from options, and checked before anything is built."""
