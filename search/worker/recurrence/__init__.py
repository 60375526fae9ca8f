"""Recurrent layers for compiled programs: the sums of Keras, in a better order."""
