"""The stand-alone script of a bundle for any task but the forecast of one series.

These files lie beside each other in the bundle, ``search/bundle/template/predict.py``
among them under the name ``one_series.py``.
"""
