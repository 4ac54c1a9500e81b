"""Which settings an ONNX model has, and what each takes: pydantic checks them, and errors say it in these words."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from nextlabel.knobs.kinds import as_device
from nextlabel.knobs.names import DEVICE_NAMES

MOST_PIXELS_A_SIDE = 4096  # pixels a side
UNSET: Any = None  # a default that no setting may have, for what nobody says: it is left out of what is checked


def _repeat(value: Any) -> Any:
    """One number for each of red, green and blue."""
    return value if isinstance(value, list | tuple) else (value,) * 3


# Strict, or True would pass for 1 and "224" for 224.
Side = Annotated[int, Field(strict=True, ge=1, le=MOST_PIXELS_A_SIDE)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]


class OnnxSettings(BaseModel):
    """Every setting that there is; its description is what an error says that it takes."""

    model_config = ConfigDict(extra="forbid")

    size: Side = Field(UNSET, description=f"a whole number from 1 to {MOST_PIXELS_A_SIDE}, the side of a square")
    mean: Annotated[tuple[Number, Number, Number], BeforeValidator(_repeat)] = Field(
        UNSET, description="one number, or three for red, green and blue"
    )
    std: Annotated[tuple[Positive, Positive, Positive], BeforeValidator(_repeat)] = Field(
        UNSET, description="one number above 0, or three for red, green and blue"
    )
    scale: Positive = Field(UNSET, description="a number above 0, which pixels (0 to 255) are multiplied by")
    output: Annotated[str, Field(strict=True)] = Field(
        UNSET, description="the name of one of the model's tensors, or 'penultimate'"
    )
    pool: Literal["class", "mean"] = Field(UNSET, description="'class' or 'mean'")
    device: Annotated[str, Field(strict=True), AfterValidator(as_device)] = Field(
        UNSET, description=f"where it is computed: {', '.join(map(repr, DEVICE_NAMES))}"
    )
