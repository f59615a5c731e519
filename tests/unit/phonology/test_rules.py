import pytest

from pipeline.phonology import explain, ipa_of, list_rules, pronounce

RULES = [card for card in list_rules() if card.examples]
EXAMPLES = [(card.name, spelling, said) for card in RULES for spelling, said in card.examples]


def test_every_function_rule_has_an_article_a_summary_and_examples() -> None:
    for card in RULES:
        assert card.article
        assert card.summary.endswith(".")
    assert len(RULES) >= 20


@pytest.mark.parametrize(("rule", "spelling", "said"), EXAMPLES)
def test_an_example_is_pronounced_as_its_rule_says(rule: str, spelling: str, said: str) -> None:
    assert ipa_of(pronounce(spelling)) == ipa_of(said)


@pytest.mark.parametrize("rule", [card.name for card in RULES])
def test_a_rule_fires_on_its_own_examples(rule: str) -> None:
    card = next(card for card in RULES if card.name == rule)
    fired = {f.rule.name for spelling, _ in card.examples for f in explain(spelling).fired}
    assert rule in fired
