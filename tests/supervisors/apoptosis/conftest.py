"""No test here may leave a complaint of the loop behind."""

from tests.actors.conftest import the_loop_has_no_complaints

__all__ = ["the_loop_has_no_complaints"]
