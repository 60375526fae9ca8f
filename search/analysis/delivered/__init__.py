"""The delivered network of a study, ready to forecast and to be explained."""
