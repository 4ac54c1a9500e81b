"""Any image model in an ONNX file as an embedder."""
