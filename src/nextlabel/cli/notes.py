"""What a person is told of data, whatever they are read for."""

from nextlabel.datasets.base import Dataset


def data_notes(dataset: Dataset) -> list[str]:
    """What somebody should know of the data before they trust a figure."""
    notes = list(dataset.warnings)
    if dataset.skipped:
        first = dataset.skipped[0]
        notes.append(f"{len(dataset.skipped)} files were left out, among them '{first.path}': {first.reason}.")
    if dataset.duplicates:
        notes.append(f"{sum(map(len, dataset.duplicates))} samples share their bytes with another; all of them count.")
    return notes
