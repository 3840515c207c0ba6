"""What a run leaves behind: its record, its verdict and nothing secret."""
