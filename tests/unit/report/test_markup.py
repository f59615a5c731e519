from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.markup import Markup, escape, join, tag, value


class Reader(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufff9\ufffa\ufffb"))


@given(TEXT)
def test_text_comes_out_as_it_went_in(text):
    reader = Reader(tag("p", text))
    assert reader.elements == [("p", {})]
    assert "".join(reader.texts) == text


@given(TEXT)
def test_so_does_an_attribute(text):
    assert Reader(tag("p", class_=text)).elements == [("p", {"class": text})]


def test_markup_is_not_escaped_twice():
    assert tag("p", tag("b", "&")) == "<p><b>&amp;</b></p>"
    assert join(["<", Markup("<br>")], ", ") == "&lt;, <br>"


def test_control_characters_become_visible():
    assert escape("a\x00b\x1b\x7f\n") == "a␀b␛␡\n"
    assert escape("\ufeff\x85") == "\ufffd\ufffd"


def test_what_is_none_is_left_out_and_underscores_are_dashes():
    assert tag("svg", aria_label="x", viewBox="0 0 1 1", width=None) == (
        '<svg aria-label="x" viewBox="0 0 1 1"></svg>'
    )
    assert tag("rect", x=1.5) == '<rect x="1.5"/>'
    assert tag("meta", name="a") == '<meta name="a">'


def test_a_long_value_is_cut_and_keeps_its_direction_to_itself():
    assert value("가" * 401) == f"<bdi>{'가' * 400}…</bdi>"
