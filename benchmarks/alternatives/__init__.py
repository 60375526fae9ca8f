"""What a user would write instead, each script for an environment of its own."""
