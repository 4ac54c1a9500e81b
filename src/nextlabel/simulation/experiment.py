"""What `simulate` plays. The page itself lies at the root, where reading it loads no model and no strategy."""

from nextlabel.experiment import Crew, Experiment

__all__ = ["Crew", "Experiment"]
