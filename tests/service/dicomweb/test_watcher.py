"""What a watcher does when archive and service fail, restart or change; both in memory."""

from datetime import UTC, date, datetime

import httpx2
import pytest

from service.api.problems import PROBLEMS
from service.api.schemas import ModelAnswer
from service.api.transport.multipart_related import multipart_related, split_related
from service.client.interface import PredictionError
from service.dicom.uids import series_uid
from service.dicomweb.archive import Archive, ArchiveError, PhotographUids
from service.dicomweb.watcher import REFUSALS, Watcher
from tests.service.preprocessing.dicom_objects import PHOTOGRAPHY_8_BIT

NAME = "MARKED^Name"


class Pacs:
    """An archive in memory that says what is asked of it."""

    def __init__(self, photographs=3):
        self.photographs = [f"1.2.{number}" for number in range(photographs)]
        self.stored: list[tuple[str, ...]] = []
        self.broken: dict[str, int] = {}
        self.queries: list[dict[str, str]] = []
        self.knows_offset = True

    def __call__(self, request):
        verb = self.verb(request)
        if self.broken.get(verb):
            self.broken[verb] -= 1
            return httpx2.Response(500, text=f"cannot {verb} {NAME}")
        return getattr(self, verb)(request)

    @staticmethod
    def verb(request):
        if request.method == "POST":
            return "store"
        path = request.url.path
        return "series" if path.endswith("/series") else "find" if path == "/web/instances" else "fetch"

    def find(self, request):
        query = dict(request.url.params)
        self.queries.append(query)
        if query["SOPClassUID"] != PHOTOGRAPHY_8_BIT:
            return httpx2.Response(204)
        begin = int(query["offset"]) if self.knows_offset else 0
        return httpx2.Response(200, json=[self.row(each) for each in self.photographs[begin : begin + 100]])

    @staticmethod
    def row(uid):
        tags = {"0020000D": "9.1", "0020000E": "9.2", "00080018": uid, "00100010": NAME}
        return {tag: {"vr": "UI", "Value": [value]} for tag, value in tags.items()}

    def series(self, request):
        wanted = request.url.params["SeriesInstanceUID"]
        return httpx2.Response(200, json=[{}] if wanted in {series for series, _ in self.stored} else [])

    def fetch(self, request):
        uid = request.url.path.removeprefix("/web/studies/9.1/series/9.2/instances/")
        assert uid in self.photographs
        media_type, body = multipart_related({"photograph": uid.encode()})
        return httpx2.Response(200, headers={"Content-Type": media_type}, content=body)

    def store(self, request):
        assert request.url.path == "/web/studies/9.1"
        objects = split_related(request.headers["Content-Type"], request.content)
        self.stored += [tuple(content.decode().split()) for content in objects.values()]
        return httpx2.Response(200, json={"00081198": {"vr": "SQ"}, "00081199": {"vr": "SQ"}})


class Service:
    """A service that makes objects of which the first word is their series."""

    def __init__(self):
        self.version = "1"
        self.failures = 0
        self.code = "internal-error"
        self.asked: list[str] = []

    def models(self):
        return [ModelAnswer(name="tiny", version=self.version)]

    def predict_dicom(self, photograph, *, heatmap, model):
        self.asked.append(photograph.decode())
        if self.failures:
            self.failures -= 1
            raise PredictionError(self.code, "It failed.")
        uid = photograph.decode()
        return {
            kind: f"{series_uid(uid, kind, model, self.version)} {uid}".encode()
            for kind in ("report", "overlay")
        }


@pytest.fixture
def pacs():
    return Pacs()


@pytest.fixture
def service():
    return Service()


def archive_of(pacs):
    http = httpx2.Client(transport=httpx2.MockTransport(pacs))
    return Archive(http, qido="http://pacs/web/", wado="http://pacs/web", stow="http://pacs/web")


def watch(pacs, service, days=7, interval=10, **options):
    return Watcher(archive_of(pacs), service, days=days, interval=interval, **options)


