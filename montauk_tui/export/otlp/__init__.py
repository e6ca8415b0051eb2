"""`montauk events --otlp`: exits and execs as log records of OpenTelemetry."""
