"""The gate: what a profile requires is run, its record is judged, and only what is proved opens anything."""
