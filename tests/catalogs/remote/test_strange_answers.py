"""Answers that no honest server gives: each is one line, of a length to be read, and never a traceback."""

import pytest
from candlesql.catalogs import hats_layout, web
from candlesql.catalogs.remote.address import place_of
from candlesql.catalogs.remote.objects import Objects
from candlesql.errors import UserError

pytest.importorskip("requests")

OTHER_PARTS = "other parts of the file than it is asked for"
NO_ADDRESS = "sends to what is no address; the archive is not to be trusted"


def told(store, scheme, fault):
    """What is said of a file at an address that holds secrets, when the server answers so."""
    store.bad["stars.parquet"] = fault
    secret = f"{store.url.replace('//', '//me:pass@')}/bucket/stars.parquet?X-Amz-Signature=abcdef"
    with pytest.raises(UserError) as error:
        Objects().version(place_of(secret if scheme == "http" else "s3://bucket/stars.parquet"))
    said = str(error.value)
    assert len(said.splitlines()) == 1
    assert len(said) < 300
    assert not any(word in said for word in ("abcdef", "pass@", "\x1b"))
    return said


def size(text):
    return f"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\nContent-Range: bytes {text}\r\n\r\nx"


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize("text", ["0-0/" + 5000 * "9", "0-0/\xb2", 5000 * "0" + "-0/10", "0-0/-5", "0-0/1e3"])
def test_a_size_that_is_no_number(store, scheme, text):
    assert OTHER_PARTS in told(store, scheme, size(text))


@pytest.mark.parametrize("said", ["?X-Amz-Signature=abcdef", "me:pass@", 60_000 * "n", "\x1b[31mred"])
def test_the_words_of_a_server_are_not_repeated(store, said):
    answer = f"HTTP/1.1 403 {said}\r\nContent-Length: 0\r\n\r\n"
    assert told(store, "http", answer).endswith("access is refused: the server says 403 Forbidden")


@pytest.mark.parametrize("scheme", ["http", "s3"])
@pytest.mark.parametrize(
    "after", ["nan", "-5", "Fri, 31 Dec 99999999999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 -9999"]
)
def test_a_pause_that_is_none(store, scheme, after, monkeypatch):
    waits = []
    monkeypatch.setattr(web.time, "sleep", waits.append)
    answer = f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n"
    assert "says 503" in told(store, scheme, answer)
    assert len(waits) == len(web.PAUSES)
    assert all(0 <= wait <= web.LONGEST_PAUSE for wait in waits)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("http://[bad/", NO_ADDRESS),
        ("http://a..b/x", NO_ADDRESS),
        (f"http://{70 * 'a'}.com/", NO_ADDRESS),
        ("http://\xff\xfe/", NO_ADDRESS),
        ("http://127.0.0.1:99999/x", NO_ADDRESS),
        ("//169.254.169.254/x", "is a private address"),
        ("http://0x7f000002/x", "is a private address"),
        ("http://[::ffff:127.0.0.1]:1/", "is a private address"),
        ("http://0.0.0.0:1/", "is a private address"),
        ("ftp://example.org/x", "is no web address"),
        ("data:text/html,x", "is no web address"),
    ],
)
def test_redirects_to_no_place(store, to, said):
    assert said in told(store, "http", f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n")


@pytest.mark.parametrize(
    "text", ["HELLO\r\n\r\n", "", "204 No Content\r\n\r\n", "999 what\r\nContent-Length: 0\r\n\r\n"]
)
@pytest.mark.parametrize("scheme", ["http", "s3"])
def test_no_answer_at_all(store, scheme, text):
    told(store, scheme, f"HTTP/1.1 {text}")


@pytest.mark.parametrize(("rows", "said"), [("4", 4), ("\xb2", None), (5000 * "9", None), ("-4", None), ("", None)])
def test_rows_that_a_catalog_promises(rows, said):
    assert hats_layout.promised_rows({"hats_nrows": rows}) == said
