"""Studies: configs x overrides x seeds, run side by side and compared."""
