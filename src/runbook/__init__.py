"""An operations runbook as checks that run. The engine: it returns values and never asserts."""
