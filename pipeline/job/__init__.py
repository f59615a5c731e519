"""The preprocessing run, behind one door."""
