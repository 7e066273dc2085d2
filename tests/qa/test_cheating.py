"""Cheats planted among honest workers are found; honest workers, however alike, are left alone."""

from random import Random

import pytest

from gateway.qa import cheating
from gateway.qa.cheating import copying, position, rhythm
from gateway.qa.observed import Finding, Observation, Observed

from .crowd import recorded

OPTIONS = ("a", "b", "c")


def honest(seed: int, *, tasks: int = 110, workers: int = 11, each: int = 6) -> list[Observation]:
    """Return a crowd whose questions differ in difficulty: honest workers share mistakes too."""
    random = Random(seed)
    skills = [random.uniform(0.6, 0.95) for _ in range(workers)]
    deeds: list[Observation] = []
    for number in range(tasks):
        truth, trap = random.sample(OPTIONS, 2)
        hard = random.random() < 0.25
        for worker in random.sample(range(workers), each):
            right = random.random() < (0.45 if hard else skills[worker])
            wrong = trap if hard else random.choice([o for o in OPTIONS if o != truth])
            answer = truth if right else wrong
            order = tuple(random.sample(OPTIONS, 3))
            deeds.append(
                Observation(
                    f"t{number}", f"w{worker:02}", answer, order.index(answer), order, number * 60.0
                )
            )
    return deeds


def who(found: list[Finding]) -> set[str]:
    return {worker for finding in found for worker in finding.workers}


def copier(deeds: list[Observation], of: str, seed: int) -> list[Observation]:
    """Return the answers of a worker who hands in another's answers, nine times of ten."""
    random = Random(seed)
    return [
        Observation(d.task, "copier", d.answer if random.random() < 0.9 else random.choice(OPTIONS))
        for d in deeds
        if d.worker == of
    ]


def weakest(deeds: list[Observation]) -> str:
    crowd = copying.AnswerAgreement(deeds, OPTIONS)
    return min(crowd.of_worker, key=lambda w: crowd.agreement(w)[0] / crowd.agreement(w)[1])


def test_a_worker_who_copies_anothers_mistakes_is_found_and_the_evidence_is_told() -> None:
    found = 0
    for seed in range(4):
        deeds = honest(seed)
        source = weakest(deeds)
        findings = copying.look(Observed([*deeds, *copier(deeds, source, seed)], OPTIONS))
        hit = [one for one in findings if {"copier", source} <= set(one.workers)]
        found += bool(hit)
        for one in hit:
            assert "same mistake" in one.sentence
            assert one.evidence["pairs"]
    assert found >= 3


def test_honest_workers_who_fall_into_the_same_traps_are_left_alone() -> None:
    assert sum(len(copying.look(Observed(honest(seed), OPTIONS))) for seed in range(5)) <= 1


def test_a_shared_payout_number_sharpens_the_eye_but_accuses_no_worker() -> None:
    deeds = honest(1)
    ties = {f"w{n:02}": {"payout": "the same"} for n in range(11)}
    assert not copying.look(Observed(deeds, OPTIONS, ties))
    source = weakest(deeds)
    pair = {source: {"payout": "x"}, "copier": {"payout": "x", "referred by": source}}
    both = [*deeds, *copier(deeds, source, 1)]
    plain, tied = (copying.look(Observed(both, OPTIONS, known)) for known in ({}, pair))
    chances = [
        min(one.chance for one in found if "copier" in one.workers) for found in (plain, tied)
    ]
    assert chances[1] <= chances[0]
    assert any("payout" in one.sentence and "referred by" in one.sentence for one in tied)


def test_answering_at_the_same_moment_is_no_finding_by_itself() -> None:
    deeds = [Observation(d.task, d.worker, d.answer, d.key, d.order, 0.0) for d in honest(2)]
    assert not cheating.findings(Observed(deeds, OPTIONS))


def pressing(keys: str, deeds: list[Observation], seed: int) -> list[Observation]:
    """Return the answers of a worker who presses `keys` over and over, whatever the menu says."""
    random = Random(seed)
    presses: list[Observation] = []
    for number, task in enumerate(dict.fromkeys(d.task for d in deeds[:420])):
        order = tuple(random.sample(OPTIONS, 3))
        key = int(keys[number % len(keys)]) - 1
        presses.append(Observation(task, "thumb", order[key], key, order))
    return presses


def test_always_the_same_key_is_found_by_position() -> None:
    deeds = honest(3)
    found = position.look(Observed([*deeds, *pressing("1", deeds, 3)], OPTIONS))
    assert who(found) == {"thumb"}
    assert found[0].evidence["key"] == 1


@pytest.mark.parametrize("keys", ["12", "123", "112233"])
def test_a_pattern_of_keys_is_found_by_its_rhythm(keys: str) -> None:
    deeds = honest(4)
    both = [*deeds, *pressing(keys, deeds, 4)]
    assert who(rhythm.look(Observed(both, OPTIONS))) == {"thumb"}


def test_a_worker_who_reads_the_questions_is_no_cheat_even_if_they_come_in_order() -> None:
    """All "a" first, then all "b": the keys of a careful worker follow the questions."""
    deeds = [
        Observation(f"t{n}", f"w{w}", "ab"[n // 40], n // 40, ("a", "b"))
        for n in range(80)
        for w in range(4)
    ]
    assert not cheating.findings(Observed(deeds, ("a", "b")))


def test_a_recorded_crowd_is_not_full_of_cheats() -> None:
    rows, _ = recorded("rte150")
    found = cheating.findings(Observed([Observation(*row) for row in rows], ["0", "1"]))
    assert len(who(found)) <= 4


def test_no_answers_no_findings() -> None:
    assert cheating.findings(Observed([], OPTIONS)) == []