def count(watcher, name, **labels):
    return watcher.metrics.registry.get_sample_value(f"resynthdetect_dicomweb_{name}", labels)


def test_each_photograph_is_scored_once(pacs, service, events):
    watcher = watch(pacs, service)
    assert watcher.round()
    assert watcher.round()
    assert service.asked == pacs.photographs
    assert [uid for _, uid in pacs.stored] == [uid for uid in pacs.photographs for _ in range(2)]
    assert count(watcher, "stored_total") == 3
    assert [event["done"] for event in events if event["event"] == "progress"] == [1, 2, 3]


def test_a_restart_recognises_what_the_archive_holds(pacs, service):
    watch(pacs, service).round()
    pacs.photographs.append("1.2.99")
    again = watch(pacs, service)
    assert again.round()
    assert service.asked == pacs.photographs
    assert (count(again, "known_total"), count(again, "stored_total")) == (3, 1)


def test_another_version_of_the_model_scores_again(pacs, service):
    watcher = watch(pacs, service)
    watcher.round()
    service.version = "2"
    assert watcher.round()
    assert service.asked == pacs.photographs * 2


def test_a_failure_is_told_and_repeated_later_and_later(pacs, service, events):
    now = [0.0]
    pacs.photographs = ["1.2.0"]
    service.failures = 3
    watcher = watch(pacs, service, clock=lambda: now[0])
    tried: list[int] = []
    for second in range(0, 100, 5):
        now[0] = second
        before = len(service.asked)
        watcher.round()
        tried += [second] * (len(service.asked) - before)
    assert tried == [0, 10, 30, 70]
    told = [event for event in events if event["event"] == "failed"]
    assert [(each["step"], each["attempts"], each["retry_seconds"]) for each in told] == [
        ("predict", 1, 10),
        ("predict", 2, 20),
        ("predict", 3, 40),
    ]
    assert (count(watcher, "failures_total", step="predict"), count(watcher, "waiting")) == (3, 0)


@pytest.mark.parametrize(
    ("code", "refused"), [("no-field-of-view", 1), ("image-too-large", 0), ("unreachable", 0)]
)
def test_a_photograph_that_is_refused_does_not_wait(pacs, service, code, refused):
    now = [0.0]
    service.failures, service.code = 1, code
    watcher = watch(pacs, service, clock=lambda: now[0])
    assert not watcher.round()
    assert (count(watcher, "refused"), count(watcher, "waiting")) == (refused, 1 - refused)
    # It is tried again all the same, and no failure of another kind makes it wait.
    now[0] = 10
    pacs.broken["fetch"] = 1
    assert not watcher.round()
    assert (count(watcher, "refused"), count(watcher, "waiting")) == (refused, 1 - refused)
    now[0] = 30
    assert watcher.round()
    assert (count(watcher, "refused"), count(watcher, "waiting")) == (0, 0)


def test_refusals_are_problems_of_the_service():
    assert set(REFUSALS) <= set(PROBLEMS)


@pytest.mark.parametrize(("verb", "step"), [("series", "query"), ("fetch", "fetch"), ("store", "store")])
def test_one_photograph_that_fails_delays_no_other(pacs, service, events, verb, step):
    pacs.broken[verb] = 1
    now = [0.0]
    watcher = watch(pacs, service, clock=lambda: now[0])
    assert not watcher.round()
    assert {uid for _, uid in pacs.stored} == set(pacs.photographs[1:])
    assert (count(watcher, "failures_total", step=step), count(watcher, "waiting")) == (1, 1)
    now[0] = 10
    assert watcher.round()
    assert {uid for _, uid in pacs.stored} == set(pacs.photographs)
    assert NAME not in str(events)


def test_results_without_their_report_are_stored_again(pacs, service):
    """A crash between the two, or an archive that refuses the second."""
    pacs.photographs = ["1.2.0"]
    take = pacs.store
    asked = []

    def store(request):
        asked.append(request)
        return take(request) if len(asked) != 2 else httpx2.Response(409)

    pacs.store = store
    watch(pacs, service).round()
    assert len(pacs.stored) == 1
    assert watch(pacs, service).round()
    assert len({series for series, _ in pacs.stored}) == 2


