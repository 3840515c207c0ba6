"""What is deployed, held against the git repository that it came from: commit, lint, migrations and schema."""
