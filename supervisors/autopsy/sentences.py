"""Autopsies in words: a headline for each death, then what is known of it, then the death that led to it.

One fact a sentence; what is not known is not mentioned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from actors.places.whereabouts import Whereabouts
from supervisors.events import Decision, Scope, counted, seconds
from supervisors.promotion.ladder import Rung
from supervisors.rules import Rule, Ruling

from .kinds import How, Kind

if TYPE_CHECKING:
    from .record import Autopsy, Raised

RELATIONS = {"cause": "Its cause was", "context": "It came up while handling", "member": "It holds"}
"""How an exception of a chain belongs to the one before it."""

PROCESS_DIED = "ProcessDied"
"""The exception that stands for the end of a process; its text says how that was, and came up nowhere."""

A_THREAD = Whereabouts("thread").describe()
"""Where lives are that have no process to end: the text says it all."""

EXPECTING = frozenset({Decision.RESTART, Decision.WAIT})
"""Decisions after which a successor is to be expected."""


def paragraphs(autopsy: Autopsy) -> Iterator[list[str]]:
    """The sentences about each death of the chain, the one that was asked about first; the first is its headline."""
    each: Autopsy | None = autopsy
    lead = ""
    while each is not None:
        yield [f"{lead}{headline(each)}", *details(each)]
        because = each.because
        each, lead = (because.death, "Because ") if because is not None else (None, "")


def headline(autopsy: Autopsy) -> str:
    """What happened to whom, in one sentence."""
    match autopsy.kind:
        case Kind.NOT_STARTED:
            return _not_started(autopsy)
        case Kind.STOPPED:
            return _stopped(autopsy)
        case Kind.ORPHANED:
            return f"{autopsy.path} lost its supervisor {_above(autopsy)} and ended {_life(autopsy)}: {autopsy.reason}."
        case Kind.REPLACED:
            heir = f" by life {autopsy.successor.life}" if autopsy.successor is not None else ""
            cause = autopsy.reason.removeprefix("apoptosis(").removesuffix(")")
            return f"{autopsy.path} was replaced{heir} {_life(autopsy)}: {cause}."
        case Kind.KEPT:
            return f"{autopsy.path} could not be replaced; its successor {_life(autopsy)} failed: {autopsy.reason}."
        case Kind.HOST_DOWN:
            return f"{autopsy.path} could not be reached any more: {autopsy.reason}."
    return _died(autopsy)


def _died(autopsy: Autopsy) -> str:
    path, life, because = autopsy.path, _life(autopsy), autopsy.because
    if autopsy.reason == "killed":
        by = f" by {because.path}" if because is not None and because.how is How.SIGNALLED else ""
        doing = _doing(autopsy)
        return f"{path} was killed{by}{f' while{doing}' if doing else ''} {life}."
    if because is not None and because.how is How.GAVE_UP:
        return f"{path} gave up on {because.path} and ended {life}: {autopsy.reason}."
    if because is not None and because.how is How.SIGNIFICANT:
        return f"{path} shut down because its significant child {because.path} had ended {life}: {autopsy.reason}."
    if because is not None and because.how is How.LINKED:
        return f"{path} died{_doing(autopsy)} with {because.path}, to which it was linked {life}: {autopsy.reason}."
    if because is not None and because.how is How.SIGNALLED:
        return f"{path} died{_doing(autopsy)} of an exit signal from {because.path} {life}: {autopsy.reason}."
    if because is not None and because.how is How.HOST:
        return f"{path} died{_doing(autopsy)} with {because.path}, on which it was {life}: {autopsy.reason}."
    if autopsy.is_clean:
        by_itself = "" if autopsy.kind is Kind.ENDED else " by itself"
        return f"{path} ended{by_itself} {life}: {autopsy.reason}."
    return f"{path} died{_doing(autopsy)} {life}: {_what(autopsy)}."


def _not_started(autopsy: Autopsy) -> str:
    because = autopsy.because
    if because is not None and because.how is How.START:
        return f"{autopsy.path} did not start {_life(autopsy)}, because its child {because.path} did not."
    return f"{autopsy.path} did not start {_life(autopsy)}: {_what(autopsy)}."


def _stopped(autopsy: Autopsy) -> str:
    path, life, reason = autopsy.path, _life(autopsy), autopsy.reason
    how = _stopped_with(autopsy)
    grace = autopsy.ruling.grace if autopsy.ruling is not None else None
    if reason == "killed" and autopsy.expected:
        return f"{path} was killed {how}, as its shutdown says {life}."
    if reason == "killed" and grace is not None and autopsy.took is not None and autopsy.took >= grace:
        late = f"was not done after its {seconds(grace)} and was killed{_doing(autopsy)}"
        return f"{path} was to stop {how}, {late} {life}."
    if autopsy.expected:
        return f"{path} was stopped {how} {life}: {reason}."
    if autopsy.raised:
        return f"{path} was to stop {how} and died{_doing(autopsy)} {life}: {_what(autopsy)}."
    return f"{path} was to stop {how} and ended otherwise{_doing(autopsy)} {life}: {reason}."


def _stopped_with(autopsy: Autopsy) -> str:
    ruling = autopsy.ruling
    if ruling is None or ruling.rule is Rule.ENDING:
        return f"with its supervisor {_above(autopsy)}"
    if ruling.rule is Rule.GROUP:
        return f"because of {_above(autopsy)}/{ruling.culprit}"
    return "by a call"


def details(autopsy: Autopsy) -> list[str]:
    """What else is known of one death, a sentence each."""
    said = [sentence for raised in autopsy.raised if (sentence := _raised(raised))]
    if autopsy.quarantined is not None:
        said.append(f"{autopsy.message} had ended {counted(autopsy.quarantined, 'life', 'lives')} and was quarantined.")
    if autopsy.abandoned is not None:
        said.append(f"{autopsy.abandoned} swallowed its cancellation and was abandoned.")
    said += _served(autopsy)
    if autopsy.evidence:
        said.append(f"Evidence against it, the last: {'; '.join(autopsy.evidence)}.")
    rule = rule_of(autopsy)
    if rule:
        said.append(rule)
    if autopsy.ended is not None:
        said.append(f"The old life did not end as it should: {autopsy.ended}.")
    after = _successor(autopsy)
    if after:
        said.append(after)
    return said


def _raised(raised: Raised) -> str:
    called = f", called at {raised.via}" if raised.via is not None and raised.via != raised.where else ""
    if raised.relation not in RELATIONS:
        return f"Raised at {raised.where}{called}." if raised.where is not None else ""
    at = f", raised at {raised.where}{called}" if raised.where is not None else ""
    return f"{RELATIONS[raised.relation]} {_exception(raised)}{at}."


def _served(autopsy: Autopsy) -> list[str]:
    where = f", in {autopsy.where}" if autopsy.where is not None else ""
    if autopsy.vitals is not None:
        return [f"Its vitals{where}: {autopsy.vitals.describe()}."]
    if autopsy.lived is None:
        return [f"It was to live{where.removeprefix(',')}."] if where else []
    handled = f" and handled {counted(autopsy.handled, 'message', 'messages')}" if autopsy.handled else ""
    waited = f"; {autopsy.mailbox:,} waited" if autopsy.mailbox else ""
    return [f"It had served {seconds(autopsy.lived)}{handled}{where}{waited}."]


def rule_of(autopsy: Autopsy) -> str:
    """The decision about a death and the rule that made it, in one sentence; empty where nothing was decided."""
    ruling = autopsy.ruling
    if autopsy.kind is Kind.KEPT:
        return f"Life {autopsy.life - 1} serves on."
    if ruling is None:
        return ""
    match ruling.rule:
        case Rule.BUDGET:
            return _given_up(ruling) if autopsy.decision is Decision.GIVE_UP else _restarted(ruling)
        case Rule.NO_RESTART:
            ended = "" if ruling.restart == "temporary" else " and ended cleanly"
            lot = "was removed" if autopsy.decision is Decision.REMOVE else "was left as it is"
            return f"It is {ruling.restart}{ended}, so it {lot}."
        case Rule.SIGNIFICANT:
            return "It is significant, so its supervisor shut down."
        case Rule.QUEUED:
            return "Its supervisor was in the midst of another repair and decided when that was over."
        case Rule.STOPPING:
            why = f"because of {_above(autopsy)}/{ruling.culprit}" if ruling.culprit else "with its supervisor"
            return f"It was about to be stopped {why} anyway, so nothing was counted."
        case Rule.BOOT:
            return "Its supervisor was still starting, and a child that does not start ends that."
        case Rule.BY_HAND:
            lot = "removed again" if autopsy.decision is Decision.REMOVE else "left as it is"
            return f"Its start was asked for by a call, so it was not tried again but {lot}."
        case Rule.GROUP:
            return f"By {ruling.strategy} it is stopped and started with {_above(autopsy)}/{ruling.culprit}."
    return ""


def _restarted(ruling: Ruling) -> str:
    wait = f" after a wait of {seconds(ruling.delay)} (failure {ruling.failures} in a row)" if ruling.delay > 0 else ""
    group = "" if ruling.strategy == "one_for_one" else f" with its group ({ruling.strategy})"
    return f"It is {ruling.restart} and was restarted{group}{_where(ruling)}{wait}: {_budget(ruling)}."


def _where(ruling: Ruling) -> str:
    place = next((rung.phrase for rung in Rung if rung == ruling.place), None)
    if place is None:
        return ""
    if ruling.evidence is None:
        return f" {place} again, as it did not start further out"
    return f" {place}, by {counted(ruling.pieces or 1, 'piece', 'pieces')} of evidence, the last one {ruling.evidence}"


def _given_up(ruling: Ruling) -> str:
    return f"Its supervisor gave up: {_budget(ruling)}."


def _budget(ruling: Ruling) -> str:
    number, limit, within = ruling.number or 0, ruling.limit or 0, seconds(ruling.within or 0.0)
    alone = {
        Scope.PACE.value: " for one child alone, its repairs not counted as time",
        Scope.CHILD.value: " by its own budget",
    }.get(ruling.scope or "", "")
    if number > limit:
        allowed = {0: "none is", 1: "1 is"}.get(limit, f"{limit:,} are")
        return f"that would have been the {ordinal(number)} restart within {within}, {allowed} allowed{alone}"
    return f"the {ordinal(number)} of {counted(limit, 'restart', 'restarts')} allowed within {within}{alone}"


def _successor(autopsy: Autopsy) -> str:
    heir = autopsy.successor
    if heir is None:
        waits = autopsy.decision in EXPECTING or autopsy.kind is Kind.ORPHANED
        return "No life has served since." if waits else ""
    if autopsy.kind is Kind.REPLACED:
        when = f"had been started {seconds(heir.after)} before" if heir.after > 0 else "had just been started"
        return f"Life {heir.life} {when}."
    failed = heir.life - autopsy.life - 1
    tries = f", after {counted(failed, 'attempt', 'attempts')} that failed" if failed > 0 else ""
    when = f"{seconds(heir.after)} later" if heir.after > 0 else "at once"
    return f"Life {heir.life} served {when}{tries}."


def _what(autopsy: Autopsy) -> str:
    if autopsy.raised:
        first = autopsy.raised[0]
        if first.type != PROCESS_DIED:
            return _exception(first)
        return _line(first.text) if autopsy.where == A_THREAD else f"its process ended, {_line(first.text)}"
    return "it was killed" if autopsy.reason == "killed" else autopsy.reason


def _exception(raised: Raised) -> str:
    return f"{raised.type}: {_line(raised.text)}" if raised.text else raised.type


def _doing(autopsy: Autopsy) -> str:
    message = f" handling {autopsy.message}" if autopsy.message is not None else ""
    return f"{message} in {autopsy.handler}" if autopsy.handler is not None else message


def _life(autopsy: Autopsy) -> str:
    return f"(life {autopsy.life})"


def _above(autopsy: Autopsy) -> str:
    return autopsy.path.rpartition("/")[0]


def _line(text: str) -> str:
    return " ".join(text.split())


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``11th``."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
