"""What goes between processes and hosts: values as bytes, and links that carry them."""
