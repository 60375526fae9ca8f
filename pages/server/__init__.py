"""The web server besides the pages: who may reach it, and its other routes."""
