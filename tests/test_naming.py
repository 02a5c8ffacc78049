"""Names of one person in two spellings, and of two persons in one."""

import pytest

from consular import naming

SAME = [
    (("محمد", "الأحمد"), ("Mohammed", "Al-Ahmad")),
    (("خالد", "يوسف"), ("Khalid", "Yusuf")),
    (("Abdullah", "Saleh"), ("عبد الله", "صالح")),
    (("Сергей", "Щербаков"), ("Sergej", "Schtscherbakow")),
    (("Мария", "Иванова"), ("Maria", "Ivanova")),
    (("小明", "王"), ("Xiaoming", "Wang")),
    (("민수", "김"), ("Min-su", "Kim")),
    (("Łukasz", "Żak"), ("Lukasz", "Zak")),
    (("Jürgen", "Weiß"), ("Jurgen", "Weiss")),
    (("Ana María", "Peña Ruiz"), ("Ana", "Pena")),
    (("Wang", "Xiaoming"), ("Xiaoming", "Wang")),
    (("John", "Smith"), ("Jon", "Smyth")),
]
OTHERS = [
    (("John", "Smith"), ("James", "Smith")),
    (("Maria", "Silva"), ("Marta", "Silva")),
    (("Ahmad", "Hassan"), ("Ahmad", "Hamdan")),
    (("Li", "Wang"), ("Lei", "Zhang")),
    (("Anna", "Novak"), ("Hana", "Novakova")),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_spellings_of_one_name_are_alike_and_share_a_key(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    found = naming.alike(one, two)
    assert min(found.given, found.family) >= 0.88, found
    assert naming.keys(*one) & naming.keys(*two)


@pytest.mark.parametrize(("one", "two"), OTHERS)
def test_names_of_two_people_are_less_alike(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    found = naming.alike(one, two)
    assert min(found.given, found.family) < naming.LIKE, found


def test_likeness_does_not_ask_who_is_first() -> None:
    for one, two in SAME + OTHERS:
        assert naming.alike(one, two) == naming.alike(two, one)


def test_names_without_letters_are_nobody_s() -> None:
    assert naming.keys("", " ") == frozenset()
    assert naming.alike(("", ""), ("Ada", "")).given == 0
