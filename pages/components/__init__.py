"""What the pages are made of: frame, state, texts, colours, forms and charts."""