@pytest.mark.parametrize(
    "answer",
    [httpx2.Response(202, json={}), httpx2.Response(200, json={"00081198": {"vr": "SQ", "Value": [{}]}})],
)
def test_objects_that_were_not_taken_are_a_failure(pacs, service, answer):
    pacs.store = lambda _: answer
    watcher = watch(pacs, service)
    assert not watcher.round()
    assert count(watcher, "failures_total", step="store") == 3


def test_an_archive_that_does_not_answer_is_told(pacs, service, events):
    pacs.broken["find"] = 1
    watcher = watch(pacs, service)
    assert not watcher.round()
    assert service.asked == []
    (told,) = [event for event in events if event["event"] == "round failed"]
    assert told["reason"] == "GET was answered with status 500"
    assert watcher.round()


def test_a_page_that_asks_to_log_in_stores_nothing(pacs, service):
    pacs.store = lambda request: httpx2.Response(200, html="<title>Log in</title>")
    watcher = watch(pacs, service)
    assert not watcher.round()
    assert (count(watcher, "stored_total"), count(watcher, "waiting")) == (0, len(pacs.photographs))


def test_a_model_that_is_not_served_is_told(pacs, service, events):
    assert not watch(pacs, service, model="other").round()
    assert "The service has no model other." in {event.get("reason") for event in events}


def test_it_stops_between_two_photographs(pacs, service):
    assert not watch(pacs, service).round(lambda: bool(service.asked))
    assert len(service.asked) == 1


@pytest.mark.parametrize("knows_offset", [True, False])
def test_all_pages_are_read(pacs, knows_offset):
    pacs.photographs = [f"1.2.{number}" for number in range(250 if knows_offset else 100)]
    pacs.knows_offset = knows_offset
    found, invalid = archive_of(pacs).photographs(date(2026, 11, 3))
    assert (sorted(each.instance for each in found), invalid) == (sorted(pacs.photographs), 0)
    assert {query["StudyDate"] for query in pacs.queries} == {"20261103-"}


def test_the_days_to_look_at_are_counted_from_today(pacs, service):
    watch(pacs, service, days=1).round()
    begin = datetime.strptime(pacs.queries[0]["StudyDate"], "%Y%m%d-").replace(tzinfo=UTC)
    assert 0.9 <= (datetime.now(UTC) - begin).total_seconds() / 86400 <= 2.1


@pytest.mark.parametrize(
    "found",
    [
        "text",
        {"00080018": {"vr": "UI"}},
        *({"00080018": {"Value": [uid]}} for uid in ("", "../../../etc", "..", "1.2.3/", "1" * 65)),
    ],
)
def test_what_has_no_uid_is_told_and_delays_no_other(pacs, service, events, found):
    others = list(pacs.photographs)
    pacs.photographs.insert(1, "another")
    row = {**Pacs.row("1.2.99"), **found} if isinstance(found, dict) else found
    pacs.row = lambda uid: row if uid == "another" else Pacs.row(uid)
    watcher = watch(pacs, service)
    assert not watcher.round()
    assert not watcher.round()
    assert service.asked == others
    assert (count(watcher, "refused"), count(watcher, "waiting")) == (1, 0)
    assert [event["photographs"] for event in events if event["event"] == "skipped"] == [1]
    pacs.photographs.remove("another")
    assert watcher.round()
    assert count(watcher, "refused") == 0


def test_an_answer_of_another_kind_is_an_error(pacs):
    pacs.fetch = lambda _: httpx2.Response(200, json={})
    with pytest.raises(ArchiveError, match="one object"):
        archive_of(pacs).fetch(PhotographUids("9.1", "9.2", "1.2.0"))
    pacs.find = lambda _: httpx2.Response(200, text="<html>")
    with pytest.raises(ArchiveError, match="with a list"):
        archive_of(pacs).photographs(date(2026, 11, 3))
