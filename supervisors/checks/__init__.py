"""What can be known about a tree before it starts, one question a module; :mod:`supervisors.validate` asks them all."""
