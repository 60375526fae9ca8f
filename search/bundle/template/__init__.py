"""Files that are copied into each bundle as they are."""
