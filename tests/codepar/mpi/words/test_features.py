"""What is seen of a place."""

from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.outline import outlines
from codepar.mpi.sites import site_texts
from codepar.mpi.words.features import features_of
from codepar.protocols import SiteText
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """int main(int argc, char **argv)
{
  int myRank;
  double t = 0.0/* mpi: double */;
  MPI_Status status;
  if (myRank == 0) {
    printf("%d\\n", 12);
  }
  return 0;
}
"""


def seen():
    found = outlines(parse(PROGRAM, Language.C))
    [text] = site_texts(found)
    features = features_of(text)
    names = ["hole" if site.hole is not None else found[0].lines[site.line].strip() for site in found[0].sites]
    return features.shared, dict(zip(names, features.sites, strict=True))


def test_names_are_parted_and_numbers_and_strings_are_alike():
    shared, sites = seen()
    before_print = sites['printf("%d\\n", 12);']
    assert {"n:printf", 'n:"', "n:#", "b:if", "b:rank", "B:if ( myrank == 0 )"} <= before_print
    assert {"g:rank", "s:main", "d:MPI_Status"} <= shared
    assert "d:MPI_StatusTrue" in before_print
    assert "d:MPI_StatusFalse" in sites["return 0;"]


def test_a_hole_is_told_from_a_place_between_statements():
    _, sites = seen()
    assert {"HOLE", "h:double", "Hp:rank"} <= sites["hole"]
    assert "HOLE" not in sites["return 0;"]
    assert {"RETM", "p:}"} <= sites["return 0;"]


def test_a_variable_that_waits_for_its_value_is_seen_where_it_waits():
    _, sites = seen()
    assert {"U0!:rank", "U0!:int"} <= sites["if (myRank == 0)"]
    assert not any(name.startswith("U") for name in sites["return 0;"])


def test_layout_and_unknown_text_do_not_matter_to_being_read():
    assert features_of(SiteText(pieces=("\n",), sites=((0, 0),))).sites


@given(st.lists(st.text(alphabet="ab01{}()[]=+-*/%;\"'&,. \\", max_size=12), min_size=1, max_size=6))
def test_any_lines_are_read(lines):
    pieces = tuple(f"{line}\n" for line in lines)
    sites = tuple((max(number - 1, 0), number) for number in range(len(lines)))
    assert len(features_of(SiteText(pieces=pieces, sites=sites)).sites) == len(lines)
