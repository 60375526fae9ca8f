"""The web pages: thin scripts that gather input, call `search` and show the answer."""
