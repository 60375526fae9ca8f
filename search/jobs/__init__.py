"""The processes of a running study: starting them, watching them, ending them."""
