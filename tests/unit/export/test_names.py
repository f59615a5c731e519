import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.errors import HandOffBroken
from pipeline.export.names import audio_name, check_split


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_id_leads_out_of_the_folder(utterance_id):
    name = audio_name(utterance_id, suffix="wav")
    assert re.fullmatch(r"audio/[0-9a-f]{2}/[0-9A-Za-z가-힣_-]*-[0-9a-f]{20}\.wav", name)
    assert ".." not in PurePosixPath(name).parts
    assert len(PurePosixPath(name).name.encode()) <= 255


def test_ids_that_look_alike_have_names_of_their_own():
    ids = [
        "kss/1/a",
        "kss/1/A",
        "kss/2/a",
        "kss/1/a ",
        "kss/1/a?",
        "kss/1/\u1100\u1161",
        "kss/1/가",
        "가" * 300,
    ]
    names = {audio_name(utterance_id, suffix="wav").lower() for utterance_id in ids}
    assert len(names) == len(ids)


@pytest.mark.parametrize("split", ["../train", "", ".", "a/b", "train\n", "한국", "x" * 65, "con.json"])
def test_a_split_that_is_no_plain_name_is_refused(split):
    with pytest.raises(HandOffBroken, match="cannot be a file's name"):
        check_split(split)


def test_a_plain_split_is_kept():
    assert check_split("train") == "train"
