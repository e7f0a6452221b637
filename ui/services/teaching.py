"""Between the workspace and drafting: what is known of micrographs, who answers, at what price.

Used by the command and by the window's job. It must not know how either shows anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from slava.domain import Measurement, Micrograph, MicrographId, QAPair
from slava.errors import BadInput, BadSetting, SlavaError
from slava.packs import FOLDER, Pack, load_pack
from slava.settings import Settings
from store import Store
from store.drafts import JobStatus
from ui.services.checking import Checking, Flags

if TYPE_CHECKING:
    from collections.abc import Callable

    from slava.retrieval.index import Index
    from slava.teacher.batch import BatchJob
    from slava.teacher.checks import Embed
    from slava.teacher.client import OpenAITeacher, Teacher
    from slava.teacher.consent import Consent
    from slava.teacher.drafting import Check, DraftingJob
    from slava.teacher.ledger import JobId
    from slava.teacher.payload import Prepared
    from slava.teacher.plan import Plan
    from slava.teacher.prices import Price
    from slava.teacher.progress import Drafted
    from slava.teacher.subject import Subject
    from slava.teacher.terms import Terms


@dataclass(frozen=True, slots=True)
class TeacherChoice:
    """Who is asked."""

    url: str
    model: str
    honours_keys: bool = False
    """Whether the server is known to honour ``Idempotency-Key``."""

    @classmethod
    def of(cls, settings: Settings, url: str = "", model: str = "") -> TeacherChoice:
        """From what the user gave, then the environment.

        Raises
        ------
        BadSetting
            Naming everything that is missing.
        """
        chosen = cls(url or settings.teacher_url, model or settings.teacher_model)
        wrong = []
        if not chosen.url:
            wrong.append("no teacher: give --teacher URL or set SLAVA_TEACHER_URL")
        if not chosen.model:
            wrong.append("no model: give --model NAME or set SLAVA_TEACHER_MODEL")
        if wrong:
            raise BadSetting("; ".join(wrong) + ".")
        return chosen

    @property
    def host(self) -> str:
        """Host and port, as they are shown and logged."""
        from slava.vlm.endpoint_wire import checked_url

        url = checked_url(self.url)
        return url.host if url.port is None else f"{url.host}:{url.port}"

    @property
    def own_machine(self) -> bool:
        from slava.teacher.client import LOOPBACK
        from slava.vlm.endpoint_wire import checked_url

        return checked_url(self.url).host in LOOPBACK

    def price(self, store: Store) -> Price:
        """By the workspace's table, or the package's."""
        from slava.teacher.prices import load_prices

        return load_prices(store.workspace).of(self.model, own_machine=self.own_machine)

    def connect(self, settings: Settings, timeout_s: float = 120.0) -> OpenAITeacher:
        """Open the connection; nothing is sent yet."""
        from slava.teacher.client import OpenAITeacher

        return OpenAITeacher(
            self.url,
            settings.teacher_api_key,
            api_version=settings.teacher_api_version,
            timeout_s=timeout_s,
            honours_keys=self.honours_keys,
        )


class Desk:
    """Reads what drafting needs out of the workspace; safe to use from any thread.

    Parameters
    ----------
    embed
        What the checks compare texts with, see :func:`ui.services.checking.meaning`.
    """

    def __init__(self, store: Store, embed: Embed | None = None) -> None:
        self.store = store
        self._checking = Checking(store, lambda m: self._measurement(m, False), embed)

    def pack(self, pack_id: str) -> Pack:
        """The pack, the workspace's own copy first."""
        return load_pack(pack_id, self.store.workspace / FOLDER)

    def read(self, micrograph_id: MicrographId) -> tuple[Micrograph, Any]:
        """Record and grey values."""
        micrograph = self.store.micrographs.get_micrograph(micrograph_id)
        return micrograph, self.store.micrographs.read_grey(micrograph_id)

    def is_confidential(self, micrograph_id: MicrographId) -> bool:
        """As it stands now."""
        return self.store.micrographs.get_micrograph(micrograph_id).confidential

    def subject(
        self, micrograph_id: MicrographId, measure: bool = True, *, here: bool = False
    ) -> Subject:
        """A micrograph with its facts, measured here and now where nothing is kept.

        ``here``: what is drafted stays on this machine, so that confidential ones are read too.
        """
        from slava.imaging.measure import facts_of
        from slava.teacher.subject import Subject

        micrograph = self.store.micrographs.get_micrograph(micrograph_id)
        label = self.store.labels.get_label(micrograph_id)
        category, group = (label.label or "", label.group) if label else ("", "")
        if micrograph.confidential and not here:  # refused later; nothing is read of it
            return Subject(micrograph, (), category, group)
        measurement = self._measurement(micrograph, measure)
        facts = facts_of(micrograph, measurement)
        return Subject(micrograph, facts, category, group, *self._checking.evidence(micrograph_id))

    def subjects(self, ids: Sequence[MicrographId], measure: bool = True) -> Iterator[Subject]:
        """Several, one after the other."""
        for micrograph_id in ids:
            yield self.subject(micrograph_id, measure)

    def check(self, pack: Pack) -> Check:
        """The automatic checks of what a request brings, as a drafting job wants them."""

        def checked(pairs: Sequence[QAPair], request: Prepared) -> Flags:
            return self.flags(pairs, request.ask.micrograph_ids, pack)

        return checked

    def flags(self, pairs: Sequence[QAPair], ids: Sequence[MicrographId], pack: Pack) -> Flags:
        """What the checks hold against pairs about these micrographs, among those there are."""
        return self._checking.flags(pairs, ids, pack)

    def check_again(self, ids: Collection[MicrographId]) -> int:
        """Check pairs anew whose micrographs people have said more of; how many have changed."""
        return self._checking.again(ids)

    def index(self, ids: Sequence[MicrographId]) -> Index:
        """Labelled vectors of the built-in encoder, made here and now where they are missing."""
        from slava.retrieval.encoder import open_encoder
        from slava.retrieval.index import Index
        from slava.retrieval.view import specimen_view

        encoder = open_encoder("builtin")
        missing = set(self.store.vectors.list_missing(encoder.key)) & set(ids)
        for at in missing:
            micrograph, grey = self.read(at)
            vector = encoder.encode([specimen_view(micrograph, grey)])[0]
            self.store.vectors.record_vectors(encoder.key, {at: vector})
        matrix = self.store.vectors.load_vectors(encoder.key)
        known = {r.micrograph_id: r for r in self.store.labels.list_labelled()}
        records = [known.get(i) for i in matrix.ids]
        return Index(
            key=matrix.key,
            ids=matrix.ids,
            labels=[(r.label or "") if r else "" for r in records],
            groups=[r.group if r else "" for r in records],
            vectors=matrix.matrix,
        )

    # ------------------------------------------------------------------ jobs
    def job(
        self,
        plan: Plan,
        choice: TeacherChoice,
        teacher: Teacher,
        consent: Consent | None,
        pack: Pack,
        *,
        terms: Terms | None = None,
        job_id: JobId | None = None,
        on_change: Callable[[Drafted], None] | None = None,
    ) -> DraftingJob:
        """A job of the workspace, written down so that it can be resumed.

        Raises
        ------
        BadInput
            If the consent is not for this plan, or a cap is missing.
        """
        from slava.teacher.drafting import DraftingJob
        from slava.teacher.sent_log import SentLog

        job = DraftingJob(
            plan.requests,
            teacher,
            self.store.drafts,
            SentLog(self.store.layout.root / "logs"),
            self.read,
            choice.price(self.store),
            consent,
            is_confidential=self.is_confidential,
            check=self.check(pack),
            terms=terms,
            job_id=job_id,
            on_change=on_change,
        )
        known = len(self.store.drafts.list_requests(job_id)) if job_id else 0
        kept = {**asdict(choice), "pack": pack.id}
        cap = consent.cap_usd if consent else None
        self.store.drafts.add_job(job.id, max(known, len(plan.requests)), cap, kept)
        return job

    def batch(
        self,
        plan: Plan,
        choice: TeacherChoice,
        teacher: OpenAITeacher,
        consent: Consent | None,
        pack: Pack,
        job_id: JobId | None = None,
    ) -> BatchJob:
        """The same as one file by the Batch API; its end is recorded by whoever collects it."""
        from slava.teacher.batch import BatchJob
        from slava.teacher.sent_log import SentLog

        job = BatchJob(
            plan.requests,
            teacher,
            self.store.drafts,
            SentLog(self.store.layout.root / "logs"),
            self.read,
            choice.price(self.store),
            consent,
            is_confidential=self.is_confidential,
            check=self.check(pack),
            job_id=job_id,
        )
        cap = consent.cap_usd if consent else None
        kept = {**asdict(choice), "pack": pack.id, "batch": True}
        self.store.drafts.add_job(job.id, len(plan.requests), cap, kept)
        return job

    def record_end(self, done: Drafted) -> None:
        """Write down how a job ended."""
        status: JobStatus = "stopped"
        if done.state in ("done", "failed"):
            status = "done" if done.state == "done" else "failed"
        self.store.drafts.set_job_status(done.job_id, status, done.reason)

    def left_of(self, job_id: JobId, settings: Settings) -> tuple[TeacherChoice, Plan, Pack]:
        """What a job has not got an answer to yet, as a plan that has to be agreed to anew.

        Raises
        ------
        NotFound
            If there is no such job.
        BadInput
            If nothing is left of it.
        """
        from slava.teacher.ledger import PAID
        from slava.teacher.payload import Prepared
        from slava.teacher.plan import Plan

        kept = self.store.drafts.get_job(job_id).settings
        named = TeacherChoice.of(settings, str(kept.get("url", "")), str(kept.get("model", "")))
        choice = TeacherChoice(named.url, named.model, bool(kept.get("honours_keys")))
        left = [r for r in self.store.drafts.list_requests(job_id) if r.state not in PAID]
        if not left:
            raise BadInput(f"every request of the job {job_id} has been answered.")
        requests = tuple(Prepared.from_json(r.id, r.payload_json) for r in left)
        plan = Plan(choice.host, choice.model, requests, choice.price(self.store).known)
        return choice, plan, self.pack(str(kept.get("pack", "nanomaterials")))

    def _measurement(self, micrograph: Micrograph, measure: bool) -> Measurement | None:
        from slava.imaging.measure import METHOD_VERSION, measure_inspected

        kept = self.store.facts.get_measurement(micrograph.id, method_version=METHOD_VERSION)
        if kept is not None or not measure:
            return kept
        try:
            grey = self.store.micrographs.read_grey(micrograph.id)
            found = measure_inspected(micrograph, grey)
        except SlavaError:  # named when its picture is made
            return None
        self.store.facts.record_measurement(
            micrograph.id, found, calibration=micrograph.calibration,
            method_version=METHOD_VERSION,
        )  # fmt: skip
        return found
