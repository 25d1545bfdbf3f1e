"""The reverse schedule that walks back from the outputs."""
