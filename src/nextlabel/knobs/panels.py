"""The panels of ``--help``, in its order."""

DATA = "Data"
COMPARED = "What is compared"
LABELS = "Labels"
LOOP = "The loop"
CHOSEN = "What is chosen"
COMPUTED = "How it is computed"
OUTPUT = "Output"

PANELS = (DATA, COMPARED, LABELS, LOOP, CHOSEN, COMPUTED, OUTPUT)
