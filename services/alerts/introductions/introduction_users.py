"""Who reads tasks and acts on them."""

from dataclasses import dataclass

from services.alerts.cases.domain.actor import Actor
from services.alerts.introductions.repository.introductions import IntroductionScope
from services.alerts.rules.setup import CompanySetup
from shared.http.auth import Caller
from shared.http.staff_auth import Staff
from shared.permissions import ADMIN


@dataclass(frozen=True, kw_only=True)
class IntroductionUser:
    """A person or a key: whose tasks they see and act on, and by what name."""

    scope: IntroductionScope
    actor: Actor
    reads_reasons: bool
    """Whether they are told why answers opened no task: administrators and keys."""

    @classmethod
    def of_staff(cls, staff: Staff, setup: CompanySetup) -> "IntroductionUser":
        """A person who is signed in: the owner of tasks, the leader of their team, or an administrator."""
        led = [
            key
            for key, team in setup.teams.items()
            if team.leader == staff.id or (staff.role == "leader" and team.has(staff.id))
        ]
        admin = staff.role == ADMIN
        scope = IntroductionScope(
            staff.tenant, tuple(staff.segments), owner=staff.id, teams=tuple(sorted(led)), everybody=admin
        )
        return cls(scope=scope, actor=Actor(staff.id, staff.name), reads_reasons=admin)

    @classmethod
    def of(cls, caller: Caller, setup: CompanySetup) -> "IntroductionUser":
        """A person or a key; a key sees all of its company."""
        if caller.staff is not None:
            return cls.of_staff(caller.staff, setup)
        name = caller.key.name if caller.key is not None else ""
        scope = IntroductionScope(caller.tenant, everybody=True)
        return cls(scope=scope, actor=Actor(None, name), reads_reasons=True)
