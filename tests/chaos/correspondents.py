"""Who writes from and to cases: colleagues by the API, customers by SMTP and by the page of the receipt."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from uuid import UUID, uuid4

import aiosmtplib
import httpx
from chaos.arena import Arena
from chaos.breaking_mail import HOST, SUBJECT, ArrivedMail, BreakingMailServer
from chaos.corresponded import Objected, WrittenBack, WrittenFromCase
from chaos.customers import HIDDEN_FIELD_PATTERN
from chaos.load import address_of
from chaos.watch import SERVER_AWAY_ERRORS

from shared.link_tokens import LinkSigner

MAX_CASES = 30
MAILS_OF_A_CASE = 4
AUTOMATIC_SHARE = 0.3
WITHIN_S = 90.0
"""For one thing that is tried until it is done."""
TRY_AGAIN_S = 0.3
PAUSE_S = 3.0
"""Between two mails from a case, at most."""
SMTP_TIMEOUT_S = 5.0
FIND_CASES = "SELECT id, answer_id, customer_id FROM cases WHERE tenant = $1 ORDER BY id"
IS_CLOSED = "SELECT state = 'closed' FROM cases WHERE tenant = $1 AND id = $2"
CLOSING = {"act": "close", "cause": "other", "action": "Called.", "outcome": "recovered", "told": True}


@dataclass
class Correspondents:
    """Colleagues and customers of the company's cases, and the book of what was acknowledged to them.

    Of every other case the customer objects to each closing, and a program answers its mails; on the others
    the customer answers mails, which opens the case again.
    """

    arena: Arena
    server: BreakingMailServer
    key: dict[str, str]
    """The header of the colleagues' requests."""
    bounce_port: int
    written: list[WrittenFromCase] = field(default_factory=list)
    back: list[WrittenBack] = field(default_factory=list)
    objections: list[Objected] = field(default_factory=list)
    refused: int = 0
    """Requests and mails that were to be tried again."""
    _scripts: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)
    _answers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    """By the mail that is answered."""

    def __post_init__(self) -> None:
        self._signer = LinkSigner(self.arena.stack.state.secret)

    async def run(self) -> None:
        """Until cancelled: begin to work on each case that is opened, and to answer each mail that arrived."""
        while True:
            with suppress(*SERVER_AWAY_ERRORS):
                await self.look()
            await asyncio.sleep(TRY_AGAIN_S)

    async def look(self) -> None:
        """Begin what there is to do now."""
        async with self.arena.stack.connection("alerts") as database:
            found = await database.fetch(FIND_CASES, self.arena.tenant)
        for row in found:
            if row["id"] not in self._scripts and len(self._scripts) < MAX_CASES:
                objects = len(self._scripts) % 2 == 0
                to = address_of(self.arena.tenant, int(row["customer_id"].removeprefix("c-")))
                work = self._work_on(row["id"], row["answer_id"], to, objects=objects)
                self._scripts[row["id"]] = asyncio.create_task(work)
        cases = {one.id: one.case for one in self.written}
        for mail in list(self.server.arrived):
            if mail.id in cases and mail.id not in self._answers:
                self._answers[mail.id] = asyncio.create_task(self._answer(mail, UUID(cases[mail.id])))

    async def worked(self) -> None:
        """Return when what was begun is done.

        :raises Exception: what went wrong in it, once.
        """
        tasks = [*self._scripts.values(), *self._answers.values()]
        if not tasks:
            return
        await asyncio.wait(tasks)
        for error in {str(error): error for one in tasks if (error := one.exception()) is not None}.values():
            raise error

    def close(self) -> None:
        """End what is still tried."""
        for task in (*self._scripts.values(), *self._answers.values()):
            task.cancel()

    async def _work_on(self, case: UUID, answer: UUID, to: str, *, objects: bool) -> None:
        chance = self.arena.chance
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            for turn in range(MAILS_OF_A_CASE):
                await self._write(client, case, to)
                await asyncio.sleep(chance.uniform(0, PAUSE_S))
                if turn % 2:
                    await self._act(client, case, CLOSING, str(uuid4()))
                    if objects:
                        await self._object(client, case, answer)

    async def _write(self, client: httpx.AsyncClient, case: UUID, to: str) -> None:
        mail = str(uuid4())
        body = {"act": "reply", "id": mail, "subject": f"{SUBJECT} {mail}", "text": "We send a new one."}
        await self._act(client, case, body, f"reply {mail}")
        self.written.append(WrittenFromCase(mail, str(case), to))

    async def _act(self, client: httpx.AsyncClient, case: UUID, body: Mapping[str, object], key: str) -> None:
        """Ask for it twice, sometimes at once; 409: it is closed, which a lost response may have said."""
        url = f"{self.arena.stack.origin_of('alerts')}/v1/cases/{case}/actions"
        headers = {**self.key, "Idempotency-Key": key}
        fine = {httpx.codes.OK, httpx.codes.CONFLICT} if body["act"] == "close" else {httpx.codes.OK}

        async def post() -> httpx.Response:
            return await client.post(url, json=body, headers=headers)

        if self.arena.chance.random() < 0.5:
            await asyncio.gather(*(self._until(post, fine) for _ in range(2)))
        else:
            for _ in range(2):
                await self._until(post, fine)

    async def _until(
        self, ask: Callable[[], Awaitable[httpx.Response]], fine: Collection[int]
    ) -> httpx.Response:
        """Ask until the answer is one of these; a new key is known to the API a moment after it was made."""
        again = {httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                answer = await ask()
                if answer.status_code in fine:
                    return answer
                if answer.status_code not in again:
                    raise RuntimeError(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
            self.refused += 1
            await asyncio.sleep(TRY_AGAIN_S)
        raise TimeoutError("a request was never taken")

    async def _object(self, client: httpx.AsyncClient, case: UUID, answer: UUID) -> None:
        """Say twice that it is not solved, and wait until the case is open again."""
        url = f"{self.arena.stack.origin_of('collector')}/s/{self._signer.sign('answer', answer)}"
        known = {one.closing for one in self.objections if one.case == str(case)}
        end = time.monotonic() + WITHIN_S
        fields: dict[str, str] = {}
        while fields.get("closing", "") in {"", *known}:
            if time.monotonic() > end:
                raise TimeoutError("no page showed that a case is closed")
            await asyncio.sleep(TRY_AGAIN_S)
            page = await self._until(lambda: client.get(url), {httpx.codes.OK})
            fields = dict(HIDDEN_FIELD_PATTERN.findall(page.text))
        form = {"nonce": fields["nonce"], "closing": fields["closing"], "words": "It is not solved."}
        for _ in range(2):
            await self._until(lambda: client.post(f"{url}/not-solved", data=form), {httpx.codes.SEE_OTHER})
        self.objections.append(Objected(str(case), fields["closing"]))
        while await self._is_closed(case) and time.monotonic() < end:  # noqa: ASYNC110  (other processes open it)
            await asyncio.sleep(TRY_AGAIN_S)

    async def _is_closed(self, case: UUID) -> bool:
        with suppress(*SERVER_AWAY_ERRORS):
            async with self.arena.stack.connection("alerts") as database:
                return bool(await database.fetchval(IS_CLOSED, self.arena.tenant, case))
        return True

    async def _answer(self, mail: ArrivedMail, case: UUID) -> None:
        """Answer a mail, as a person or as a program does, twice by the same Message-ID."""
        objects = list(self._scripts).index(case) % 2 == 0
        automatic = objects or self.arena.chance.random() < AUTOMATIC_SHARE
        to = str(message_from_bytes(mail.content)["Reply-To"])
        text = f"I answer {mail.id}."
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Subject"] = mail.to, to, f"Re: {SUBJECT} {mail.id}"
        answer["Message-ID"] = f"<{mail.id}@customers.example.com>"
        if automatic:
            answer["Auto-Submitted"] = "auto-replied"
        answer.set_content(f"{text}\n")
        for _ in range(2):
            await self._deliver(mail.to, to, answer.as_bytes())
        self.back.append(WrittenBack(text, str(case), automatic))

    async def _deliver(self, sender: str, to: str, content: bytes) -> None:
        """Until it is taken; what is refused for good breaks the run."""
        end = time.monotonic() + WITHIN_S
        while time.monotonic() < end:
            try:
                async with aiosmtplib.SMTP(
                    hostname=HOST, port=self.bounce_port, timeout=SMTP_TIMEOUT_S
                ) as client:
                    await client.sendmail(sender, [to], content)
            except aiosmtplib.SMTPRecipientsRefused as error:
                if any(each.code >= 500 for each in error.recipients):
                    raise
            except (aiosmtplib.SMTPException, OSError):
                pass
            else:
                return
            self.refused += 1
            await asyncio.sleep(TRY_AGAIN_S)
        raise TimeoutError("a customer's mail was never taken")
