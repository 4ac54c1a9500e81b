"""Files: whole under their names or not there at all, arrays that are looked at, things that can be computed again."""
