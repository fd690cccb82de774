"""What is no test: programs that tests start."""

collect_ignore = ['hostile_child.py']
