"""The panels of ``--help``, in its order."""

DATA = "Data"
COMPARED = "What is compared"
LABELS = "Labels"
LOOP = "The loop"
CHOSEN = "What is chosen"
DOOR = "Who may come in"
COMPUTED = "How it is computed"
OUTPUT = "Output"

PANELS = (DATA, COMPARED, LABELS, LOOP, CHOSEN, DOOR, COMPUTED, OUTPUT)
