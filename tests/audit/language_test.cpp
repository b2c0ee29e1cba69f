// Languages by function words alone: what they say is checked against the labels of docs/data-audit.md's sentences by
// tools/bench/audit/accuracy.py; here, that they are silent where they must be. The texts are article 1 of the
// Universal Declaration of Human Rights.
#include <string>

#include "audit/function_words.hpp"
#include "audit/language.hpp"
#include "support/test.hpp"

namespace {

using forgelm::audit::language_by_function_words;
using forgelm::audit::language_of;

constexpr const char* kEnglish =
    "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and "
    "should act towards one another in a spirit of brotherhood.";

TEST_CASE("function words name a language that they leave no doubt about") {
  CHECK(language_by_function_words(kEnglish) == "en");
  CHECK(
      language_by_function_words("Alle Menschen sind frei und gleich an W\xC3\xBCrde und Rechten geboren. Sie sind mit "
                                 "Vernunft und Gewissen begabt und sollen einander im Geist der Br\xC3\xBC"
                                 "derlichkeit begegnen.") == "de");
}

TEST_CASE("function words say nothing of neighbours, of what is short, mixed or code") {
  CHECK(language_by_function_words(
            "Alle menslike wesens word vry, met gelyke waardigheid en regte, gebore. Hulle het rede "
            "en gewete en behoort in die gees van broederskap teenoor mekaar op te tree.")
            .empty());
  CHECK(language_by_function_words(
            "Tots els \xC3\xA9ssers humans neixen lliures i iguals en dignitat i en drets. S\xC3\xB3n "
            "dotats de ra\xC3\xB3 i de consci\xC3\xA8ncia, i han de comportar-se fraternalment els "
            "uns amb els altres.")
            .empty());
  CHECK(language_by_function_words("T\xC3\xB3"
                                   "dolos seres humanos nacen libres e iguais en dignidade e dereitos e, dotados como "
                                   "est\xC3\xA1n de raz\xC3\xB3n e conciencia, d\xC3\xAD"
                                   "bense comportar fraternalmente uns cos outros.")
            .empty());
  CHECK(language_by_function_words("They are endowed with reason").empty());
  CHECK(language_by_function_words(std::string(kEnglish) +
                                   " Alle Menschen sind frei und gleich geboren. Sie sind mit Vernunft und Gewissen "
                                   "begabt und sollen einander im Geist begegnen.")
            .empty());
  CHECK(language_by_function_words(
            "for (int i = 0; i < size; ++i) { if (values[i] == other) return as_pair(i, values); } "
            "else { const auto found = find(values, with); is_in = found != end(values); }")
            .empty());
}

TEST_CASE("what function words do not name is asked of CLD2") {
  CHECK(language_of(kEnglish) == "en");
  CHECK(language_of(
            "\xD0\x92\xD1\x81\xD0\xB5 \xD0\xBB\xD1\x8E\xD0\xB4\xD0\xB8 \xD1\x80\xD0\xBE\xD0\xB6\xD0\xB4\xD0\xB0\xD1"
            "\x8E\xD1\x82\xD1\x81\xD1\x8F \xD1\x81\xD0\xB2\xD0\xBE\xD0\xB1\xD0\xBE\xD0\xB4\xD0\xBD\xD1\x8B\xD0\xBC"
            "\xD0\xB8 \xD0\xB8 \xD1\x80\xD0\xB0\xD0\xB2\xD0\xBD\xD1\x8B\xD0\xBC\xD0\xB8.") == "ru");
  CHECK(language_of("short") == "unknown");
}

}  // namespace
