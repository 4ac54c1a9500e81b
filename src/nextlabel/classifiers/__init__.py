"""Trained classifiers as things to take away: from a sample as it lies there to its class, in one file.

    classifier = load_classifier("flowers.safetensors")
    classifier.classes                        # ("daisy", "rose", …)
    classifier.input                          # how samples become features (m, d): a `PictureInput` or a `TableInput`
    classifier.probabilities(features)        # (m, C)

`nextlabel.train` makes one, `nextlabel.predict` and `nextlabel.evaluate` use it.
"""

from nextlabel.classifiers.base import Calibration, Classifier
from nextlabel.classifiers.file import load_classifier, save_classifier

__all__ = ["Calibration", "Classifier", "load_classifier", "save_classifier"]
