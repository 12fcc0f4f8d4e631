"""What a system can run on."""
