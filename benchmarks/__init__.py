"""Measurements that can be repeated: one module and one make target each."""
