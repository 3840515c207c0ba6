"""The parts of the system started and stopped by the team's own commands, and what they leave behind."""
