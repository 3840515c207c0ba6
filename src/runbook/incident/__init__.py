"""Incidents, from the first violated check to the report: each a folder with a sheet, a timeline and evidence."""
