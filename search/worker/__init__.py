"""Training. The only folder that imports TensorFlow and Keras."""
