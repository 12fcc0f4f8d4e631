"""Which method handles which message: read from annotations when the class is defined."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Optional, TypeVar, Union

import pytest

from actors import SHUTDOWN, Actor, ActorError, Down, Exit, HandlerError, Ref, Unhandled, handle
from actors.handlers import routes_of
from actors.messages import Impulse
from actors.testing import World, world
from tests.actors.kit import fails, letters

T = TypeVar("T")


class Animal: ...


class Dog(Animal): ...


class Puppy(Dog): ...


class Cat(Animal): ...


class Stone: ...


def routed(cls: type[Actor]) -> dict[str, str]:
    """The routes of a class without those that every actor has: the message's type to the method's name."""
    table = routes_of(cls).table
    return {kind.__name__: function.__name__ for kind, function in table.items() if kind not in (Down, Exit, Impulse)}


async def reply(w: World, cls: Any, message: object, *args: Any) -> Any:
    return await (await w.spawn(cls, *args)).ask(message)


# -- what an annotation routes ----------------------------------------------------------------------------------------


class ByType(Actor):
    @handle
    def dog(self, message: Dog) -> str:
        return f"dog {type(message).__name__}"

    @handle
    def animal(self, message: Animal) -> str:
        return f"animal {type(message).__name__}"


@pytest.mark.parametrize(
    ("message", "answer"),
    [(Dog(), "dog Dog"), (Animal(), "animal Animal"), (Puppy(), "dog Puppy"), (Cat(), "animal Cat")],
    ids=["exact", "exact base", "nearest base wins", "any base"],
)
@world()
async def test_a_message_goes_to_the_handler_of_its_nearest_type(w: World, message: object, answer: str) -> None:
    assert await reply(w, ByType, message) == answer


@world()
async def test_a_subclass_is_routed_the_same_the_second_time(w: World) -> None:
    ref = await w.spawn(ByType)

    assert [await ref.ask(Puppy()), await ref.ask(Puppy())] == ["dog Puppy", "dog Puppy"]


@world()
async def test_a_message_of_no_routed_type_is_unhandled(w: World) -> None:
    error = await fails(reply(w, ByType, Stone()), Unhandled)

    assert str(error) == "ByType-1#1 has no handler for Stone"


class ByUnion(Actor):
    @handle
    def bar(self, message: Dog | Cat) -> str:
        return f"bar {type(message).__name__}"

    @handle
    def union(self, message: Union[Stone, int]) -> str:  # noqa: UP007
        return f"union {type(message).__name__}"

    @handle
    def optional(self, message: Optional[str]) -> str:  # noqa: UP045
        return f"optional {type(message).__name__}"


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (Dog(), "bar Dog"),
        (Cat(), "bar Cat"),
        (Stone(), "union Stone"),
        (3, "union int"),
        ("x", "optional str"),
        (None, "optional NoneType"),
    ],
    ids=["bar first", "bar second", "Union first", "Union second", "Optional", "None of an Optional"],
)
@world()
async def test_a_union_routes_each_of_its_types(w: World, message: object, answer: str) -> None:
    assert await reply(w, ByUnion, message) == answer


class Anything(Actor):
    @handle
    def dog(self, message: Dog) -> str:
        return "dog"

    @handle
    def rest(self, message: object) -> str:
        return f"rest {type(message).__name__}"


class AnyThing(Actor):
    @handle
    def rest(self, message: Any) -> str:
        return f"rest {type(message).__name__}"


@pytest.mark.parametrize(
    ("cls", "message", "answer"),
    [
        (Anything, Dog(), "dog"),
        (Anything, Stone(), "rest Stone"),
        (Anything, None, "rest NoneType"),
        (AnyThing, Dog(), "rest Dog"),
    ],
    ids=["a type before object", "object", "object takes None", "Any is object"],
)
@world()
async def test_object_catches_what_nobody_else_takes(w: World, cls: type[Actor], message: object, answer: str) -> None:
    assert await reply(w, cls, message) == answer


@dataclass
class Box(Generic[T]):
    value: T


class Decorated(Actor):
    @handle
    def box(self, message: Box[int]) -> str:
        return f"box {message.value}"

    @handle
    def number(self, message: Annotated[float, "seconds"]) -> str:
        return f"number {message}"

    @handle
    def items(self, message: list[int]) -> str:
        return f"list {message}"

    @handle
    def quoted(self, message: Dog | None, times: int = 2) -> str:
        return f"{type(message).__name__} {times}"


@pytest.mark.parametrize(
    ("message", "answer"),
    [(Box(3), "box 3"), (1.5, "number 1.5"), ([1], "list [1]"), (Dog(), "Dog 2")],
    ids=[
        "a generic class by its origin",
        "Annotated by its type",
        "a builtin generic",
        "further parameters with defaults",
    ],
)
@world()
async def test_an_annotation_is_reduced_to_classes(w: World, message: object, answer: str) -> None:
    assert await reply(w, Decorated, message) == answer


# -- names that do not exist yet, or only here ------------------------------------------------------------------------


class Early(Actor):
    @handle
    def late(self, message: Late) -> str:
        return "late"


class Late: ...


@world()
async def test_an_annotation_may_refer_to_a_class_that_is_defined_later(w: World) -> None:
    assert await reply(w, Early, Late()) == "late"


def test_an_annotation_that_never_comes_to_exist_fails_the_spawn_with_its_name() -> None:
    class Never(Actor):
        @handle
        def never(self, message: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(HandlerError, match="the annotation of a handler refers to 'Missing', which does not exist"):
        routes_of(Never)


@world()
async def test_a_class_inside_a_function_may_refer_to_messages_of_that_function(w: World) -> None:
    class Local: ...

    class Inner(Actor):
        @handle
        def local(self, message: Local) -> str:
            return "local"

    assert await reply(w, Inner, Local()) == "local"


def test_a_message_class_nested_in_its_actor_is_named_with_the_actor() -> None:
    class Outer(Actor):
        class Ping: ...

        @handle
        def ping(self, message: Outer.Ping) -> None: ...

    assert routed(Outer) == {"Ping": "ping"}


# -- inheritance -------------------------------------------------------------------------------------------------------


class Base(Actor):
    @handle
    def dog(self, message: Dog) -> str:
        return "base dog"

    @handle
    def cat(self, message: Cat) -> str:
        return "base cat"


class Overriding(Base):
    def dog(self, message: Dog) -> str:
        return "overridden dog"


class Rerouting(Base):
    @handle
    def dog(self, message: Stone) -> str:  # type: ignore[override]
        return "stone"


class Unannotated(Base):
    def dog(self, message):  # type: ignore[no-untyped-def]
        return "unannotated dog"


@pytest.mark.parametrize(
    ("cls", "message", "answer"),
    [
        (Overriding, Dog(), "overridden dog"),
        (Overriding, Cat(), "base cat"),
        (Rerouting, Stone(), "stone"),
        (Unannotated, Dog(), "unannotated dog"),
    ],
    ids=["overridden", "inherited", "marked anew with another type", "overridden without an annotation"],
)
@world()
async def test_a_subclass_has_the_handlers_of_its_bases(
    w: World, cls: type[Actor], message: object, answer: str
) -> None:
    assert await reply(w, cls, message) == answer


def test_a_handler_that_is_marked_anew_with_another_type_gives_up_the_old_one() -> None:
    assert routed(Rerouting) == {"Stone": "dog", "Cat": "cat"}


class Barks:
    @handle
    def bark(self, message: Dog) -> str:
        return f"{type(self).__name__} barks"


class Kennel(Barks, Actor): ...


class Holds(Generic[T]):
    @handle
    def hold(self, message: Stone) -> str:
        return "held"


class Shelf(Holds[int], Actor): ...


class Crate(Actor, Generic[T]):
    @handle
    def cat(self, message: Cat) -> str:
        return "cat"


class IntCrate(Crate[int]): ...


@pytest.mark.parametrize(
    ("cls", "message", "answer"),
    [
        (Kennel, Dog(), "Kennel barks"),
        (Shelf, Stone(), "held"),
        (Crate, Cat(), "cat"),
        (IntCrate, Cat(), "cat"),
    ],
    ids=["a plain mixin", "a generic mixin", "a generic actor", "a generic actor bound"],
)
@world()
async def test_a_mixin_brings_its_handlers(w: World, cls: type[Actor], message: object, answer: str) -> None:
    assert await reply(w, cls, message) == answer


# -- what is run -------------------------------------------------------------------------------------------------------


class Greeter(Actor):
    def __init__(self, greeting: str, *, mark: str = "!") -> None:
        self.greeting = greeting
        self.mark = mark

    @handle
    def greet(self, name: str) -> str:
        return f"{self.greeting}, {name}{self.mark}"


@pytest.mark.parametrize(
    ("cls", "args", "answer"),
    [
        (Greeter, ("Hello",), "Hello, Ada!"),
        (functools.partial(Greeter, mark="."), ("Hello",), "Hello, Ada."),
        (functools.partial(Greeter, "Moin"), (), "Moin, Ada!"),
        (functools.partial(functools.partial(Greeter, mark="?"), mark="."), ("Hello",), "Hello, Ada."),
    ],
    ids=["a class", "a partial with a keyword", "a partial with an argument", "a partial of a partial"],
)
@world()
async def test_an_actor_is_made_of(w: World, cls: Any, args: tuple[str, ...], answer: str) -> None:
    assert await reply(w, cls, "Ada", *args) == answer


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (lambda: None, "an Actor class is needed, or a functools.partial of one; got <function"),
        (dict, "dict is not an Actor; inherit from actors.Actor"),
        (functools.partial(dict), "dict is not an Actor; inherit from actors.Actor"),
        ("Greeter", "an Actor class is needed, or a functools.partial of one; got 'Greeter'"),
    ],
    ids=["a function", "another class", "a partial of another class", "a string"],
)
@world()
async def test_an_actor_cannot_be_made_of(w: World, target: Any, message: str) -> None:
    error = await fails(w.spawn(target), TypeError)

    assert message in str(error)


class Ways(Actor):
    @handle
    def plain(self, message: Dog) -> str:
        return "def"

    @handle
    async def coroutine(self, message: Cat) -> str:
        return "async def"

    async def later(self) -> str:
        return "a def that returned a coroutine"

    @handle
    def returns_coroutine(self, message: Stone) -> Any:
        return self.later()


class OnlyReturnsCoroutine(Actor):
    async def later(self, text: str) -> str:
        return text

    @handle
    def returns_coroutine(self, message: Stone) -> Any:
        return self.later("awaited")


@pytest.mark.parametrize(
    ("message", "answer"),
    [(Dog(), "def"), (Cat(), "async def"), (Stone(), "a def that returned a coroutine")],
    ids=["def", "async def", "def returning a coroutine"],
)
@world()
async def test_a_handler_may_be(w: World, message: object, answer: str) -> None:
    assert await reply(w, Ways, message) == answer


@world()
async def test_a_coroutine_returned_by_a_class_without_async_handlers_is_awaited_every_time(w: World) -> None:
    ref = await w.spawn(OnlyReturnsCoroutine)

    assert [await ref.ask(Stone()), await ref.ask(Stone())] == ["awaited", "awaited"]


@world()
async def test_what_a_handler_returns_is_answered_as_it_is_if_it_is_not_a_coroutine(w: World) -> None:
    class Returns(Actor):
        @handle
        def anything(self, message: list[Any]) -> Any:
            return message

    mine = [1, 2]

    assert await reply(w, Returns, mine) is mine


# -- receive and unhandled ---------------------------------------------------------------------------------------------


class Receives(Actor):
    def receive(self, message: Any) -> str:
        return f"received {type(message).__name__}"

    @handle
    def dog(self, message: Dog) -> str:
        return "never"


@pytest.mark.parametrize("message", [Dog(), None, 3, "x"], ids=lambda message: type(message).__name__)
@world()
async def test_receive_overridden_takes_every_message(w: World, message: object) -> None:
    assert await reply(w, Receives, message) == f"received {type(message).__name__}"


@world()
async def test_receive_overridden_leaves_signals_to_their_hooks(w: World) -> None:
    log: list[str] = []

    class Receiving(Actor):
        trap_exits = True

        def receive(self, message: Any) -> None:
            log.append(f"received {message}")
            self.monitor(self.system.members("watched")[0])

        def down(self, signal: Down) -> None:
            log.append("down")

        def exited(self, signal: Exit) -> None:
            log.append("exited")

    class Watched(Actor):
        def started(self) -> None:
            self.join("watched")

    watched, ref = await w.spawn(Watched), await w.spawn(Receiving)
    await ref.ask("message")
    ref.exit(SHUTDOWN)
    await w.idle()
    watched.kill()
    await w.idle()

    assert log == ["received message", "exited", "down"]


class Curious(Actor):
    @handle
    def dog(self, message: Dog) -> str:
        return "dog"

    def unhandled(self, message: Any) -> str:
        return f"unhandled {type(message).__name__}"


@world()
async def test_unhandled_overridden_answers_what_has_no_handler(w: World) -> None:
    ref = await w.spawn(Curious)

    assert [await ref.ask(Dog()), await ref.ask(Stone())] == ["dog", "unhandled Stone"]


@world()
async def test_unhandled_may_be_a_coroutine_function(w: World) -> None:
    class Patient(Actor):
        async def unhandled(self, message: Any) -> str:
            return f"unhandled {type(message).__name__}"

    assert await reply(w, Patient, Stone()) == "unhandled Stone"


@world()
async def test_unhandled_overridden_leaves_no_dead_letter(w: World) -> None:
    ref = await w.spawn(Curious)
    ref.tell(Stone())
    await w.idle()

    assert letters(await w.system()) == []


@world()
async def test_an_unhandled_message_harms_nobody(w: World) -> None:
    ref = await w.spawn(ByType, name="zoo")
    ref.tell(Stone())

    assert await ref.ask(Dog()) == "dog Dog"
    assert letters(await w.system()) == ["zoo: Stone, unhandled"]


@world()
async def test_an_actor_without_any_handler_lives(w: World) -> None:
    class Mute(Actor): ...

    ref: Ref[Any] = await w.spawn(Mute)
    ref.tell(Stone())
    await w.idle()

    assert ref.is_alive


# -- what is refused ---------------------------------------------------------------------------------------------------


def define_unannotated() -> None:
    class Bad(Actor):
        @handle
        def go(self, message):  # type: ignore[no-untyped-def]
            ...


def define_without_message() -> None:
    class Bad(Actor):
        @handle
        def go(self) -> None: ...


def define_two_messages() -> None:
    class Bad(Actor):
        @handle
        def go(self, one: Dog, two: Cat) -> None: ...


def define_keyword_only() -> None:
    class Bad(Actor):
        @handle
        def go(self, *, message: Dog) -> None: ...


def define_two_of_a_type() -> None:
    class Bad(Actor):
        @handle
        def go(self, message: Dog) -> None: ...

        @handle
        def run(self, message: Dog | Cat) -> None: ...


def define_second_in_subclass() -> None:
    class Bad(Base):
        @handle
        def also_dog(self, message: Dog) -> None: ...


def define_with_a_value() -> None:
    class Bad(Actor):
        @handle
        def go(self, message: 3) -> None: ...  # type: ignore[valid-type]


def define_with_a_type_variable() -> None:
    class Bad(Actor):
        @handle
        def go(self, message: T) -> T:
            return message


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (define_unannotated, r"Bad\.go: annotate 'message' with the message class it handles"),
        (define_without_message, r"Bad\.go: a handler takes exactly one message besides self"),
        (define_two_messages, r"Bad\.go: a handler takes exactly one message besides self"),
        (define_keyword_only, r"Bad\.go: a handler takes exactly one message besides self"),
        (define_two_of_a_type, r"Bad\.run: Dog is handled by 'go' already; one type, one handler"),
        (define_second_in_subclass, r"Bad\.also_dog: Dog is handled by 'dog' already; one type, one handler"),
        (define_with_a_value, r"Bad\.go: cannot route on the annotation 3"),
        (define_with_a_type_variable, r"Bad\.go: cannot route on the annotation ~T"),
    ],
    ids=[
        "no annotation",
        "no message",
        "two messages",
        "a keyword-only message",
        "two handlers of one type",
        "a second handler in a subclass",
        "a value for an annotation",
        "a type variable",
    ],
)
def test_a_class_is_refused_when_it_is_defined_with(define: Any, message: str) -> None:
    with pytest.raises(HandlerError, match=message):
        define()


def test_a_handler_error_is_an_actor_error_and_a_type_error() -> None:
    assert issubclass(HandlerError, ActorError)
    assert issubclass(HandlerError, TypeError)


# -- what the routes know ----------------------------------------------------------------------------------------------


class Urgent(Actor):
    @handle(priority=True)
    def animal(self, message: Animal) -> None: ...

    @handle
    def cat(self, message: Cat) -> None: ...


@pytest.mark.parametrize(
    ("kind", "urgent"),
    [(Animal, True), (Dog, True), (Cat, False), (Stone, False)],
    ids=["its type", "a subclass", "a subclass with an ordinary handler of its own", "a stranger"],
)
def test_a_priority_handler_makes_urgent(kind: type, urgent: bool) -> None:
    assert routes_of(Urgent).is_urgent(kind) is urgent


def test_a_class_with_one_async_handler_needs_a_task() -> None:
    assert routes_of(Ways).needs_task


def test_a_class_without_async_methods_needs_no_task() -> None:
    assert not routes_of(ByType).needs_task


def test_a_class_with_an_async_hook_needs_a_task() -> None:
    class Closing(Actor):
        async def stopping(self, reason: object) -> None: ...

    assert routes_of(Closing).needs_task


def test_a_subclass_may_make_an_inherited_handler_async() -> None:
    class Async(Base):
        async def dog(self, message: Dog) -> str:  # type: ignore[override]
            return "async dog"

    assert routes_of(Async).needs_task
    assert not routes_of(Base).needs_task
