"""Where the worker's process begins: a page waits for its first batch, so nothing is loaded that nobody asked for."""

from nextlabel.engines.imports import without

with without("torch", "skorch", "pandas"):  # a network that is asked for loads torch by itself
    from nextlabel.labelling.worker import main

if __name__ == "__main__":
    main()
